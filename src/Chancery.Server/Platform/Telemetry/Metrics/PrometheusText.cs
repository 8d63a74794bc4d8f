using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Chancery.Server.Platform.Telemetry.Metrics;

/// <summary>Prometheus' text format 0.0.4: base units in names, <c>_total</c> for what only rises.</summary>
internal static class PrometheusText
{
    private const string Count = "_count";

    public static string Write(IReadOnlyList<Series> series)
    {
        var text = new StringBuilder();
        foreach (var family in series.GroupBy(one => NameOf(one.Instrument)))
        {
            var first = family.First();
            text.Append(
                CultureInfo.InvariantCulture,
                $"# HELP {family.Key} {Escape(first.Instrument.Description ?? "", quotes: false)}\n"
            );
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {family.Key} {TypeOf(first)}\n");
            foreach (var one in family)
            {
                Append(text, family.Key, one);
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, Series one)
    {
        if (one is not { Bounds: { } bounds, Buckets: { } buckets })
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}{Labels(one)} {Number(one.Value)}\n");
            return;
        }

        var upTo = 0L;
        for (var i = 0; i < buckets.Count; i++)
        {
            upTo += buckets[i];
            var bound = i < bounds.Count ? Number(bounds[i]) : "+Inf";
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{Labels(one, ("le", bound))} {upTo}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"{name}_sum{Labels(one)} {Number(one.Value)}\n");
        text.Append(CultureInfo.InvariantCulture, $"{name}_count{Labels(one)} {one.Count}\n");
    }

    internal static string NameOf(Instrument instrument)
    {
        var name = Clean(instrument.Name);
        var unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        if (!name.Contains(unit, StringComparison.Ordinal))
        {
            name += unit;
        }

        if (IsCounter(instrument))
        {
            return name.EndsWith("_total", StringComparison.Ordinal) ? name : name + "_total";
        }

        // Prometheus keeps _count for histograms; the runtime has gauges that end so.
        return !IsHistogram(instrument) && name.EndsWith(Count, StringComparison.Ordinal)
            ? name[..^Count.Length] + "_current"
            : name;
    }

    private static string TypeOf(Series one) =>
        one.Buckets is not null ? "histogram"
        : IsCounter(one.Instrument) ? "counter"
        : "gauge";

    internal static bool IsCounter(Instrument instrument)
    {
        var type = instrument.GetType();
        return type.IsGenericType
            && (
                type.GetGenericTypeDefinition() == typeof(Counter<>)
                || type.GetGenericTypeDefinition() == typeof(ObservableCounter<>)
            );
    }

    private static bool IsHistogram(Instrument instrument) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Histogram<>);

    private static string Labels(Series one, params ReadOnlySpan<(string Name, string Value)> more)
    {
        var labels = one.Labels.Select(label => $"{Clean(label.Key)}=\"{Escape(label.Value, quotes: true)}\"").ToList();
        foreach (var (name, value) in more)
        {
            labels.Add($"{name}=\"{value}\"");
        }

        return labels.Count == 0 ? "" : "{" + string.Join(',', labels) + "}";
    }

    private static string Clean(string name) =>
        string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' ? letter : '_'));

    private static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
