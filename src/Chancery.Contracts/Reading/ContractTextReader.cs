using System.Globalization;

namespace Chancery.Contracts.Reading;

/// <summary>Plain text, as PDFs and text files give it, into a contract. No word of the text is lost.</summary>
public static class ContractTextReader
{
    /// <summary>What a contract is called that says no name.</summary>
    private const string Untitled = "Untitled contract";

    /// <summary>Shorter ones name no parties: a heading follows that does.</summary>
    private const int MinOpening = 200;

    /// <summary>
    /// Takes time in proportion to the text's length, whatever it holds; the caller limits that length. Lines end in '\n', pages in '\f'.
    /// </summary>
    public static ReadContract Read(string text, ReadingHints? hints = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        hints ??= ReadingHints.None;
        var furniture = FurnitureFinder.Remove(TextSegment.Split(text), out var segments);
        var title = TitleReader.Take(segments);
        segments = JoinedParts.Split(segments);
        var drafts = ClauseTree.Build(segments, OutlineReader.Read(segments));
        var numbering = NumberingReader.Number(drafts);

        var clauses = drafts.ConvertAll(draft => draft.ToClause());
        var opening =
            drafts is [{ Mark: null } first, ..] && first.Text.Length >= MinOpening ? first.Text : OpeningOf(segments);
        var contract = new ContractText
        {
            Title = title ?? TitleReader.NamedIn(opening) ?? hints.Title ?? Untitled,
            Parties = PartyReader.Find(opening),
            EffectiveDate = DateReader.EffectiveIn(opening),
            EndDate = EndOf(clauses),
            GoverningLaw = GoverningLawReader.Find(Clause.Walk(clauses, null, 0).Select(placed => placed.Clause)),
            Language = hints.Language ?? LanguageGuess.Of(segments),
            Numbering = numbering,
            Clauses = clauses,
        };
        contract = contract with { Clauses = ReferenceLinker.Link(contract) };

        var labels = new Dictionary<Guid, string>();
        CollectLabels(drafts, labels);
        return new ReadContract(contract, labels, furniture, WarningsOf(contract, title, labels));
    }

    /// <summary>The first words of the contract, where parties and dates are named.</summary>
    private static string OpeningOf(List<TextSegment> segments)
    {
        const int length = 6000;
        var lines = new List<string>();
        var taken = 0;
        foreach (var segment in segments)
        {
            if (taken >= length)
            {
                break;
            }

            var line = segment.Text.Length > length ? segment.Text[..length] : segment.Text;
            lines.Add(line);
            taken += line.Length;
        }

        return string.Join('\n', lines);
    }

    private static DateOnly? EndOf(IReadOnlyList<Clause> clauses) =>
        Clause
            .Walk(clauses, null, 0)
            .Select(placed => placed.Clause)
            .Where(clause =>
                clause.Heading.Contains("term", StringComparison.OrdinalIgnoreCase)
                || clause.Heading.Contains("duration", StringComparison.OrdinalIgnoreCase)
                || clause.Heading.Contains("laufzeit", StringComparison.OrdinalIgnoreCase)
            )
            .Select(clause => DateReader.EndIn(clause.Text))
            .FirstOrDefault(date => date is not null);

    private static void CollectLabels(List<ClauseDraft> drafts, Dictionary<Guid, string> labels)
    {
        foreach (var draft in drafts)
        {
            if (draft.Label is { } label)
            {
                labels[draft.Id] = label.Text;
            }

            CollectLabels(draft.Children, labels);
        }
    }

    private static List<string> WarningsOf(ContractText contract, string? title, Dictionary<Guid, string> labels)
    {
        var warnings = new List<string>();
        if (title is null)
        {
            warnings.Add("The text does not say what the contract is called.");
        }

        if (contract.Parties.Count < 2)
        {
            warnings.Add("Fewer than two parties were found.");
        }

        var fixedNumbers = contract
            .Walk()
            .Count(placed => !placed.Clause.IsNumbered && labels.ContainsKey(placed.Clause.Id));
        if (fixedNumbers > 0)
        {
            warnings.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{fixedNumbers} of {labels.Count} numbers do not fit the contract's scheme: they are kept as words and do not follow changes."
                )
            );
        }

        var missing = contract
            .Walk()
            .Count(placed =>
                placed.Clause is { IsNumbered: true, IsEmpty: true, Children.Count: 0 }
                && !labels.ContainsKey(placed.Clause.Id)
            );
        if (missing > 0)
        {
            warnings.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{missing} numbers are left out in the text: empty clauses hold their places."
                )
            );
        }

        if (contract.Clauses.Count <= 1 && labels.Count == 0)
        {
            warnings.Add("No clauses were recognised: the whole text is one.");
        }

        return warnings;
    }
}
