using System.Text;
using Chancery.Documents;

namespace Chancery.Server.Contracts.Exchange;

/// <summary>
/// Pages, or the parts that a text without pages is cut into, as the one text that <see cref="Chancery.Contracts.Reading.ContractTextReader"/>
/// reads: parts with the line ends that stood between them, pages with a form feed.
/// </summary>
internal sealed class JoinedPages
{
    private readonly StringBuilder _text = new();

    /// <summary>The line of the file in which the text so far ends; 0 where its format has none.</summary>
    private int _lastLine;

    public int Length => _text.Length;

    public void Add(DocumentPage page)
    {
        if (_text.Length > 0)
        {
            _text.Append(Between(page));
        }

        _text.Append(page.Text);
        _lastLine = page.Blocks is [.., { Row: > 0 } last]
            ? last.Row + page.Text.AsSpan(last.Start, last.Length).Count('\n')
            : 0;
    }

    public override string ToString() => _text.ToString();

    private string Between(DocumentPage next)
    {
        if (next.Width > 0)
        {
            return "\n\f";
        }

        return (_lastLine, next.Blocks) switch
        {
            (> 0, [{ Row: > 0 } first, ..]) when first.Row > _lastLine => new string('\n', first.Row - _lastLine),
            // A line that was too long for one part.
            (> 0, [{ Row: > 0 }, ..]) => " ",
            _ => "\n\n",
        };
    }
}
