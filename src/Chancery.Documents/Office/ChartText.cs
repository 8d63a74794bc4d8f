using System.Globalization;

namespace Chancery.Documents;

/// <summary>A chart as words: its titles, and the values that it draws as a table.</summary>
internal static class ChartText
{
    private const int MaxPoints = 5000;
    private const int MaxSeries = 200;

    public static void Add(BlockWriter blocks, XmlNode chartSpace, string? place)
    {
        if (chartSpace.Child("c:chart") is not { } chart)
        {
            return;
        }

        var titles = chart.Descendants("c:title").Select(title => BlockWriter.OneLine(DrawingText.Lines(title)));
        blocks.Add(BlockKind.Caption, string.Join(" – ", titles.Where(title => title.Length > 0)), 0, place);

        var series = chart.Descendants("c:ser").Take(MaxSeries).Select(Series.Of).ToList();
        var count = series.Select(one => Math.Max(one.Categories.Count, one.Values.Count)).DefaultIfEmpty().Max();
        if (count == 0)
        {
            return;
        }

        var rows = new List<string> { string.Join('\t', series.Select(one => one.Name).Prepend("")) };
        for (var i = 0; i < Math.Min(count, MaxPoints); i++)
        {
            var category = series
                .Select(one => one.Categories.ElementAtOrDefault(i))
                .FirstOrDefault(name => name is not null);
            rows.Add(
                string.Join('\t', series.Select(one => one.Values.ElementAtOrDefault(i) ?? "").Prepend(category ?? ""))
            );
        }

        blocks.AddTable(rows, place, firstRow: 0);
    }

    private sealed record Series(string Name, IReadOnlyList<string> Categories, IReadOnlyList<string> Values)
    {
        public static Series Of(XmlNode series) =>
            new(
                string.Join(' ', Points(series.Child("c:tx"))),
                Points(series.Child("c:cat") ?? series.Child("c:xVal")),
                Points(series.Child("c:val") ?? series.Child("c:yVal"))
            );

        private static List<string> Points(XmlNode? data)
        {
            var points = new List<string>();
            // Of several levels of categories the first is the innermost.
            var cache = data?.Descendants("c:lvl").FirstOrDefault() ?? data;
            foreach (var point in cache?.Descendants("c:pt").Take(MaxPoints) ?? [])
            {
                if (
                    int.TryParse(point["idx"], CultureInfo.InvariantCulture, out var index)
                    && index is >= 0 and < MaxPoints
                )
                {
                    while (points.Count <= index)
                    {
                        points.Add("");
                    }

                    points[index] = Value(point.Child("c:v")?.Text ?? "");
                }
            }

            if (points.Count == 0 && data?.Child("c:v") is { } literal)
            {
                points.Add(Value(literal.Text));
            }

            return points;
        }

        private static string Value(string text) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? NumberFormat.General(number)
                : BlockWriter.OneLine(text);
    }
}
