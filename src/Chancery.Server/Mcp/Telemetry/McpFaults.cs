using System.Diagnostics;
using System.Text.Json;
using Chancery.Server.Mcp.Tools;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Chancery.Server.Mcp.Telemetry;

/// <summary>Tells mistakes of clients from faults of ours: those are answered in words, these are logged. Safe for concurrent use.</summary>
internal sealed class McpFaults(ILogger<McpFaults> logger)
{
    public McpMessageHandler OfRequests(McpMessageHandler next) =>
        async (message, cancellationToken) =>
        {
            try
            {
                await next(message, cancellationToken);
            }
            catch (JsonException)
            {
                // What the protocol's types cannot be read from. Routes read theirs themselves.
                throw new McpProtocolException(
                    "The parameters are not what the protocol has for this method: params is an object, a name a text, arguments an object.",
                    McpErrorCode.InvalidParams
                );
            }
            catch (Exception fault) when (IsOurs(fault))
            {
                Log.RequestFailed(logger, fault);
                throw;
            }
        };

    public McpRequestHandler<CallToolRequestParams, CallToolResult> OfTools(
        McpRequestHandler<CallToolRequestParams, CallToolResult> next
    ) =>
        async (request, cancellationToken) =>
        {
            try
            {
                return await next(request, cancellationToken);
            }
            catch (Exception fault) when (IsOurs(fault))
            {
                Log.ToolFailed(logger, fault, request.MatchedPrimitive?.Id ?? "");
                return ToolAnswer.Error(
                    $"Something went wrong here. It is not your fault. Try again; if it stays, give the operator this: {Activity.Current?.TraceId.ToHexString()}"
                );
            }
        };

    private static bool IsOurs(Exception fault) => fault is not (OperationCanceledException or McpException);
}

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Error, Message = "A request of the Model Context Protocol failed")]
    public static partial void RequestFailed(ILogger logger, Exception fault);

    [LoggerMessage(Level = LogLevel.Error, Message = "The tool {Tool} failed")]
    public static partial void ToolFailed(ILogger logger, Exception fault, string tool);
}
