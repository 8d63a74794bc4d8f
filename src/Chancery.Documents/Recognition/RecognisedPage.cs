using System.Buffers;

namespace Chancery.Documents;

/// <summary>Makes pages of recognised words: upright, with even lines, then composed like pages of any PDF.</summary>
internal static class RecognisedPage
{
    // What letters reach of a line, as shares of its size. Boxes are of ink, so that "so" is half as high as "Spy".
    private const float Whole = 0.95f;
    private const float Risen = 0.73f;
    private const float Hung = 0.72f;
    private const float Low = 0.51f;
    private const float Depth = 0.22f;
    private const float LineHeight = 1.15f;

    private const string Rising = "bdfhiklt";
    private static readonly SearchValues<char> Hanging = SearchValues.Create("gjpqy,;Q()[]{}$/");

    /// <param name="width">Of the page in points, as the image shows it.</param>
    /// <param name="isTurned">Whether the image showed the page upside down.</param>
    /// <param name="cancellationToken">Ends it within milliseconds.</param>
    public static DocumentPage Compose(
        int number,
        RecognisedImage image,
        float width,
        float height,
        bool isTurned,
        CancellationToken cancellationToken
    )
    {
        var scale = width / image.Width;
        var turn = DirectionOf(image.Words);
        var sideways = turn is not Turn.None;
        var upright = image
            .Words.Select(word => word with { Box = Turned(Scaled(word.Box, scale), turn, width, height) })
            .ToList();
        var (uprightWidth, uprightHeight) = sideways ? (height, width) : (width, height);

        var raw = new RawPage(number, uprightWidth, uprightHeight, Blocks(upright));
        var page = PageComposer.Compose(raw, cancellationToken);
        return page with
        {
            Width = width,
            Height = height,
            Words = [.. page.Words.Select(Back)],
            IsRecognised = page.Text.Length > 0,
        };

        WordBox Back(WordBox word)
        {
            var box = new Extent(word.X, word.Y, word.X + word.Width, word.Y + word.Height);
            box = Turned(box, Opposite(turn), uprightWidth, uprightHeight);
            box = isTurned ? Turned(box, Turn.Half, width, height) : box;
            return word with { X = box.Left, Y = box.Top, Width = box.Width, Height = box.Height };
        }
    }

    /// <summary>An image as people see it once it was turned.</summary>
    public static RecognisedImage Turned(RecognisedImage image, Turn turn)
    {
        var words = image.Words.Select(word => word with { Box = Turned(word.Box, turn, image.Width, image.Height) });
        return turn is Turn.None ? image
            : turn is Turn.Half ? image with { Words = [.. words] }
            : image with { Width = image.Height, Height = image.Width, Words = [.. words] };
    }

    private static List<RawBlock> Blocks(List<RecognisedWord> words)
    {
        var blocks = new List<RawBlock>();
        foreach (var paragraph in words.GroupBy(word => word.Paragraph))
        {
            var lines = paragraph.GroupBy(word => word.Line).Select(line => LineOf([.. line])).ToList();
            blocks.Add(new RawBlock(Extent.Around(lines.Select(line => line.Extent)), lines));
        }

        return blocks;
    }

    /// <summary>Gives a line the height that it has on paper, whichever letters stand on it and however askew it lies.</summary>
    private static RawLine LineOf(IReadOnlyList<RecognisedWord> words)
    {
        var sizes = words.Select(word => word.Box.Height / Share(word.Text)).Order().ToList();
        var size = sizes[sizes.Count / 2];
        var raw = words
            .Select(word =>
            {
                var bottom = word.Box.Bottom + (Hangs(word.Text) ? 0 : Depth * size);
                return new RawWord(word.Text, word.Box with { Top = bottom - (LineHeight * size), Bottom = bottom });
            })
            .ToList();
        var bottoms = raw.Select(word => word.Extent.Bottom).Order().ToList();
        var middle = bottoms[bottoms.Count / 2];
        var around = Extent.Around(raw.Select(word => word.Extent));
        return new RawLine(around with { Top = middle - (LineHeight * size), Bottom = middle }, raw);
    }

    private static float Share(string word) =>
        (word.Any(Rises), Hangs(word)) switch
        {
            (true, true) => Whole,
            (true, false) => Risen,
            (false, true) => Hung,
            _ => Low,
        };

    // Letters of other scripts are about as high as capitals.
    private static bool Rises(char letter) =>
        char.IsUpper(letter)
        || char.IsDigit(letter)
        || letter > '\u024F'
        || Rising.Contains(letter, StringComparison.Ordinal);

    private static bool Hangs(string word) => word.AsSpan().IndexOfAny(Hanging) >= 0;

    /// <summary>Whether most words follow each other across the page, down it, or up it.</summary>
    private static Turn DirectionOf(IReadOnlyList<RecognisedWord> words)
    {
        var (across, down, up) = (0, 0, 0);
        for (var i = 1; i < words.Count; i++)
        {
            if (words[i].Line != words[i - 1].Line)
            {
                continue;
            }

            var (one, other) = (words[i - 1].Box, words[i].Box);
            var (right, below) = (MathF.Abs(other.Left - one.Left), other.Top - one.Top);
            across += right >= MathF.Abs(below) ? 1 : 0;
            down += below > right ? 1 : 0;
            up += -below > right ? 1 : 0;
        }

        return across >= down + up ? Turn.None
            : down > up ? Turn.Down
            : Turn.Up;
    }

    private static Extent Scaled(Extent box, float scale) =>
        new(box.Left * scale, box.Top * scale, box.Right * scale, box.Bottom * scale);

    /// <summary>A box as it stands once the page is turned so that its lines run across.</summary>
    /// <param name="width">Of the page before.</param>
    private static Extent Turned(Extent box, Turn turn, float width, float height) =>
        turn switch
        {
            Turn.Down => new Extent(box.Top, width - box.Right, box.Bottom, width - box.Left),
            Turn.Up => new Extent(height - box.Bottom, box.Left, height - box.Top, box.Right),
            Turn.Half => new Extent(width - box.Right, height - box.Bottom, width - box.Left, height - box.Top),
            _ => box,
        };

    private static Turn Opposite(Turn turn) =>
        turn switch
        {
            Turn.Down => Turn.Up,
            Turn.Up => Turn.Down,
            _ => turn,
        };
}
