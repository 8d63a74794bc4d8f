using System.Globalization;
using Chancery.Server.Access;

namespace Chancery.Server.Evaluation;

/// <summary>Where the next page of a list begins that is ordered by numbers: after this one.</summary>
internal static class NumberCursor
{
    /// <summary>Null text is the first page; false for a text that no list gave out.</summary>
    public static bool TryParse(string? cursor, out int after)
    {
        after = 0;
        return string.IsNullOrEmpty(cursor)
            || int.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after);
    }

    /// <param name="rows">One more than the limit was asked for.</param>
    public static Listing<T> Page<T>(IReadOnlyList<T> rows, int limit, Func<T, int> number) =>
        new(
            [.. rows.Take(limit)],
            rows.Count > limit ? number(rows[limit - 1]).ToString(CultureInfo.InvariantCulture) : null
        );
}
