using System.Globalization;

namespace Chancery.Server.Access;

/// <summary>One page of a list, ordered by id.</summary>
/// <param name="NextCursor">Give it as <c>cursor</c> for the next page; absent on the last one.</param>
public sealed record Listing<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>Cursors over ids, which sort by time.</summary>
internal static class Listing
{
    public const int DefaultLimit = 50;

    /// <summary>Whether <paramref name="cursor"/> is one of ours; none means the first page.</summary>
    public static bool TryParse(string? cursor, out Guid? after)
    {
        after = null;
        if (string.IsNullOrEmpty(cursor))
        {
            return true;
        }

        if (!Guid.TryParseExact(cursor, "N", out var id))
        {
            return false;
        }

        after = id;
        return true;
    }

    /// <summary>Cuts <paramref name="rows"/>, of which one more than the limit was asked for.</summary>
    public static Listing<TView> Of<TRow, TView>(
        IReadOnlyList<TRow> rows,
        int limit,
        Func<TRow, TView> view,
        Func<TRow, Guid> id
    ) =>
        new(
            [.. rows.Take(limit).Select(view)],
            rows.Count > limit ? id(rows[limit - 1]).ToString("N", CultureInfo.InvariantCulture) : null
        );
}
