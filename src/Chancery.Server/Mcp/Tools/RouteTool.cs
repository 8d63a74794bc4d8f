using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Mcp.Calling;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Chancery.Server.Mcp.Tools;

/// <summary>What is told of a tool.</summary>
/// <param name="Permission">What its route takes.</param>
/// <param name="Input">A JSON schema of an object.</param>
/// <param name="Output">The same for what it answers.</param>
internal sealed record ToolFacts(
    string Name,
    string Title,
    string Description,
    string Permission,
    string Input,
    string Output
)
{
    /// <summary>Whether it changes nothing.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether the same call again changes nothing more.</summary>
    public bool IsIdempotent { get; init; }
}

/// <summary>A tool that does what routes of the API do, with the caller's rights, limits and record.</summary>
internal abstract class RouteTool : McpServerTool
{
    private readonly RouteCalls _calls;
    private readonly IHttpContextAccessor _requests;
    private readonly HashSet<string> _known;

    protected RouteTool(ToolFacts facts, RouteCalls calls, IHttpContextAccessor requests)
    {
        (Facts, _calls, _requests) = (facts, calls, requests);
        var input = JsonSerializer.Deserialize<JsonElement>(facts.Input);
        _known = [.. input.GetProperty("properties").EnumerateObject().Select(property => property.Name)];
        ProtocolTool = new Tool
        {
            Name = facts.Name,
            Title = facts.Title,
            Description = facts.Description,
            InputSchema = input,
            OutputSchema = JsonSerializer.Deserialize<JsonElement>(facts.Output),
            Annotations = new ToolAnnotations
            {
                Title = facts.Title,
                ReadOnlyHint = facts.IsReadOnly,
                IdempotentHint = facts.IsReadOnly || facts.IsIdempotent,
                // Nothing that a tool does takes something away: a change of a contract is one more revision.
                DestructiveHint = false,
                OpenWorldHint = false,
            },
        };
    }

    public ToolFacts Facts { get; }

    public override Tool ProtocolTool { get; }

    public override IReadOnlyList<object> Metadata => [];

    public override async ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        var arguments = new JsonObject();
        foreach (var (name, value) in request.Params?.Arguments ?? new Dictionary<string, JsonElement>())
        {
            if (!_known.Contains(name))
            {
                return ToolAnswer.Error($"There is no argument {name}. The arguments are {string.Join(", ", _known)}.");
            }

            if (value.ValueKind != JsonValueKind.Null)
            {
                arguments[name] = JsonSerializer.SerializeToNode(value);
            }
        }

        var http = _requests.HttpContext ?? throw new InvalidOperationException("Tools are called by requests only.");
        return await RunAsync(new ToolCall(arguments, http, _calls, request, cancellationToken));
    }

    protected abstract Task<CallToolResult> RunAsync(ToolCall call);
}

/// <summary>One call of a tool.</summary>
/// <param name="Arguments">Those that are known; of any kind, since the routes check them.</param>
internal sealed record ToolCall(
    JsonObject Arguments,
    HttpContext Http,
    RouteCalls Calls,
    RequestContext<CallToolRequestParams> Request,
    CancellationToken Cancellation
)
{
    private double _told;

    /// <summary>An argument that stands in a path: an id. Null, with what to say, where it is none.</summary>
    public string? IdOf(string argument, out CallToolResult? wrong)
    {
        var id = Arguments[argument] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        var isId = Guid.TryParseExact(id, "D", out var parsed);
        wrong = isId ? null : ToolAnswer.Error($"{argument} must be an id such as {Guid.Empty}.");
        return isId ? parsed.ToString() : null;
    }

    /// <summary>A whole number from 1; <paramref name="otherwise"/> where it is left out. Null, with what to say, where it is none.</summary>
    public int? NumberOf(string argument, int otherwise, int most, out CallToolResult? wrong)
    {
        wrong = null;
        if (Arguments[argument] is not { } given)
        {
            return otherwise;
        }

        if (given is JsonValue value && value.TryGetValue<int>(out var number) && number >= 1 && number <= most)
        {
            return number;
        }

        wrong = ToolAnswer.Error($"{argument} must be a whole number from 1 to {most}.");
        return null;
    }

    /// <summary>The arguments of these names as a query, without those that were left out. Null, with what to say, where one is no text.</summary>
    public QueryString? QueryOf(ReadOnlySpan<string> arguments, out CallToolResult? wrong)
    {
        wrong = null;
        var query = QueryString.Empty;
        foreach (var argument in arguments)
        {
            if (Arguments[argument] is not { } given)
            {
                continue;
            }

            if (given is not JsonValue value || !value.TryGetValue<string>(out var text))
            {
                wrong = ToolAnswer.Error($"{argument} must be a text.");
                return null;
            }

            query = query.Add(argument, text);
        }

        return query;
    }

    public Task<RouteAnswer> CallAsync(
        RouteRequest request,
        Func<RouteEvent, IHeaderDictionary, ValueTask>? watch = null
    ) => Calls.CallAsync(Http, request, watch, Cancellation);

    /// <summary>Says how far it is to whoever asked to be told.</summary>
    /// <param name="done">Of <paramref name="total"/>; null for one step more.</param>
    public async ValueTask TellAsync(string message, double? done = null, double? total = null)
    {
        // Must rise each time.
        _told = done is { } given && given > _told ? given : _told + 1;
        if (Request.Params?.ProgressToken is { } token)
        {
            await Request.Server.NotifyProgressAsync(
                token,
                new ModelContextProtocol.ProgressNotificationValue
                {
                    Progress = (float)_told,
                    Total = total is { } all && all >= _told ? (float)all : null,
                    Message = message,
                },
                cancellationToken: Cancellation
            );
        }
    }
}
