using System.Globalization;
using System.Text;

namespace Chancery.Documents;

/// <summary>A page as shades of grey, in the format that poppler writes and tesseract reads (PGM).</summary>
internal sealed class PageRaster
{
    /// <summary>A page of A4 at 300 dots an inch; what is larger is drawn coarser, so that no paper is too large.</summary>
    public const int LongestSide = 3508;

    private const int DotsPerInch = 300;
    private const int PointsPerInch = 72;
    private const int MaxHeaderBytes = 64;

    /// <summary>Paper and the grain of a scanner; the faintest print is darker than its paper by more.</summary>
    private const int LeastContrast = 24;

    private readonly byte[] _file;
    private readonly int _pixels;

    private PageRaster(byte[] file, int pixels, int width, int height)
    {
        _file = file;
        _pixels = pixels;
        (Width, Height) = (width, height);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Nothing is drawn on it.</summary>
    public bool IsBlank
    {
        get
        {
            var (darkest, lightest) = (byte.MaxValue, byte.MinValue);
            foreach (var shade in _file.AsSpan(_pixels))
            {
                darkest = Math.Min(darkest, shade);
                lightest = Math.Max(lightest, shade);
            }

            return lightest - darkest < LeastContrast;
        }
    }

    /// <summary>As a file.</summary>
    public Stream Open() => new MemoryStream(_file, writable: false);

    /// <summary>Pixels of the longer side for a page of that size in points.</summary>
    public static int SideFor(float width, float height) =>
        (int)Math.Clamp(Math.Max(width, height) / PointsPerInch * DotsPerInch, 32, LongestSide);

    /// <summary>The same page upside down.</summary>
    public PageRaster Turned()
    {
        var file = _file.AsSpan().ToArray();
        file.AsSpan(_pixels).Reverse();
        return new PageRaster(file, _pixels, Width, Height);
    }

    /// <summary>Null where this is no such picture, or none of a size that was asked for.</summary>
    public static async Task<PageRaster?> ReadAsync(Stream source, CancellationToken cancellationToken)
    {
        var header = new byte[MaxHeaderBytes];
        var read = await source.ReadAtLeastAsync(header, MaxHeaderBytes, throwOnEndOfStream: false, cancellationToken);
        if (!TryParse(header.AsSpan(0, read), out var width, out var height, out var pixels))
        {
            return null;
        }

        var file = new byte[pixels + (width * height)];
        var known = Math.Min(read, file.Length);
        header.AsSpan(0, known).CopyTo(file);
        var rest = file.AsMemory(known);
        return
            await source.ReadAtLeastAsync(rest, rest.Length, throwOnEndOfStream: false, cancellationToken)
            == rest.Length
            ? new PageRaster(file, pixels, width, height)
            : null;
    }

    /// <summary>"P5", width, height and the value of white, each ended by white space; then the pixels.</summary>
    private static bool TryParse(ReadOnlySpan<byte> header, out int width, out int height, out int pixels)
    {
        (width, height, pixels) = (0, 0, 0);
        Span<Range> fields = stackalloc Range[5];
        var text = Encoding.ASCII.GetString(header).Replace('\n', ' ');
        if (text.AsSpan().Split(fields, ' ') < 5 || text[fields[0]] != "P5" || text[fields[3]] != "255")
        {
            return false;
        }

        pixels = fields[3].End.Value + 1;
        return int.TryParse(text[fields[1]], NumberStyles.None, CultureInfo.InvariantCulture, out width)
            && int.TryParse(text[fields[2]], NumberStyles.None, CultureInfo.InvariantCulture, out height)
            && width is > 0 and <= LongestSide + 1
            && height is > 0 and <= LongestSide + 1;
    }
}
