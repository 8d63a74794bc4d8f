using System.Globalization;
using System.Text;

namespace Chancery.Documents;

/// <summary>Reads the table that <c>tesseract … tsv</c> writes, an image at a time.</summary>
internal sealed class TesseractTable(Stream source)
{
    private const int MaxWords = 250_000;
    private const int MaxLineBytes = 64 * 1024;
    private const int ImageLevel = 1;
    private const int ParagraphLevel = 3;
    private const int LineLevel = 4;
    private const int WordLevel = 5;

    /// <summary>Below it are the words that tesseract sees in photographs, stains and ruled lines.</summary>
    private const float LeastConfidence = 35;

    /// <summary>Lone marks are mostly dirt.</summary>
    private const float LeastConfidenceOfMarks = 70;

    private readonly byte[] _buffer = new byte[MaxLineBytes];
    private int _start;
    private int _end;
    private Row? _opening;

    /// <summary>The next image's words, or null at the end.</summary>
    /// <exception cref="DocumentUnreadableException">What comes is no such table, or a larger one than any page has.</exception>
    public async ValueTask<RecognisedImage?> ReadImageAsync(CancellationToken cancellationToken)
    {
        var words = new List<RecognisedWord>();
        var (line, paragraph) = (0, 0);
        while (_opening is null)
        {
            if (await ReadLineAsync(cancellationToken) is not { } first)
            {
                return null;
            }

            _opening = Row.Parse(first) is { Level: ImageLevel } opening ? opening : null;
        }

        var image = _opening;
        _opening = null;
        while (await ReadLineAsync(cancellationToken) is { } next)
        {
            switch (Row.Parse(next))
            {
                case { Level: ImageLevel } opening:
                    _opening = opening;
                    return Image();
                case { Level: ParagraphLevel }:
                    paragraph++;
                    break;
                case { Level: LineLevel }:
                    line++;
                    break;
                case { Level: WordLevel } row when IsWord(row, out var text):
                    if (words.Count == MaxWords)
                    {
                        throw Failures.PageTooLarge(image.Page);
                    }

                    words.Add(new RecognisedWord(text, row.Box, line, paragraph, row.Confidence));
                    break;
                default:
                    break;
            }
        }

        return Image();

        RecognisedImage Image() => new(image.Page, (int)image.Box.Width, (int)image.Box.Height, words);
    }

    private static bool IsWord(Row row, out string text)
    {
        text = TextCleaner.CleanWord(row.Text);
        return text.Length > 0
            && row.Box is { Width: > 0, Height: > 0 }
            && row.Confidence >= (text.Any(char.IsLetterOrDigit) ? LeastConfidence : LeastConfidenceOfMarks);
    }

    private async ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, _start, length);
                _start += length + 1;
                return line;
            }

            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            (_start, _end) = (0, _end - _start);
            if (_end == _buffer.Length)
            {
                throw Failures.PageTooLarge(1);
            }

            var read = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            _end += read;
        }
    }

    private sealed record Row(int Level, int Page, Extent Box, float Confidence, string Text)
    {
        private const int Columns = 12;

        /// <summary>Null for the heading, and for what is no row.</summary>
        public static Row? Parse(string line)
        {
            var cells = line.Split('\t');
            return
                cells.Length == Columns
                && TryInt(cells[0], out var level)
                && TryInt(cells[1], out var page)
                && TryInt(cells[6], out var left)
                && TryInt(cells[7], out var top)
                && TryInt(cells[8], out var width)
                && TryInt(cells[9], out var height)
                && float.TryParse(cells[10], CultureInfo.InvariantCulture, out var confidence)
                ? new Row(level, page, new Extent(left, top, left + width, top + height), confidence, cells[11])
                : null;
        }

        private static bool TryInt(string cell, out int value) =>
            int.TryParse(cell, CultureInfo.InvariantCulture, out value) && value is >= 0 and <= 1_000_000;
    }
}
