using System.Text;

namespace Chancery.Documents;

/// <summary>Turns poppler's blocks into text that reads naturally: reading order, table rows, paragraphs, headings.</summary>
/// <remarks>A page's result depends on that page alone, so that a resumed run gives the same pages.</remarks>
internal sealed class PageComposer
{
    private readonly RawPage _page;
    private readonly StringBuilder _text = new();
    private readonly List<WordBox> _words = [];
    private readonly List<TextBlock> _blocks = [];
    private readonly HeadingRules _headings;
    private readonly Hyphenation _hyphenation;

    private readonly CancellationToken _cancellationToken;

    private PageComposer(RawPage page, CancellationToken cancellationToken)
    {
        _page = page;
        _cancellationToken = cancellationToken;
        _headings = new HeadingRules(page);
        _hyphenation = new Hyphenation(page);
    }

    /// <param name="cancellationToken">Ends it within milliseconds: a page can be drawn to take hours.</param>
    public static DocumentPage Compose(RawPage page, CancellationToken cancellationToken) =>
        new PageComposer(WideLeading.Join(page, cancellationToken), cancellationToken).Compose();

    private DocumentPage Compose()
    {
        var units = PageUnits.Order(_page, _cancellationToken);
        for (var i = 0; i < units.Count; i++)
        {
            if (units[i].IsTable)
            {
                AppendTable(units[i]);
            }
            else
            {
                AppendProse(units[i].Blocks[0], i + 1 < units.Count ? units[i + 1] : null);
            }
        }

        return new DocumentPage(_page.Number, _text.ToString(), _page.Width, _page.Height, _words, _blocks);
    }

    private void AppendTable(PageUnit unit)
    {
        var rows = TableRows.Of(unit.Blocks.SelectMany(block => block.Lines));
        var start = BeginBlock();
        foreach (var row in rows)
        {
            if (_text.Length > start)
            {
                _text.Append('\n');
            }

            for (var i = 0; i < row.Count; i++)
            {
                if (i > 0)
                {
                    _text.Append(TableRows.Separator(row[i - 1], row[i]));
                }

                AppendWord(row[i].Text, row[i].Extent);
            }
        }

        // One row is not a table, only two things that stand side by side.
        EndBlock(rows.Count > 1 ? BlockKind.Table : BlockKind.Paragraph, start, 0);
    }

    private void AppendProse(RawBlock block, PageUnit? next)
    {
        var paragraphs = Paragraphs.Split(block);
        for (var index = 0; index < paragraphs.Count; index++)
        {
            var lines = paragraphs[index];
            var announces =
                lines.Count == 1
                && index + 1 < paragraphs.Count
                && Paragraphs.Announces(lines[0], paragraphs[index + 1][0], block);
            announces |= index == paragraphs.Count - 1 && next is not null && Paragraphs.Captions(lines, next);
            var start = BeginBlock();
            for (var i = 0; i < lines.Count; i++)
            {
                AppendLine(lines[i], i + 1 < lines.Count ? lines[i + 1] : null, block);
            }

            var text = _text.ToString(start, _text.Length - start);
            var level = _headings.LevelOf(text, lines, announces);
            if (level > 0)
            {
                EndBlock(BlockKind.Heading, start, level);
            }
            else
            {
                var isItem = Paragraphs.StartsItem(lines[0]);
                EndBlock(isItem ? BlockKind.ListItem : BlockKind.Paragraph, start, isItem ? 1 : 0);
            }
        }
    }

    private void AppendLine(RawLine line, RawLine? next, RawBlock block)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        for (var i = 0; i < line.Words.Count; i++)
        {
            var word = line.Words[i];
            var isLast = i == line.Words.Count - 1;
            if (i > 0)
            {
                _text.Append(' ');
            }

            if (isLast && next is not null)
            {
                var join = _hyphenation.Decide(word.Text, next.Words[0].Text);
                AppendWord(join is LineJoin.DropHyphen ? word.Text[..^1] : word.Text, word.Extent);
                if (join is LineJoin.Space)
                {
                    _text.Append(Paragraphs.IsDeliberateBreak(line, next, block) ? '\n' : ' ');
                }
            }
            else
            {
                AppendWord(isLast ? word.Text.TrimEnd(TextCleaner.SoftHyphen) : word.Text, word.Extent);
            }
        }
    }

    private void AppendWord(string text, Extent extent)
    {
        if (text.Length == 0)
        {
            return;
        }

        _words.Add(new WordBox(_text.Length, text.Length, extent.Left, extent.Top, extent.Width, extent.Height));
        _text.Append(text);
    }

    private int BeginBlock()
    {
        if (_text.Length > 0)
        {
            _text.Append("\n\n");
        }

        return _text.Length;
    }

    private void EndBlock(BlockKind kind, int start, int level) =>
        _blocks.Add(new TextBlock(kind, start, _text.Length - start, level));
}
