using System.Text;

namespace Chancery.Guards.Injection;

/// <summary>
/// Says how much a text looks like an attempt to give an assistant other instructions: signals, weighed by a logistic regression that was
/// fitted on one half of public collections (<c>bench/results/guards-injection.md</c>). Linear in the text. Safe for concurrent use.
/// </summary>
public static class InjectionGuard
{
    /// <summary>From this score on a text is taken for an injection.</summary>
    public const double Threshold = 0.5;

    /// <summary>What a verdict tells at most.</summary>
    public const int MostSignals = 64;

    /// <summary>More of the same says no more.</summary>
    internal const int MostOfOneName = 12;

    /// <summary>A long text is judged by its worst part, so that an attack is not thinned by what stands around it.</summary>
    private const int Part = 4_000;
    private const int Step = 3_000;

    public static InjectionVerdict Score(string text, InjectionSource source)
    {
        ArgumentNullException.ThrowIfNull(text);
        var invisible = InvisibleText.Find(text);
        var (seen, places) = See(text, invisible);
        var worst = 0.0;
        var signals = new SortedSet<InjectionSignal>(
            Comparer<InjectionSignal>.Create(
                static (one, other) =>
                {
                    var order = one.Start.CompareTo(other.Start);
                    order = order != 0 ? order : one.Length.CompareTo(other.Length);
                    return order != 0 ? order : string.CompareOrdinal(one.Name, other.Name);
                }
            )
        );
        for (var from = 0; from == 0 || from + Part - Step < seen.Length; from += Step)
        {
            var part = seen.Substring(from, Math.Min(Part, seen.Length - from));
            var found = InjectionSignals.Find(part);
            worst = Math.Max(
                worst,
                InjectionWeights.Weigh(Features(found, part.Length, invisible.Count > 0, source), source)
            );
            foreach (var signal in found)
            {
                if (signals.Count == MostSignals)
                {
                    break;
                }

                var start = places is null ? from + signal.Start : places[from + signal.Start];
                var last = places is null
                    ? from + signal.Start + signal.Length - 1
                    : places[from + signal.Start + signal.Length - 1];
                signals.Add(new(signal.Name, start, last + 1 - start));
            }
        }

        foreach (var span in invisible.Take(MostSignals))
        {
            signals.Add(new("invisible", span.Start, span.Length));
        }

        return new(worst, [.. signals.Take(MostSignals)]);
    }

    /// <summary>One number for each of <see cref="InjectionSignals.Names"/>: how often, dampened.</summary>
    internal static double[] Features(List<InjectionSignal> found, int length, bool isInvisible, InjectionSource source)
    {
        var names = InjectionSignals.Names;
        var features = new double[names.Count];
        for (var i = 0; i < names.Count; i++)
        {
            features[i] = names[i] switch
            {
                "invisible" => isInvisible ? 1 : 0,
                // A person tells an assistant what to write; a document does not.
                "command" when source == InjectionSource.Question => 0,
                // Code and links have one or two of these, and documents many.
                "noise" when source != InjectionSource.Question => 0,
                "noise" => Math.Log2(Math.Max(1, found.Count(signal => signal.Name == "noise") - 1)),
                "long" => Math.Min(1, length / (double)Part),
                var name => Math.Log2(1 + found.Count(signal => signal.Name == name)),
            };
        }

        return features;
    }

    /// <summary>What a reader sees: without the invisible, with what hidden tags spell in the open, and full width letters as plain ones.</summary>
    private static (string Seen, List<int>? Places) See(string text, IReadOnlyList<InvisibleSpan> invisible)
    {
        if (invisible.Count == 0)
        {
            return (Fold(text), null);
        }

        var seen = new StringBuilder(text.Length);
        var places = new List<int>(text.Length);
        var at = 0;
        foreach (var span in invisible)
        {
            for (; at < span.Start; at++)
            {
                seen.Append(text[at]);
                places.Add(at);
            }

            foreach (var c in InvisibleText.Decode(text.Substring(span.Start, span.Length)))
            {
                seen.Append(c);
                places.Add(span.Start);
            }

            at = span.Start + span.Length;
        }

        for (; at < text.Length; at++)
        {
            seen.Append(text[at]);
            places.Add(at);
        }

        return (Fold(seen.ToString()), places);
    }

    private static string Fold(string text) =>
        text.AsSpan().ContainsAnyInRange('\uFF01', '\uFF5E')
            ? string.Create(
                text.Length,
                text,
                static (folded, text) =>
                {
                    for (var i = 0; i < text.Length; i++)
                    {
                        folded[i] = text[i] is >= '\uFF01' and <= '\uFF5E' ? (char)(text[i] - 0xFEE0) : text[i];
                    }
                }
            )
            : text;
}
