using System.Globalization;
using System.Text;
using Chancery.Contracts.Reading;

namespace Chancery.Bench.Contracts;

/// <summary>What CUAD's annotators wrote down of each contract's head, and how much of it is found.</summary>
internal sealed class ContractFacts
{
    private readonly Dictionary<string, (int Known, int Found, int Right)> _counts = [];

    public IReadOnlyDictionary<string, (int Known, int Found, int Right)> Counts => _counts;

    /// <summary>Rows of master_clauses.csv by the contract's name without its extension.</summary>
    public static Dictionary<string, Dictionary<string, string>> ReadAnswers(string path)
    {
        var rows = ReadCsv(File.ReadAllText(path));
        var header = rows[0];
        var answers = new Dictionary<string, Dictionary<string, string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var row in rows.Skip(1).Where(row => row.Count == header.Count))
        {
            answers[Stem(row[0])] = header
                .Zip(row)
                .DistinctBy(cell => cell.First)
                .ToDictionary(cell => cell.First.Trim(), cell => cell.Second);
        }

        return answers;
    }

    public static string Stem(string file) => Path.GetFileNameWithoutExtension(file).Trim();

    public void Judge(ReadContract read, Dictionary<string, string> answers)
    {
        Count("Title", answers["Document Name-Answer"], read.Text.Title, Contains);
        var parties = answers["Parties-Answer"]
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var party in parties)
        {
            var name = Bare(party.Split('(')[0]);
            if (name.Length >= 3)
            {
                Add(
                    "Parties",
                    true,
                    read.Text.Parties.Count > 0,
                    read.Text.Parties.Any(found => Contains(Bare(found.Name), name))
                );
            }
        }

        foreach (var found in read.Text.Parties)
        {
            var name = Bare(found.Name);
            Add("Names found that are parties", true, true, parties.Any(party => Contains(Bare(party), name)));
        }

        var dates = new[] { answers["Agreement Date-Answer"], answers["Effective Date-Answer"] }
            .Select(DateOf)
            .OfType<DateOnly>()
            .ToList();
        if (dates.Count > 0)
        {
            Add(
                "Date",
                true,
                read.Text.EffectiveDate is not null,
                read.Text.EffectiveDate is { } date && dates.Contains(date)
            );
        }

        if (DateOf(answers["Expiration Date-Answer"]) is { } end)
        {
            Add("End", true, read.Text.EndDate is not null, read.Text.EndDate == end);
        }

        Count("Governing law", answers["Governing Law-Answer"], read.Text.GoverningLaw ?? "", Contains);
    }

    private void Count(string fact, string answer, string found, Func<string, string, bool> same)
    {
        if (answer.Trim() is { Length: > 0 })
        {
            Add(fact, true, found.Length > 0, found.Length > 0 && same(Bare(found), Bare(answer)));
        }
    }

    private void Add(string fact, bool known, bool found, bool right)
    {
        var (k, f, r) = _counts.GetValueOrDefault(fact);
        _counts[fact] = (k + (known ? 1 : 0), f + (found ? 1 : 0), r + (right ? 1 : 0));
    }

    private static bool Contains(string a, string b) =>
        a.Length > 0
        && b.Length > 0
        && (a.Contains(b, StringComparison.Ordinal) || b.Contains(a, StringComparison.Ordinal));

    private static string Bare(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private static DateOnly? DateOf(string text) =>
        DateOnly.TryParseExact(text.Trim(), "M/d/yy", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date
            : null;

    private static List<List<string>> ReadCsv(string text)
    {
        var rows = new List<List<string>>();
        var row = new List<string>();
        var cell = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (quoted && text[i] == '"' && i + 1 < text.Length && text[i + 1] == '"')
            {
                cell.Append('"');
                i++;
            }
            else if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && text[i] is ',' or '\n')
            {
                row.Add(cell.ToString().TrimEnd('\r'));
                cell.Clear();
                if (text[i] == '\n')
                {
                    rows.Add(row);
                    row = [];
                }
            }
            else
            {
                cell.Append(text[i]);
            }
        }

        return rows;
    }
}
