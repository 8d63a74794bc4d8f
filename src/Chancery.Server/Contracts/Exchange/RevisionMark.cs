using System.Globalization;

namespace Chancery.Server.Contracts.Exchange;

/// <summary>What an exported Word file says of the revision that it was made of. It says it to everybody, and is no secret.</summary>
internal static class RevisionMark
{
    public static string Of(Guid contract, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{contract:D}/{number}");

    /// <summary>Null where it names another contract, or nothing that can be a revision.</summary>
    public static int? NumberOf(string? mark, Guid contract) =>
        mark?.Split('/') is [var id, var number]
        && Guid.TryParseExact(id, "D", out var named)
        && named == contract
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        && value > 0
            ? value
            : null;
}
