namespace Chancery.Contracts.Word;

/// <summary>What a paragraph is, apart from its words.</summary>
/// <param name="Indent">In twentieths of a point, where it stands elsewhere than its style says.</param>
internal readonly record struct ParagraphLook(string Style, ParagraphNumber? Number = null, int? Indent = null);

internal sealed record LaidOutParagraph(StyledText Text, ParagraphLook Look);

/// <summary>A clause's own paragraphs: its heading, if any, and then its text; never none.</summary>
internal sealed record LaidOutClause(LaidOutParagraph? Heading, IReadOnlyList<LaidOutParagraph> Text);

/// <summary>A contract as paragraphs: the one order and look that a plain file and both sides of a redline share.</summary>
internal sealed class ContractLayout
{
    private readonly ContractText _contract;
    private readonly ContractWords _words;
    private readonly Dictionary<Guid, ParagraphNumber> _paragraphNumbers;
    private readonly WordLevels _levels;
    private readonly Dictionary<Guid, LaidOutClause> _clauses = [];

    public ContractLayout(ContractText contract, WordNumbering numbering)
    {
        _contract = contract;
        _words = ContractWords.In(contract.Language);
        Numbers = ClauseNumbers.Of(contract);
        _paragraphNumbers = numbering.Assign(contract, Numbers);
        _levels = numbering.LevelsOf(contract.Numbering);
        foreach (var (clause, _, depth, _) in contract.Walk())
        {
            _clauses.TryAdd(clause.Id, LayOut(clause, Math.Min(depth, WordLevels.Count - 1)));
        }

        Order = [.. contract.Walk().Select(placed => placed.Clause.Id).Distinct()];
    }

    public ClauseNumbers Numbers { get; }

    /// <summary>The clauses in the order of reading.</summary>
    public IReadOnlyList<Guid> Order { get; }

    public bool Has(Guid clause) => _clauses.ContainsKey(clause);

    public LaidOutClause this[Guid clause] => _clauses[clause];

    public LaidOutParagraph Title =>
        new(StyledText.Plain(OneLine(_contract.Title)), new ParagraphLook(WordStyles.Title));

    /// <summary>What there may be in <see cref="Details"/>, in the order that a file has it.</summary>
    public static IReadOnlyList<string> DetailKeys { get; } = ["from", "until", "law"];

    /// <summary>The dates and the law, each with what tells it from the others in every language.</summary>
    public IEnumerable<(string Key, LaidOutParagraph Paragraph)> Details
    {
        get
        {
            if (_contract.EffectiveDate is { } from)
            {
                yield return ("from", Detail(_words.EffectiveDate, _words.Write(from, _contract.Language)));
            }

            if (_contract.EndDate is { } until)
            {
                yield return ("until", Detail(_words.EndDate, _words.Write(until, _contract.Language)));
            }

            if (_contract.GoverningLaw is { } law)
            {
                yield return ("law", Detail(_words.GoverningLaw, OneLine(law)));
            }
        }
    }

    /// <summary>What stands over the parties; null without any.</summary>
    public LaidOutParagraph? PartiesHeading =>
        _contract.Parties.Count == 0
            ? null
            : new LaidOutParagraph(StyledText.Plain(_words.Parties), new ParagraphLook(WordStyles.PartiesHeading));

    public IEnumerable<LaidOutParagraph> Parties =>
        _contract.Parties.Select(party =>
        {
            List<(string, LetterStyle)> parts = [(OneLine(party.Name), LetterStyle.PartyName)];
            if (party.Address is { } address)
            {
                parts.Add((", " + OneLine(address), LetterStyle.Plain));
            }

            if (party.Role is { } role)
            {
                parts.Add((_words.BeforeRole, LetterStyle.Plain));
                parts.Add((OneLine(role), LetterStyle.PartyRole));
                parts.Add((_words.AfterRole, LetterStyle.Plain));
            }

            return new LaidOutParagraph(
                new StyledText([.. parts]),
                new ParagraphLook(WordStyles.Party, new ParagraphNumber(WordNumbering.PartiesInstance, 0))
            );
        });

    /// <summary>
    /// A last line with nothing to be seen: the end of a file's last paragraph cannot be inserted or deleted, so it is never a clause's.
    /// It has a space, as LibreOffice gives an empty paragraph the look of the one above that goes.
    /// </summary>
    public static LaidOutParagraph End { get; } = new(StyledText.Plain(" "), new ParagraphLook(WordStyles.End));

    private static LaidOutParagraph Detail(string label, string value) =>
        new(
            new StyledText((label, LetterStyle.DetailLabel), ("\t" + value, LetterStyle.Plain)),
            new ParagraphLook(WordStyles.Detail)
        );

    private LaidOutClause LayOut(Clause clause, int depth)
    {
        var number = _paragraphNumbers[clause.Id];
        var typed = number.Typed.Length > 0 ? number.Typed + "\t" : "";
        // Without a number there is nothing for the words to hang from: they stand where a number would.
        int? indent =
            clause.IsNumbered ? null
            : depth == 0 ? 0
            : _levels.Place(depth - 1).Text;
        var look = new ParagraphLook(
            clause.Heading.Length > 0 ? WordStyles.Heading(depth) : WordStyles.Clause(depth),
            number with
            {
                Typed = "",
            },
            indent
        );
        var continued = new ParagraphLook(WordStyles.ClauseText(depth), Indent: indent);
        if (clause.Heading.Length > 0)
        {
            return new LaidOutClause(
                new LaidOutParagraph(Numbered(OneLine(clause.Heading)), look),
                clause.Text.Length == 0
                    ? []
                    : [.. Lines(clause.Text).Select(line => new LaidOutParagraph(StyledText.Plain(line), continued))]
            );
        }

        return new LaidOutClause(
            null,
            [
                .. Lines(clause.Text)
                    .Select(
                        (line, i) =>
                            i == 0
                                ? new LaidOutParagraph(Numbered(line), look)
                                : new LaidOutParagraph(StyledText.Plain(line), continued)
                    ),
            ]
        );

        StyledText Numbered(string text) =>
            typed.Length == 0
                ? StyledText.Plain(text)
                : new StyledText((typed, LetterStyle.TypedNumber), (text, LetterStyle.Plain));
    }

    private static string[] Lines(string text) =>
        Xml.Clean(text).Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n', '\r');

    private static string OneLine(string text) => Xml.Clean(text).ReplaceLineEndings(" ");
}
