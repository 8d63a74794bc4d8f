using System.Collections.Frozen;

namespace Chancery.Server.Platform.Telemetry.Metrics;

/// <summary>Which meters are told of, and which labels: none of them can name an organisation, a person or a text.</summary>
internal static class MetricNames
{
    public const string OwnMeters = "Chancery.";

    public static readonly string[] Meters =
    [
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Npgsql",
        "System.Runtime",
    ];

    public static readonly FrozenSet<string> Labels = new[]
    {
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "error.type",
        "error_type",
        "network.protocol.version",
        "gc.heap.generation",
        "gc.generation",
        "dotnet.gc.heap.generation",
        "db.client.connection.state",
        "state",
        "status",
        "end",
        "engine",
        "kind",
        "model",
        "provider",
        "operation",
        "outcome",
        "level",
        "limit",
        "period",
        "from",
        "to",
        "reason",
        "sink",
        "source",
        "origin",
        "target",
        "prompt",
        "arm",
        "stage",
        "step",
        "component",
        "score",
        "verdict",
        "judge",
        "rating",
        "by",
        "server.address",
        "server.port",
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.response.model",
        "gen_ai.token.type",
        "gen_ai.tool.name",
        "mcp.method.name",
    }.ToFrozenSet(StringComparer.Ordinal);
}
