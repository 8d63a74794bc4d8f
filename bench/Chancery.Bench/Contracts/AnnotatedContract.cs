using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Chancery.Bench.Contracts;

/// <summary>A place in a contract, in letters and digits of its text from the first; all else is not counted.</summary>
internal readonly record struct LetterRange(int Start, int End)
{
    public int Length => End - Start;

    public int Common(LetterRange other) => Math.Max(0, Math.Min(End, other.End) - Math.Max(Start, other.Start));
}

/// <summary>
/// A contract of CUAD with its annotations, and where units of its text stand: windows, or clauses as the product has them. All
/// are measured by the letters and digits of the text, which is what both have in common.
/// </summary>
internal sealed class AnnotatedContract
{
    /// <summary>Shorter spans may stand at a wrong place, says the data set.</summary>
    private const int ShortestSpan = 20;

    /// <summary>How far the next words of a clause may be from its last ones: a page's foot and head, a table of contents.</summary>
    private const int LongestGap = 20_000;

    // By how many letters a paragraph is found where a page's foot stands in it.
    private const int Probe = 32;

    private readonly string _letters;
    private readonly List<int> _places = [];

    private AnnotatedContract(string file, string text)
    {
        File = file;
        Text = text;
        var letters = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsLetterOrDigit(text[i]))
            {
                letters.Append(char.ToLowerInvariant(text[i]));
                _places.Add(i);
            }
        }

        _letters = letters.ToString();
    }

    public string File { get; }

    public string Text { get; }

    /// <summary>Whether its annotations were left alone while the search was worked on.</summary>
    public bool IsHeldOut => SHA256.HashData(Encoding.UTF8.GetBytes(File))[0] % 2 == 1;

    /// <summary>The annotated spans by category.</summary>
    public Dictionary<string, List<LetterRange>> Spans { get; } = [];

    /// <summary>All contracts in the order of their names.</summary>
    public static List<AnnotatedContract> ReadAll()
    {
        var contracts = Directory
            .EnumerateFiles(TestData.PathOf("contracts", "cuad", "full_contract_txt"), "*.txt")
            .Order(StringComparer.Ordinal)
            .Select(path => new AnnotatedContract(Path.GetFileName(path), System.IO.File.ReadAllText(path)))
            .ToList();
        var byFile = contracts.ToDictionary(contract => contract.File);
        foreach (var span in TestData.Lines(TestData.PathOf("contracts", "cuad", "spans.jsonl")))
        {
            if (
                span.GetProperty("text").GetString()!.Length >= ShortestSpan
                && byFile.TryGetValue(span.GetProperty("file").GetString()!, out var contract)
            )
            {
                contract.Add(span);
            }
        }

        return contracts;
    }

    /// <summary>Windows of so many words, one after the other.</summary>
    public IEnumerable<(string Text, LetterRange Range)> Windows(int words)
    {
        var starts = new List<int>();
        for (var i = 0; i < Text.Length; i++)
        {
            if (!char.IsWhiteSpace(Text[i]) && (i == 0 || char.IsWhiteSpace(Text[i - 1])))
            {
                starts.Add(i);
            }
        }

        for (var first = 0; first < starts.Count; first += words)
        {
            var end = first + words < starts.Count ? starts[first + words] : Text.Length;
            yield return (Text[starts[first]..end], new LetterRange(LettersBefore(starts[first]), LettersBefore(end)));
        }
    }

    /// <summary>Where the clauses stand that the product made of the text; none for one that is not found there.</summary>
    /// <param name="clauses">In the order of reading.</param>
    public Dictionary<Guid, List<LetterRange>> Place(IEnumerable<JsonElement> clauses)
    {
        var places = new Dictionary<Guid, List<LetterRange>>();
        var at = 0;
        foreach (var clause in clauses)
        {
            var ranges = new List<LetterRange>();
            var lines = clause.GetProperty("text").GetString()!.Split('\n');
            // A heading runs on into the first line.
            lines[0] = clause.GetProperty("heading").GetString() + lines[0];
            foreach (var line in lines)
            {
                if (Find(LettersOf(line), at) is { } range)
                {
                    ranges.Add(range);
                    at = range.End;
                }
            }

            places[clause.GetProperty("id").GetGuid()] = ranges;
        }

        return places;
    }

    /// <summary>Whether a unit shows the reader a span: half of the shorter of the two is common to both.</summary>
    public static bool Shows(IReadOnlyList<LetterRange> unit, LetterRange span)
    {
        var common = unit.Sum(range => range.Common(span));
        return common >= ShortestSpan / 2 && 2 * common >= Math.Min(span.Length, unit.Sum(range => range.Length));
    }

    private void Add(JsonElement span)
    {
        var category = span.GetProperty("category").GetString()!;
        if (!Spans.TryGetValue(category, out var spans))
        {
            Spans.Add(category, spans = []);
        }

        var range = new LetterRange(
            LettersBefore(UnitOf(span.GetProperty("start").GetInt32())),
            LettersBefore(UnitOf(span.GetProperty("end").GetInt32()))
        );
        if (range.Length > 0)
        {
            spans.Add(range);
        }
    }

    /// <summary>The data set counts code points.</summary>
    private int UnitOf(int codePoint)
    {
        var unit = 0;
        for (var i = 0; i < codePoint && unit < Text.Length; i++)
        {
            unit += char.IsSurrogatePair(Text, Math.Min(unit, Text.Length - 2)) ? 2 : 1;
        }

        return unit;
    }

    private int LettersBefore(int place)
    {
        var index = _places.BinarySearch(place);
        return index < 0 ? ~index : index;
    }

    private LetterRange? Find(string letters, int from)
    {
        if (letters.Length == 0)
        {
            return null;
        }

        // A word or two may stand anywhere; further words only there.
        var gap = letters.Length < Probe / 2 ? 10 * Probe : LongestGap;
        var whole = IndexOf(letters, from, gap + letters.Length);
        if (whole >= 0)
        {
            return new LetterRange(whole, whole + letters.Length);
        }

        if (letters.Length < 2 * Probe)
        {
            return null;
        }

        var first = IndexOf(letters[..Probe], from, LongestGap);
        var last = first < 0 ? -1 : IndexOf(letters[^Probe..], first + Probe, letters.Length + LongestGap);
        return last < 0 ? null : new LetterRange(first, last + Probe);
    }

    private int IndexOf(string letters, int from, int within) =>
        _letters.IndexOf(letters, from, Math.Min(within, _letters.Length - from), StringComparison.Ordinal);

    private static string LettersOf(string text) =>
        string.Concat(text.Where(char.IsLetterOrDigit)).ToLower(CultureInfo.InvariantCulture);
}
