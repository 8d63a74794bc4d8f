using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Chancery.Server.Knowledge;

/// <summary>Where the next page of a list begins that is sorted by a name: after that name.</summary>
internal static class NameCursor
{
    private const int MaxBytes = 1024;

    public static string Of(string name) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(name));

    /// <summary>No text is the first page; false for a text that no list gave out.</summary>
    public static bool TryParse(string? text, out string? after)
    {
        after = null;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        Span<byte> bytes = stackalloc byte[MaxBytes];
        // The Try… form throws for a character that it does not know.
        if (
            text.Length > MaxBytes
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done
            || !System.Text.Unicode.Utf8.IsValid(bytes[..written])
            || bytes[..written].Contains((byte)0)
        )
        {
            return false;
        }

        after = Encoding.UTF8.GetString(bytes[..written]);
        return true;
    }
}
