using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chancery.Server.Mcp.Calling;

/// <summary>What a route is asked for.</summary>
/// <param name="Name">The route's name, as the description of the API has it.</param>
/// <param name="Values">For the braces of its path.</param>
/// <param name="Query">With its "?", or empty.</param>
/// <param name="Body">JSON; null for none.</param>
internal sealed record RouteRequest(
    string Name,
    IReadOnlyDictionary<string, string> Values,
    string Query = "",
    JsonObject? Body = null
)
{
    public RouteRequest(string name, JsonObject? body = null)
        : this(name, new Dictionary<string, string>(), "", body) { }

    public RouteRequest(string name, string id, string query = "", JsonObject? body = null)
        : this(name, new Dictionary<string, string> { ["id"] = id }, query, body) { }
}

/// <summary>What a route answered; of a stream of events the last one, with the status that its problem has.</summary>
/// <param name="Body">JSON; null where there was none.</param>
internal sealed record RouteAnswer(int Status, JsonElement? Body, IHeaderDictionary Headers)
{
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The JSON of a success.</summary>
    public JsonElement Content => Body ?? throw new InvalidOperationException("The route answered without a body.");
}

/// <summary>An event of a route that streams.</summary>
internal sealed record RouteEvent(string Kind, JsonElement Content)
{
    /// <summary>Before the first one, once the headers stand; without content.</summary>
    public const string Start = "start";
}
