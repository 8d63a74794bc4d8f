using System.Globalization;
using System.Text.RegularExpressions;

namespace Chancery.Server.Answers.Writing;

/// <summary>Reads what JSON escapes in a text that need be no JSON as a whole.</summary>
internal static partial class JsonEscapes
{
    public static string Undo(string text) =>
        text.Contains('\\', StringComparison.Ordinal)
            ? Escape()
                .Replace(
                    text,
                    match =>
                        match.ValueSpan[1] switch
                        {
                            'u' => (
                                (char)
                                    ushort.Parse(
                                        match.ValueSpan[2..],
                                        NumberStyles.HexNumber,
                                        CultureInfo.InvariantCulture
                                    )
                            ).ToString(),
                            'n' => "\n",
                            'r' => "\r",
                            't' => "\t",
                            'b' or 'f' => " ",
                            var c => c.ToString(),
                        }
                )
            : text;

    [GeneratedRegex("""\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})""", RegexOptions.CultureInvariant)]
    private static partial Regex Escape();
}
