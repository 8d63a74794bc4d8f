using System.Buffers.Binary;
using PdfSharp.Fonts;

namespace Chancery.Contracts.Printing;

/// <summary>The one typeface of printed contracts, from this assembly: no font of the machine is used.</summary>
internal sealed class SerifFonts : IFontResolver
{
    public const string Family = "Liberation Serif";

    private static readonly Lock Once = new();
    private static readonly HashSet<int> Letters = ReadLetters(Load("LiberationSerif-Regular.ttf"));

    /// <summary>PDFsharp asks one resolver in a process; whichever is there first stays.</summary>
    public static void Use()
    {
        lock (Once)
        {
            GlobalFontSettings.FontResolver ??= new SerifFonts();
        }
    }

    public static bool Has(int character) => Letters.Contains(character);

    public FontResolverInfo? ResolveTypeface(string familyName, bool isBold, bool isItalic) =>
        new(
            isBold ? "LiberationSerif-Bold.ttf"
            : isItalic ? "LiberationSerif-Italic.ttf"
            : "LiberationSerif-Regular.ttf"
        );

    public byte[]? GetFont(string faceName) => Load(faceName);

    private static byte[] Load(string name)
    {
        using var stream =
            typeof(SerifFonts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The font {name} is not in the assembly.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The characters of the font's <c>cmap</c> of format 4: those of the basic plane, which is all that it has.</summary>
    private static HashSet<int> ReadLetters(byte[] font)
    {
        var letters = new HashSet<int>();
        var map = TableAt(font, "cmap"u8);
        for (var i = 0; i < Word(font, map + 2); i++)
        {
            var at = map + (int)BinaryPrimitives.ReadUInt32BigEndian(font.AsSpan(map + 4 + (i * 8) + 4));
            if (Word(font, at) != 4)
            {
                continue;
            }

            var segments = Word(font, at + 6) / 2;
            for (var segment = 0; segment < segments; segment++)
            {
                var last = Word(font, at + 14 + (segment * 2));
                var first = Word(font, at + 16 + (segments * 2) + (segment * 2));
                for (var letter = first; letter <= last && letter != 0xFFFF; letter++)
                {
                    letters.Add(letter);
                }
            }
        }

        return letters;
    }

    private static int TableAt(byte[] font, ReadOnlySpan<byte> tag)
    {
        for (var i = 0; i < Word(font, 4); i++)
        {
            var record = font.AsSpan(12 + (i * 16));
            if (record[..4].SequenceEqual(tag))
            {
                return (int)BinaryPrimitives.ReadUInt32BigEndian(record[8..]);
            }
        }

        throw new InvalidOperationException("The font has no such table.");
    }

    private static int Word(byte[] font, int at) => BinaryPrimitives.ReadUInt16BigEndian(font.AsSpan(at));
}
