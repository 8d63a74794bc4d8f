namespace Chancery.Contracts.Word.Reading;

/// <summary>What stands before the clauses: of a file of ours by its styles, of any other the title.</summary>
internal sealed class HeadReader
{
    private readonly List<Party> _parties = [];

    public string? Title { get; private set; }

    public IReadOnlyList<Party> Parties => _parties;

    public DateOnly? EffectiveDate { get; private set; }

    public DateOnly? EndDate { get; private set; }

    public string? GoverningLaw { get; private set; }

    /// <summary>Takes a paragraph that is no clause's; false where it is not one of the head's.</summary>
    public bool Take(ViewedParagraph paragraph)
    {
        switch (paragraph.Style.Id)
        {
            case WordStyles.Title when Title is null:
                Title = paragraph.Text.ReplaceLineEndings(" ");
                return true;
            case WordStyles.Detail:
                TakeDetail(paragraph);
                return true;
            case WordStyles.PartiesHeading or WordStyles.ContentsHeading:
                return true;
            case WordStyles.Party:
                TakeParty(paragraph);
                return true;
            case WordStyles.End when string.IsNullOrWhiteSpace(paragraph.Text):
                return true;
            default:
                return paragraph.Style.Name.StartsWith("toc ", StringComparison.OrdinalIgnoreCase);
        }
    }

    private void TakeDetail(ViewedParagraph paragraph)
    {
        var written = Of(paragraph, LetterStyle.DetailLabel);
        var label = written.Trim();
        var value = paragraph.Text[Math.Min(paragraph.Text.Length, written.Length)..];
        value = value.StartsWith('\t') ? value[1..] : value.Trim();
        if (ContractWords.All.Any(words => words.EffectiveDate == label))
        {
            EffectiveDate = ContractWords.ReadDate(value);
        }
        else if (ContractWords.All.Any(words => words.EndDate == label))
        {
            EndDate = ContractWords.ReadDate(value);
        }
        else if (ContractWords.All.Any(words => words.GoverningLaw == label))
        {
            GoverningLaw = value;
        }
    }

    private void TakeParty(ViewedParagraph paragraph)
    {
        var name = Of(paragraph, LetterStyle.PartyName);
        var role = Of(paragraph, LetterStyle.PartyRole);
        if (name.Length == 0 && role.Length == 0)
        {
            // Somebody typed a party below ours: its name ends where a comma or a parenthesis is.
            name = paragraph.Text.Split(',', '(')[0].Trim();
        }

        var between = paragraph.Text.StartsWith(name, StringComparison.Ordinal) ? paragraph.Text[name.Length..] : "";
        if (role.Length > 0 && between.LastIndexOf(role, StringComparison.Ordinal) is >= 0 and var at)
        {
            var opened = between.LastIndexOf('(', at);
            between = between[..(opened < 0 ? at : opened)];
            between = between.EndsWith(' ') ? between[..^1] : between;
        }

        var address = between.StartsWith(", ", StringComparison.Ordinal) ? between[2..] : between.Trim();
        _parties.Add(
            new Party(name, role.Length == 0 ? null : role, address.Length == 0 && between.Length == 0 ? null : address)
        );
    }

    private static string Of(ViewedParagraph paragraph, LetterStyle style) =>
        string.Concat(
            paragraph.Pieces.Where(piece => piece.Style == WordStyles.Letters(style)).Select(piece => piece.Text)
        );
}
