using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Mcp.Tools;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Chancery.Server.Mcp.Telemetry;

/// <summary>
/// A span and a figure for each request of the protocol, by the OpenTelemetry conventions. Methods and tools that there are not go by
/// no name of a caller's. Safe for concurrent use.
/// </summary>
internal sealed class McpTelemetry
{
    public const string Name = "Chancery.Mcp";

    private const string ToolError = "tool_error";

    private static readonly ActivitySource Spans = new(Name);

    private static readonly HashSet<string> Methods =
    [
        RequestMethods.Initialize,
        RequestMethods.ServerDiscover,
        RequestMethods.Ping,
        RequestMethods.ToolsList,
        RequestMethods.ToolsCall,
        RequestMethods.ResourcesList,
        RequestMethods.ResourcesRead,
        RequestMethods.ResourcesTemplatesList,
    ];

    private readonly HashSet<string> _tools;
    private readonly Histogram<double> _duration;
    private readonly TimeProvider _time;

    public McpTelemetry(IEnumerable<RouteTool> tools, IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _tools = [.. tools.Select(tool => tool.Facts.Name)];
        _duration = meters
            .Create(Name)
            .CreateHistogram(
                GenAI.McpServerDuration,
                "s",
                "How long requests of the Model Context Protocol took.",
                advice: new InstrumentAdvice<double>
                {
                    HistogramBucketBoundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300],
                }
            );
    }

    public McpMessageHandler Measured(McpMessageHandler next) =>
        async (message, cancellationToken) =>
        {
            if (message.JsonRpcMessage is not JsonRpcRequest request)
            {
                await next(message, cancellationToken);
                return;
            }

            var method = Methods.Contains(request.Method) ? request.Method : GenAI.OtherError;
            var tool =
                method == RequestMethods.ToolsCall
                && request.Params?["name"]?.GetValueKind() == System.Text.Json.JsonValueKind.String
                && request.Params["name"]!.GetValue<string>() is var named
                && _tools.Contains(named)
                    ? named
                    : null;
            var tags = new TagList { { GenAI.McpMethod, method } };
            if (tool is not null)
            {
                tags.Add(GenAI.ToolName, tool);
                tags.Add(GenAI.OperationName, GenAI.Operations.ExecuteTool);
            }

            using var span = Spans.StartActivity(
                tool is null ? method : $"{method} {tool}",
                ActivityKind.Server,
                default(ActivityContext),
                tags
            );
            span?.SetTag(GenAI.JsonRpcRequestId, request.Id.ToString());
            if (message.JsonRpcMessage.Context?.ProtocolVersion is { } version)
            {
                span?.SetTag(GenAI.McpProtocolVersion, version);
            }

            var started = _time.GetTimestamp();
            string? error = null;
            try
            {
                await next(message, cancellationToken);
                error = message.Items.TryGetValue(Name, out var noted) ? noted as string : null;
            }
            catch (Exception exception)
            {
                error = exception is McpProtocolException protocol
                    ? ((int)protocol.ErrorCode).ToString(CultureInfo.InvariantCulture)
                    : exception.GetType().Name;
                throw;
            }
            finally
            {
                if (error is not null)
                {
                    tags.Add(GenAI.ErrorType, error);
                    span?.SetTag(GenAI.ErrorType, error);
                    span?.SetStatus(ActivityStatusCode.Error);
                }

                _duration.Record(_time.GetElapsedTime(started).TotalSeconds, tags);
            }
        };

    /// <summary>Notes that a tool answered with an error, which the protocol counts as success.</summary>
    public static McpRequestHandler<CallToolRequestParams, CallToolResult> Noted(
        McpRequestHandler<CallToolRequestParams, CallToolResult> next
    ) =>
        async (request, cancellationToken) =>
        {
            var result = await next(request, cancellationToken);
            if (result.IsError == true)
            {
                request.Items[Name] = ToolError;
            }

            return result;
        };
}
