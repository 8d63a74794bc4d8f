using System.Security.Cryptography;

namespace Chancery.Evaluation.Judging;

/// <summary>A word that no text of a prompt contains, so that none of them can end the part that it stands in.</summary>
internal static class UntrustedText
{
    /// <summary>128 random bits in hexadecimal, drawn again until no part contains them in whatever case.</summary>
    public static string Boundary(IReadOnlyCollection<string> parts)
    {
        string boundary;
        do
        {
            boundary = RandomNumberGenerator.GetHexString(32, lowercase: true);
        } while (parts.Any(part => part.Contains(boundary, StringComparison.OrdinalIgnoreCase)));

        return boundary;
    }

    public static string Enclose(string name, string text, string boundary) =>
        $"<<{name} {boundary}>>\n{text}\n<<end {name} {boundary}>>";
}
