namespace Chancery.Contracts.Word;

/// <summary>
/// The hidden bookmark around a clause: what references point to, and what tells its id when a file comes back from Word.
/// </summary>
internal static class ClauseBookmark
{
    private const string Prefix = "_c";

    /// <summary>Where a moved clause stood: a name may occur once.</summary>
    private const string Left = "_left";

    public static string Of(Guid clause) => $"{Prefix}{clause:N}";

    public static string WhereItStood(Guid clause) => Of(clause) + Left;

    /// <summary>The clause that a bookmark of ours names; null for any other.</summary>
    public static Guid? Read(string name)
    {
        var bare = name.EndsWith(Left, StringComparison.Ordinal) ? name.AsSpan(0, name.Length - Left.Length) : name;
        return
            bare.StartsWith(Prefix, StringComparison.Ordinal)
            && Guid.TryParseExact(bare[Prefix.Length..], "N", out var id)
            ? id
            : null;
    }
}
