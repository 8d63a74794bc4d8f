using System.Globalization;
using System.Net;
using System.Text;

namespace Chancery.Bench.Rollouts;

/// <summary>Shares of rollouts that each rule turned back, by effect: a panel for each baseline, as SVG.</summary>
internal static class RolloutChart
{
    private const int Width = 960;
    private const int Left = 60;
    private const int PanelHeight = 200;
    private const int PlotHeight = 130;
    private const int Top = 70;

    private static readonly (string Name, string Early, string Late)[] _rules =
    [
        ("sequential test", "#1f5fbf", "#a9c8f0"),
        ("daily 5 % rule", "#c4600a", "#f3c79b"),
    ];

    /// <param name="panels">By baseline, for each effect: what the sequential and the daily rule did.</param>
    public static string Draw(
        IReadOnlyList<(string Title, IReadOnlyList<(RolloutSummary, RolloutSummary)> Groups)> panels
    )
    {
        var height = Top + panels.Count * PanelHeight + 10;
        var svg = new StringBuilder();
        Line(
            svg,
            $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" font-family="sans-serif" font-size="12" role="img">"""
        );
        Line(svg, $"""<title>Rollouts turned back, by what the new version does</title>""");
        Line(svg, $"""<rect width="{Width}" height="{height}" fill="#ffffff"/>""");
        Text(
            svg,
            Left,
            24,
            "Rollouts turned back, by what the new version does (% of rollouts, 20,000 uses a day)",
            15
        );
        DrawLegend(svg);
        for (var i = 0; i < panels.Count; i++)
        {
            DrawPanel(svg, Top + i * PanelHeight, panels[i].Title, panels[i].Groups);
        }

        Line(svg, $"</svg>");
        return svg.ToString();
    }

    private static void DrawLegend(StringBuilder svg)
    {
        var x = Left;
        foreach (var (name, early, late) in _rules)
        {
            foreach (var (colour, text) in new[] { (early, $"{name}: before 25 % exposure"), (late, "later") })
            {
                Line(svg, $"""<rect x="{x}" y="40" width="12" height="12" fill="{colour}"/>""");
                Text(svg, x + 17, 50, text);
                x += 40 + text.Length * 7;
            }
        }
    }

    private static void DrawPanel(
        StringBuilder svg,
        int top,
        string title,
        IReadOnlyList<(RolloutSummary, RolloutSummary)> groups
    )
    {
        var bottom = top + 25 + PlotHeight;
        Text(svg, Left, top + 5, title, 13);
        foreach (var percent in new[] { 0, 50, 100 })
        {
            var y = bottom - PlotHeight * percent / 100;
            Line(svg, $"""<line x1="{Left}" y1="{y}" x2="{Width - 10}" y2="{y}" stroke="#d0d0d0"/>""");
            Text(svg, Left - 8, y + 4, percent.ToString(CultureInfo.InvariantCulture), anchor: "end");
        }

        var room = (Width - 10.0 - Left) / groups.Count;
        for (var i = 0; i < groups.Count; i++)
        {
            var x = Left + i * room;
            var (sequential, daily) = groups[i];
            DrawBar(svg, x + room / 2 - 32, bottom, sequential, _rules[0]);
            DrawBar(svg, x + room / 2 + 2, bottom, daily, _rules[1]);
            Text(svg, x + room / 2, bottom + 16, sequential.Scenario.Effect.Name, anchor: "middle");
        }
    }

    private static void DrawBar(
        StringBuilder svg,
        double x,
        int bottom,
        RolloutSummary summary,
        (string Name, string Early, string Late) rule
    )
    {
        var early = PlotHeight * summary.RolledBackBeforeQuarter.Value;
        var all = PlotHeight * summary.RolledBack.Value;
        Line(
            svg,
            $"""<rect x="{x:0.#}" y="{bottom - all:0.#}" width="30" height="{all - early:0.#}" fill="{rule.Late}"/>"""
        );
        Line(
            svg,
            $"""<rect x="{x:0.#}" y="{bottom - early:0.#}" width="30" height="{early:0.#}" fill="{rule.Early}"/>"""
        );
        Text(svg, x + 15, bottom - all - 3, $"{100 * summary.RolledBack.Value:0.#}", 10, "middle");
    }

    private static void Text(
        StringBuilder svg,
        double x,
        double y,
        string text,
        int size = 12,
        string anchor = "start"
    ) =>
        Line(
            svg,
            $"""<text x="{x:0.#}" y="{y:0.#}" font-size="{size}" text-anchor="{anchor}" fill="#202020">{WebUtility.HtmlEncode(text)}</text>"""
        );

    private static void Line(StringBuilder svg, FormattableString line) =>
        svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
