using System.Globalization;
using Chancery.Contracts.Word;
using PdfSharp.Drawing;
using PdfSharp.Pdf;

namespace Chancery.Contracts.Printing;

/// <summary>A contract as a PDF with its fonts inside. Safe for concurrent use.</summary>
public static class ContractPdfWriter
{
    private const double Margin = PageShape.Margin / 20.0;

    // As the Word file's lines: the font's own height, and an eighth.
    private const double LineHeight = 1.29;

    // PDFsharp keeps its fonts in the process and does not promise that two threads may make them.
    private static readonly Lock OneAtATime = new();

    /// <param name="output">Need not be seekable; stays open.</param>
    public static PrintedContract Write(ContractText contract, PdfOptions options, Stream output)
    {
        lock (OneAtATime)
        {
            SerifFonts.Use();
            var shape = PageShape.Of(options.Paper ?? PageShape.PaperOf(contract.Language));
            var (width, height) = (shape.Width / 20.0, shape.Height / 20.0);
            var fonts = new PrintFonts();
            var lines = new PrintLines(fonts);
            var placed = Place(PrintBlocks.Of(contract, options.TableOfContents), lines, width, height);
            var pages = placed.Count == 0 ? 1 : placed[^1].Page + 1;

            using var document = new PdfDocument();
            document.Info.Title = contract.Title;
            document.Info.Creator = "Chancery";
            document.Info.Author = options.Author ?? "";
            document.Language = PageShape.RegionalTag(contract.Language);
            for (var page = 0; page < pages; page++)
            {
                var sheet = document.AddPage();
                sheet.Width = XUnit.FromPoint(width);
                sheet.Height = XUnit.FromPoint(height);
            }

            Outline(document, placed);
            for (var page = 0; page < pages; page++)
            {
                using var graphics = XGraphics.FromPdfPage(document.Pages[page]);
                var sheet = new Sheet(graphics, fonts, lines, width, height);
                sheet.Furniture(contract, page, pages);
                foreach (var line in placed.Where(line => line.Page == page))
                {
                    sheet.Draw(line, placed);
                }
            }

            using var buffer = new MemoryStream();
            document.Save(buffer, closeStream: false);
            buffer.Position = 0;
            buffer.CopyTo(output);
            return new PrintedContract(pages, lines.Missing);
        }
    }

    /// <summary>On which page, from 1, each clause with a heading begins in a print with contents.</summary>
    internal static Dictionary<Guid, int> PagesOf(ContractText contract, PaperSize? paper)
    {
        lock (OneAtATime)
        {
            SerifFonts.Use();
            var shape = PageShape.Of(paper ?? PageShape.PaperOf(contract.Language));
            var lines = new PrintLines(new PrintFonts());
            var pages = new Dictionary<Guid, int>();
            foreach (
                var line in Place(
                    PrintBlocks.Of(contract, hasContents: true),
                    lines,
                    shape.Width / 20.0,
                    shape.Height / 20.0
                )
            )
            {
                if (line.Block.Clause is { } clause)
                {
                    pages.TryAdd(clause, line.Page + 1);
                }
            }

            return pages;
        }
    }

    private static List<PlacedLine> Place(List<PrintBlock> blocks, PrintLines lines, double width, double height)
    {
        List<PlacedLine> placed = [];
        var page = 0;
        var y = Margin;
        var (bottom, textWidth) = (height - Margin, width - (2 * Margin));
        for (var i = 0; i < blocks.Count; i++)
        {
            var block = blocks[i];
            // Room for a page number at the end of a line of the contents.
            var broken = lines.Break(block, textWidth - block.Indent - (block.PageOf is null ? 0 : 40));
            var step = block.Size * LineHeight;
            var needed = (block.KeepsWithNext ? broken.Count : Math.Min(broken.Count, 2)) * step;
            for (var next = i; next + 1 < blocks.Count && blocks[next].KeepsWithNext && next < i + 4; next++)
            {
                needed += blocks[next].After + blocks[next + 1].Before + (2 * blocks[next + 1].Size * LineHeight);
            }

            // Of what two paragraphs ask for between them the larger is given, as in Word.
            y += y > Margin && i > 0 ? Math.Max(0, block.Before - blocks[i - 1].After) : 0;
            if (y > Margin && y + needed > bottom)
            {
                (page, y) = (page + 1, Margin);
            }

            for (var line = 0; line < broken.Count; line++)
            {
                if (y + step > bottom)
                {
                    (page, y) = (page + 1, Margin);
                }

                placed.Add(
                    new PlacedLine(block, broken[line], page, y + block.Size, line == 0, line == broken.Count - 1)
                );
                y += step;
            }

            y += block.After;
        }

        return placed;
    }

    private static void Outline(PdfDocument document, List<PlacedLine> placed)
    {
        PdfOutline? above = null;
        foreach (var line in placed.Where(line => line is { IsFirst: true, Block.Outline: 0 or 1 }))
        {
            var text = $"{line.Block.Label} {string.Concat(line.Block.Words.Select(word => word.Text))}".Trim();
            var page = document.Pages[line.Page];
            if (line.Block.Outline == 0 || above is null)
            {
                above = document.Outlines.Add(text, page, opened: true);
            }
            else
            {
                above.Outlines.Add(text, page, opened: true);
            }
        }
    }

    /// <param name="Baseline">From the top of the page.</param>
    private sealed record PlacedLine(
        PrintBlock Block,
        List<PrintedPiece> Pieces,
        int Page,
        double Baseline,
        bool IsFirst,
        bool IsLast
    );

    private sealed class Sheet(XGraphics graphics, PrintFonts fonts, PrintLines lines, double width, double height)
    {
        private static readonly XBrush Grey = new XSolidBrush(XColor.FromArgb(0x59, 0x59, 0x59));

        public void Furniture(ContractText contract, int page, int pages)
        {
            const double size = 8.5;
            var words = ContractWords.In(contract.Language);
            var foot = string.Create(CultureInfo.InvariantCulture, $"{words.Page} {page + 1} {words.Of} {pages}");
            var wide = fonts.Width(foot, size, false, false);
            graphics.DrawString(foot, fonts.Get(size, false, false), Grey, (width - wide) / 2, height - 35);
            if (page > 0)
            {
                var title = lines.Shown(contract.Title);
                var own = fonts.Width(title, size, false, false);
                graphics.DrawString(
                    title,
                    fonts.Get(size, false, false),
                    Grey,
                    Math.Max(Margin, width - Margin - own),
                    44
                );
            }
        }

        public void Draw(PlacedLine line, List<PlacedLine> placed)
        {
            var block = line.Block;
            if (line.IsFirst && block.Label.Length > 0)
            {
                Write(block.Label, Margin + block.LabelAt, line.Baseline, block, block.IsLabelBold, isItalic: false);
            }

            var wide = line.Pieces.Count == 0 ? 0 : line.Pieces[^1].At + WidthOf(line.Pieces[^1], block);
            var start = block.IsCentered ? (width - wide) / 2 : Margin + block.Indent;
            foreach (var piece in line.Pieces)
            {
                Write(piece.Text.TrimEnd(), start + piece.At, line.Baseline, block, piece.IsBold, block.IsItalic);
            }

            if (line.IsLast && block.HasRule)
            {
                var y = line.Baseline + 16;
                graphics.DrawLine(new XPen(XColors.Gray, 0.6), Margin, y, width - Margin, y);
            }

            if (line.IsLast && block.PageOf is { } target)
            {
                var page = placed.Find(at => ReferenceEquals(at.Block, target))!.Page + 1;
                var number = page.ToString(CultureInfo.InvariantCulture);
                Write(
                    number,
                    width - Margin - fonts.Width(number, block.Size, false, false),
                    line.Baseline,
                    block,
                    false,
                    false
                );
                Leader(start + wide + 4, width - Margin - 24, line.Baseline);
            }
        }

        private void Leader(double from, double to, double y)
        {
            var pen = new XPen(XColors.Gray, 0.7) { DashStyle = XDashStyle.Dot };
            if (to > from)
            {
                graphics.DrawLine(pen, from, y, to, y);
            }
        }

        private double WidthOf(PrintedPiece piece, PrintBlock block) =>
            fonts.Width(piece.Text.TrimEnd(), block.Size, piece.IsBold, block.IsItalic);

        private void Write(string text, double x, double y, PrintBlock block, bool isBold, bool isItalic)
        {
            if (text.Length > 0)
            {
                graphics.DrawString(text, fonts.Get(block.Size, isBold, isItalic), XBrushes.Black, x, y);
            }
        }
    }
}
