using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Chancery.Contracts.Word;

namespace Chancery.Contracts.Markdown;

/// <summary>
/// A contract as CommonMark: headings by depth (the sixth for what is deeper), numbers and references written out, a line a paragraph.
/// Safe for concurrent use.
/// </summary>
public static partial class ContractMarkdownWriter
{
    private const int DeepestHeading = 6;

    public static string Write(ContractText contract)
    {
        var numbers = ClauseNumbers.Of(contract);
        var words = ContractWords.In(contract.Language);
        var text = new StringBuilder();
        Add($"# {Line(contract.Title)}");
        AddDetail(
            words.EffectiveDate,
            contract.EffectiveDate is { } from ? words.Write(from, contract.Language) : null
        );
        AddDetail(words.EndDate, contract.EndDate is { } until ? words.Write(until, contract.Language) : null);
        AddDetail(words.GoverningLaw, contract.GoverningLaw);
        if (contract.Parties.Count > 0)
        {
            Add($"**{Line(words.Parties)}**");
        }

        for (var i = 0; i < contract.Parties.Count; i++)
        {
            var party = contract.Parties[i];
            var address = party.Address is null ? "" : $", {Line(party.Address)}";
            var role = party.Role is null ? "" : $"{words.BeforeRole}**{Line(party.Role)}**{words.AfterRole}";
            Add(string.Create(CultureInfo.InvariantCulture, $"({i + 1}) **{Line(party.Name)}**{address}{role}"));
        }

        foreach (var (clause, _, depth, _) in contract.Walk())
        {
            var label = Line(numbers.LabelOf(clause.Id));
            if (clause.Heading.Length > 0)
            {
                var marks = new string('#', Math.Min(depth + 2, DeepestHeading));
                Add($"{marks} {label} {Line(clause.Heading)}".Replace("  ", " ", StringComparison.Ordinal));
                label = "";
            }

            foreach (var line in numbers.Write(clause.Text).ReplaceLineEndings("\n").Split('\n'))
            {
                Add($"{label} {Line(line)}".Trim());
                label = "";
            }
        }

        return text.ToString();

        void Add(string paragraph)
        {
            if (paragraph.Length > 0)
            {
                text.Append(text.Length == 0 ? "" : "\n").Append(paragraph).Append('\n');
            }
        }

        void AddDetail(string label, string? value)
        {
            if (value is not null)
            {
                Add($"**{Line(label)}:** {Line(value)}");
            }
        }
    }

    /// <summary>One line whose every letter means itself.</summary>
    private static string Line(string text) =>
        LeadingMark().Replace(Marks().Replace(text.ReplaceLineEndings(" ").Trim(), @"\$0"), @"$1\$2");

    [GeneratedRegex(@"[\\`*_\[\]<>&|~#$]")]
    private static partial Regex Marks();

    // What would begin a list or a rule at the start of a line: "1." "1)" "-" "+" "=".
    [GeneratedRegex(@"^(\d{0,9})([.)+=-])")]
    private static partial Regex LeadingMark();
}
