using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Guards.Injection;

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

    /// <summary>Without characters that nobody sees, also where they are written as escapes.</summary>
    public static string WithoutInvisible(string text)
    {
        var visible = InvisibleText.Remove(text);
        return visible.Contains('\\', StringComparison.Ordinal)
            ? Units()
                .Replace(
                    visible,
                    match =>
                    {
                        if (match.ValueSpan[1] != 'u')
                        {
                            return match.Value;
                        }

                        var letters = Undo(match.Value);
                        var seen = InvisibleText.Remove(letters);
                        return seen.Length == letters.Length
                            ? match.Value
                            : string.Concat(
                                seen.Select(c => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"))
                            );
                    }
                )
            : visible;
    }

    // An escaped backslash takes what follows it out of an escape.
    [GeneratedRegex("""\\(?:[^u]|(?:u[0-9a-fA-F]{4})(?:\\u[0-9a-fA-F]{4})*)""", RegexOptions.CultureInvariant)]
    private static partial Regex Units();

    [GeneratedRegex("""\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})""", RegexOptions.CultureInvariant)]
    private static partial Regex Escape();
}
