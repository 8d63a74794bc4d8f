using System.Globalization;
using System.Text;

namespace Chancery.Search.Engine.Lexical;

/// <summary>Terms as a dictionary holds them: UTF-8, and of bounded length however long a word is.</summary>
internal static class IndexTerm
{
    private const int Longest = 64;
    private const int KeptOfLonger = 47;

    /// <summary>At most this many bytes.</summary>
    public const int MaxBytes = Longest * 3;

    /// <summary>A word too long is its beginning and a hash of all of it, the same in every process.</summary>
    public static string Of(string term)
    {
        if (term.Length <= Longest)
            return term;

        // FNV-1a, 64 bits.
        var hash = 0xCBF29CE484222325UL;
        foreach (var c in term)
            hash = (hash ^ c) * 0x100000001B3UL;
        return string.Create(CultureInfo.InvariantCulture, $"{term.AsSpan(0, KeptOfLonger)}~{hash:x16}");
    }

    public static byte[] Bytes(string term) => Encoding.UTF8.GetBytes(Of(term));
}
