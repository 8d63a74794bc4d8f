using Chancery.Contracts.Word;
using PdfSharp.Drawing;

namespace Chancery.Contracts.Printing;

/// <summary>A paragraph before it is broken into lines. All measures are points.</summary>
internal sealed record PrintBlock(string Label, IReadOnlyList<(string Text, bool IsBold)> Words)
{
    public double LabelAt { get; init; }

    public double Indent { get; init; }

    public double Size { get; init; } = 11;

    public bool IsItalic { get; init; }

    public bool IsLabelBold { get; init; }

    public bool IsCentered { get; init; }

    public double Before { get; init; }

    public double After { get; init; } = 7;

    /// <summary>A heading does not stand alone at the foot of a page.</summary>
    public bool KeepsWithNext { get; init; }

    public bool HasRule { get; init; }

    /// <summary>Its depth in the reader's outline; null: not in it.</summary>
    public int? Outline { get; init; }

    /// <summary>The clause that it begins; null: none.</summary>
    public Guid? Clause { get; init; }

    /// <summary>For a line of the contents: whose page stands at its end.</summary>
    public PrintBlock? PageOf { get; init; }
}

/// <summary>A contract as blocks, in the order and look of its Word file.</summary>
internal static class PrintBlocks
{
    private const double PointsPerTwip = 1 / 20.0;

    public static List<PrintBlock> Of(ContractText contract, bool hasContents)
    {
        var numbers = ClauseNumbers.Of(contract);
        var layout = new ContractLayout(contract, new WordNumbering(contract.Numbering));
        List<PrintBlock> head =
        [
            Block("", layout.Title.Text) with
            {
                Size = 17,
                IsCentered = true,
                HasRule = true,
                After = 20,
                KeepsWithNext = true,
                Words = [(layout.Title.Text.Text, true)],
            },
            .. layout.Details.Select(detail => Detail(detail.Paragraph)),
        ];
        if (layout.PartiesHeading is { } parties)
        {
            head.Add(Heading("", parties.Text.Text, 0, 0) with { Before = 14 });
        }

        head.AddRange(
            layout.Parties.Select((party, i) => Block($"({i + 1})", party.Text) with { Indent = 709 * PointsPerTwip })
        );

        var levels = new WordLevels(contract.Numbering);
        List<PrintBlock> clauses = [];
        foreach (var (clause, _, depth, _) in contract.Walk())
        {
            clauses.AddRange(Clause(clause, Math.Min(depth, WordLevels.Count - 1), numbers, levels));
        }

        if (hasContents)
        {
            var words = ContractWords.In(contract.Language);
            head.Add(Heading("", words.Contents, 0, 0) with { Before = 16 });
            head.AddRange(
                clauses
                    .Where(block => block.Outline == 0)
                    .Select(block => new PrintBlock(block.Label, [.. block.Words.Select(word => (word.Text, false))])
                    {
                        Indent = Math.Max(36, block.Indent),
                        After = 2,
                        PageOf = block,
                    })
            );
        }

        return [.. head, .. clauses];
    }

    private static IEnumerable<PrintBlock> Clause(Clause clause, int depth, ClauseNumbers numbers, WordLevels levels)
    {
        var label = numbers.LabelOf(clause.Id);
        var (at, text) = levels.Place(depth);
        var labelAt = at * PointsPerTwip;
        var indent =
            clause.IsNumbered ? text * PointsPerTwip
            : depth == 0 ? 0
            : levels.Place(depth - 1).Text * PointsPerTwip;
        if (clause.Heading.Length > 0)
        {
            yield return Heading(label, clause.Heading, labelAt, indent) with
            {
                Size = depth == 0 ? 12 : 11,
                Before = depth == 0 ? 16 : 8,
                IsItalic = depth > 1,
                Outline = depth,
                Clause = clause.Id,
                Words = [(clause.Heading.ReplaceLineEndings(" "), depth < 2)],
                IsLabelBold = depth < 2,
            };
            label = "";
        }

        if (clause.Text.Length == 0 && (clause.Heading.Length > 0 || label.Length == 0))
        {
            yield break;
        }

        foreach (var line in numbers.Write(clause.Text).ReplaceLineEndings("\n").Split('\n'))
        {
            yield return new PrintBlock(label, [(line, false)]) { LabelAt = labelAt, Indent = indent };
            label = "";
        }
    }

    private static PrintBlock Heading(string label, string text, double labelAt, double indent) =>
        new(label, [(text, true)])
        {
            Size = 12,
            LabelAt = labelAt,
            Indent = indent,
            IsLabelBold = true,
            After = 6,
            KeepsWithNext = true,
        };

    private static PrintBlock Detail(LaidOutParagraph detail)
    {
        var parts = detail.Text.Slice(0, detail.Text.Text.Length).ToList();
        return new PrintBlock(parts[0].Text, [(string.Concat(parts.Skip(1).Select(part => part.Text)).Trim(), false)])
        {
            IsLabelBold = true,
            Indent = 2268 * PointsPerTwip,
            After = 3,
        };
    }

    private static PrintBlock Block(string label, StyledText text) =>
        new(
            label,
            [
                .. text.Slice(0, text.Text.Length)
                    .Select(part => (part.Text, part.Style is LetterStyle.PartyName or LetterStyle.PartyRole)),
            ]
        );
}

/// <summary>The fonts in use, and how wide their letters are: asked once each. Not safe for concurrent use.</summary>
internal sealed class PrintFonts
{
    private readonly Dictionary<(double Size, bool IsBold, bool IsItalic), XFont> _fonts = [];
    private readonly Dictionary<(bool IsBold, bool IsItalic, string Letter), double> _widths = [];
    private readonly XGraphics _measure = XGraphics.CreateMeasureContext(
        new XSize(1000, 1000),
        XGraphicsUnit.Point,
        XPageDirection.Downwards
    );

    public XFont Get(double size, bool isBold, bool isItalic)
    {
        if (!_fonts.TryGetValue((size, isBold, isItalic), out var font))
        {
            var style =
                isBold ? XFontStyleEx.Bold
                : isItalic ? XFontStyleEx.Italic
                : XFontStyleEx.Regular;
            _fonts[(size, isBold, isItalic)] = font = new XFont(SerifFonts.Family, size, style);
        }

        return font;
    }

    public double Width(string text, double size, bool isBold, bool isItalic)
    {
        var width = 0.0;
        foreach (var rune in text.EnumerateRunes())
        {
            var letter = rune.ToString();
            if (!_widths.TryGetValue((isBold, isItalic, letter), out var own))
            {
                // Per thousand of the size: letters are not kerned, so widths add up.
                own = _measure.MeasureString(letter, Get(1000, isBold, isItalic)).Width;
                _widths[(isBold, isItalic, letter)] = own;
            }

            width += own * size / 1000;
        }

        return width;
    }
}
