using System.Globalization;
using System.Text;

namespace Chancery.Documents;

/// <summary>
/// Unicode normalisation form C. The product runs in invariant globalisation mode, in which <c>string.Normalize</c>
/// returns its input unchanged, so the two spellings of "é" would be two words to search and two hashes.
/// </summary>
public static class Nfc
{
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TailCount = 28;

    private static readonly Lazy<Tables> Data = new(Tables.Load);

    /// <summary>Composes <paramref name="text"/>. Returns the same instance where nothing can change.</summary>
    public static string Normalize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);

        // Below U+0300 everything is composed already, and there is nothing to compose with.
        var plain = true;
        foreach (var character in text)
        {
            if (character >= 0x0300)
            {
                plain = false;
                break;
            }
        }

        return plain || !Data.Value.MayChange(text) ? text : Compose(Decompose(text));
    }

    private static List<(int Point, byte Class)> Decompose(string text)
    {
        var points = new List<(int Point, byte Class)>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Data.Value.AppendDecomposed(points, rune.Value);
        }

        // Canonical ordering: a stable sort of every run of marks by class.
        for (var start = 0; start < points.Count; start++)
        {
            if (points[start].Class == 0)
            {
                continue;
            }

            var end = start;
            while (end < points.Count && points[end].Class != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var sorted = points.GetRange(start, end - start).OrderBy(mark => mark.Class).ToList();
                for (var i = 0; i < sorted.Count; i++)
                {
                    points[start + i] = sorted[i];
                }
            }

            start = end;
        }

        return points;
    }

    private static string Compose(List<(int Point, byte Class)> points)
    {
        var kept = 0;
        var starter = -1;
        for (var i = 0; i < points.Count; i++)
        {
            var (point, combiningClass) = points[i];
            var adjacent = starter == kept - 1;
            var blocked = !adjacent && (points[kept - 1].Class == 0 || points[kept - 1].Class >= combiningClass);
            if (starter >= 0 && !blocked && Data.Value.TryCompose(points[starter].Point, point) is { } composed)
            {
                points[starter] = (composed, 0);
                continue;
            }

            points[kept] = (point, combiningClass);
            if (combiningClass == 0)
            {
                starter = kept;
            }

            kept++;
        }

        var text = new StringBuilder(kept);
        Span<char> units = stackalloc char[2];
        for (var i = 0; i < kept; i++)
        {
            text.Append(units[..new Rune(points[i].Point).EncodeToUtf16(units)]);
        }

        return text.ToString();
    }

    private sealed class Tables(
        Dictionary<int, int[]> decompositions,
        Dictionary<long, int> compositions,
        Dictionary<int, byte> classes
    )
    {
        public static Tables Load()
        {
            using var stream = typeof(Nfc).Assembly.GetManifestResourceStream("nfc.txt")!;
            using var lines = new StreamReader(stream);
            lines.ReadLine();
            var decompositions = new Dictionary<int, int[]>(2100);
            var compositions = new Dictionary<long, int>(1000);
            var classes = new Dictionary<int, byte>(1000);
            while (lines.ReadLine() is { } line)
            {
                var fields = line[1..].Split(' ');
                if (line[0] == '#')
                {
                    var combiningClass = byte.Parse(fields[2], CultureInfo.InvariantCulture);
                    for (var point = Hex(fields[0]); point <= Hex(fields[1]); point++)
                    {
                        classes[point] = combiningClass;
                    }

                    continue;
                }

                var parts = fields[1..].Select(Hex).ToArray();
                decompositions[Hex(fields[0])] = parts;
                if (line[0] == '=')
                {
                    compositions[Key(parts[0], parts[1])] = Hex(fields[0]);
                }
            }

            return new Tables(decompositions, compositions, classes);
        }

        public bool MayChange(string text)
        {
            foreach (var rune in text.EnumerateRunes())
            {
                var point = rune.Value;
                if (
                    point >= 0x0300
                    && (
                        classes.ContainsKey(point)
                        || decompositions.ContainsKey(point)
                        || point is >= LeadBase and < LeadBase + 0x100
                        || IsSecondOfPair(point)
                    )
                )
                {
                    return true;
                }
            }

            return false;
        }

        public void AppendDecomposed(List<(int Point, byte Class)> points, int point)
        {
            if (point is >= HangulBase and < HangulBase + (LeadCount * VowelCount * TailCount))
            {
                var index = point - HangulBase;
                points.Add((LeadBase + (index / (VowelCount * TailCount)), 0));
                points.Add((VowelBase + (index / TailCount % VowelCount), 0));
                if (index % TailCount is var tail and not 0)
                {
                    points.Add((TailBase + tail, 0));
                }
            }
            else if (decompositions.TryGetValue(point, out var parts))
            {
                foreach (var part in parts)
                {
                    AppendDecomposed(points, part);
                }
            }
            else
            {
                points.Add((point, classes.GetValueOrDefault(point)));
            }
        }

        public int? TryCompose(int first, int second)
        {
            if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
            {
                return HangulBase + ((((first - LeadBase) * VowelCount) + (second - VowelBase)) * TailCount);
            }

            if (
                first is >= HangulBase and < HangulBase + (LeadCount * VowelCount * TailCount)
                && (first - HangulBase) % TailCount == 0
                && second is > TailBase and < TailBase + TailCount
            )
            {
                return first + (second - TailBase);
            }

            return compositions.TryGetValue(Key(first, second), out var composed) ? composed : null;
        }

        // The few characters of class 0 that compose with the one before them.
        private bool IsSecondOfPair(int point) => _seconds.Value.Contains(point);

        private readonly Lazy<HashSet<int>> _seconds = new(() => [.. compositions.Keys.Select(key => (int)key)]);

        private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        private static long Key(int first, int second) => ((long)first << 32) | (uint)second;
    }
}
