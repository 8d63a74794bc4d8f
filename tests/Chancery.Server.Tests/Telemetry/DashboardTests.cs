using System.Text.Json;
using System.Text.RegularExpressions;
using Chancery.Server.Tests.Architecture;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>The dashboard for Grafana that comes with the product.</summary>
public sealed partial class DashboardTests
{
    private static readonly string[] OfHistograms = ["_bucket", "_sum", "_count"];

    [Fact]
    public void It_asks_only_for_figures_that_there_are()
    {
        using var dashboard = JsonDocument.Parse(SourceTree.Read("deploy", "grafana", "chancery.json"));
        var figures = Figures().Matches(Page()).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);

        var asked = dashboard
            .RootElement.GetProperty("panels")
            .EnumerateArray()
            .SelectMany(panel =>
                panel.TryGetProperty("targets", out var targets) ? targets.EnumerateArray().ToArray() : []
            )
            .SelectMany(target => Figures().Matches(target.GetProperty("expr").GetString()!))
            .Select(match => match.Value)
            .Where(name => !figures.Contains(name))
            .Where(name =>
                !OfHistograms.Any(end =>
                    name.EndsWith(end, StringComparison.Ordinal) && figures.Contains(name[..^end.Length])
                )
            )
            .Distinct()
            .ToList();

        Assert.Empty(asked);
    }

    /// <summary>What docs/telemetry.md lists, with the names that it shortens in whole.</summary>
    private static string Page() =>
        SourceTree
            .Read("docs", "telemetry.md")
            .Replace("`…_time_to", "`gen_ai_client_operation_time_to", StringComparison.Ordinal)
            .Replace("`…_time_per", "`gen_ai_client_operation_time_per", StringComparison.Ordinal);

    /// <summary>The names of figures begin with one of these; other words with underscores are labels and functions.</summary>
    [GeneratedRegex(
        "(?:gen_ai_client|chancery|http_requests|http_server|redis|rate_limit|audit|vector_search)_[a-z0-9_]+"
    )]
    private static partial Regex Figures();
}
