using System.Buffers.Text;
using System.Text;

namespace Chancery.Documents;

/// <summary>
/// Reads what <c>pdftotext -bbox-layout</c> writes, a page at a time. Not an XML reader: poppler passes on characters that
/// XML forbids, and one of them must not cost the document.
/// </summary>
internal sealed class BboxScanner(Stream source, int firstPage)
{
    /// <summary>A page with more words is made to exhaust memory, not to be read.</summary>
    private const int MaxWordsPerPage = 250_000;
    private const int MaxTokenBytes = 1_000_000;

    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private int _nextPage = firstPage;

    /// <summary>The next page, or null at the end of the output.</summary>
    /// <exception cref="DocumentUnreadableException">The page is larger than any real one.</exception>
    public async ValueTask<RawPage?> ReadPageAsync(CancellationToken cancellationToken)
    {
        float width = 0;
        float height = 0;
        var inPage = false;
        var wordCount = 0;
        var blocks = new List<RawBlock>();
        var lines = new List<RawLine>();
        var words = new List<RawWord>();

        while (await ReadTagAsync(cancellationToken) is { } tag)
        {
            switch (tag.Kind)
            {
                case Tag.Page:
                    (width, height) = (tag.Extent.Left, tag.Extent.Top);
                    inPage = true;
                    break;
                case Tag.Word when inPage:
                    if (++wordCount > MaxWordsPerPage)
                    {
                        throw Failures.PageTooLarge(_nextPage);
                    }

                    if (TextCleaner.CleanWord(tag.Text) is { Length: > 0 } text && IsOnPaper(tag.Extent))
                    {
                        words.Add(new RawWord(text, tag.Extent));
                    }

                    break;
                case Tag.LineEnd when words.Count > 0:
                    lines.Add(
                        new RawLine(Extent.Around(words.Select(word => word.Extent)), RightToLeft.Order([.. words]))
                    );
                    words.Clear();
                    break;
                case Tag.BlockEnd when lines.Count > 0:
                    blocks.Add(new RawBlock(Extent.Around(lines.Select(line => line.Extent)), [.. lines]));
                    lines.Clear();
                    break;
                case Tag.PageEnd when inPage:
                    return new RawPage(_nextPage++, width, height, blocks);
                default:
                    break;
            }
        }

        return null;
    }

    private static bool IsOnPaper(Extent extent) => extent.Width > 0 && extent.Height > 0;

    private async ValueTask<ScannedTag?> ReadTagAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(out var tag))
            {
                return tag;
            }

            if (_start > 0)
            {
                Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length)
            {
                if (_buffer.Length >= MaxTokenBytes)
                {
                    throw Failures.PageTooLarge(_nextPage);
                }

                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            _end += read;
        }
    }

    /// <summary>Takes one tag, with the text that follows it when it opens a word. False: more bytes are needed.</summary>
    private bool TryTake(out ScannedTag tag)
    {
        tag = default;
        var unread = _buffer.AsSpan(_start, _end - _start);
        var open = unread.IndexOf((byte)'<');
        if (open < 0)
        {
            _start = _end;
            return false;
        }

        var close = unread[open..].IndexOf((byte)'>');
        if (close < 0)
        {
            return false;
        }

        var name = unread.Slice(open + 1, close - 1);
        var after = open + close + 1;
        if (name.StartsWith("word "u8))
        {
            // Poppler escapes '<' in words, so the next one ends it.
            var length = unread[after..].IndexOf((byte)'<');
            if (length < 0)
            {
                return false;
            }

            tag = new ScannedTag(Tag.Word, ParseExtent(name), Unescape(unread.Slice(after, length)));
            _start += after + length;
            return true;
        }

        tag =
            name.SequenceEqual("/line"u8) ? new ScannedTag(Tag.LineEnd, default, "")
            : name.SequenceEqual("/block"u8) ? new ScannedTag(Tag.BlockEnd, default, "")
            : name.StartsWith("page "u8) ? new ScannedTag(Tag.Page, ParseExtent(name), "")
            : name.SequenceEqual("/page"u8) ? new ScannedTag(Tag.PageEnd, default, "")
            : default;
        _start += after;
        return true;
    }

    /// <summary>The numbers between quotes, in their order, up to four.</summary>
    private static Extent ParseExtent(ReadOnlySpan<byte> attributes)
    {
        Span<float> numbers = stackalloc float[4];
        for (var i = 0; i < numbers.Length; i++)
        {
            var quote = attributes.IndexOf((byte)'"');
            if (quote < 0)
            {
                break;
            }

            attributes = attributes[(quote + 1)..];
            // A broken matrix gives "nan", "inf" or numbers no page has.
            numbers[i] =
                Utf8Parser.TryParse(attributes, out float number, out _) && float.IsFinite(number)
                    ? Math.Clamp(number, -20_000, 20_000)
                    : 0;
            var end = attributes.IndexOf((byte)'"');
            attributes = end < 0 ? default : attributes[(end + 1)..];
        }

        return new Extent(numbers[0], numbers[1], numbers[2], numbers[3]);
    }

    private static string Unescape(ReadOnlySpan<byte> utf8)
    {
        var text = Encoding.UTF8.GetString(utf8);
        return text.Contains('&', StringComparison.Ordinal)
            ? text.Replace("&lt;", "<", StringComparison.Ordinal)
                .Replace("&gt;", ">", StringComparison.Ordinal)
                .Replace("&quot;", "\"", StringComparison.Ordinal)
                .Replace("&apos;", "'", StringComparison.Ordinal)
                .Replace("&#39;", "'", StringComparison.Ordinal)
                .Replace("&amp;", "&", StringComparison.Ordinal)
            : text;
    }

    private enum Tag
    {
        Other,
        Page,
        PageEnd,
        BlockEnd,
        LineEnd,
        Word,
    }

    private readonly record struct ScannedTag(Tag Kind, Extent Extent, string Text);
}
