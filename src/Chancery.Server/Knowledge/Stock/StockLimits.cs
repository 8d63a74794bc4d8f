using Chancery.Server.Access;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Quotas;
using Chancery.Server.Limits.Status;
using Chancery.Server.Platform.Database;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Stock;

/// <summary>A document or file that there is no room for.</summary>
/// <param name="Used">What there is without it.</param>
internal sealed record NoRoom(LimitName Limit, long Most, long Used)
{
    public ProblemHttpResult ToProblem() => QuotaProblem.Of(Limit, Most, Used, resetsAt: null);
}

/// <summary>
/// How many documents an organisation has, and how much its files take, against what its plan says. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A document counts until it is deleted, its files until they are gone for good, each version for itself. What the operator brings in
/// on the machine is counted and not refused.
/// </remarks>
internal sealed class StockLimits(LimitBook book, TenantDatabase database) : ILimitReadings
{
    // Whoever adds something waits for whoever adds something, so that no two take the last place.
    private const string LockSql =
        "SELECT pg_advisory_xact_lock(hashtextextended('chancery.stock/' || current_tenant()::text, 0))";

    private const string CountSql = "SELECT documents, file_bytes FROM door_stock()";

    /// <summary>
    /// In the transaction that adds them, after everything that is there has been locked, and before they are added: what has no room.
    /// </summary>
    /// <param name="documents">How many more.</param>
    /// <param name="bytes">How much more.</param>
    public async Task<NoRoom?> CheckAsync(
        TenantSession session,
        int documents,
        long bytes,
        CancellationToken cancellationToken
    )
    {
        var limits = await book.OfAsync(session, cancellationToken);
        var (mostDocuments, mostBytes) = (limits.Of(LimitNames.Documents), limits.Of(LimitNames.StorageBytes));
        if ((mostDocuments is null || documents == 0) && (mostBytes is null || bytes == 0))
        {
            return null;
        }

        await session.ExecuteAsync(LockSql, null, cancellationToken);
        var stock = await session.FindAsync<Row>(CountSql, null, cancellationToken);
        return documents > 0 && mostDocuments is { } many && stock!.Documents + documents > many
                ? new NoRoom(LimitNames.Documents, many, stock.Documents)
            : bytes > 0 && mostBytes is { } much && stock!.FileBytes + bytes > much
                ? new NoRoom(LimitNames.StorageBytes, much, stock.FileBytes)
            : null;
    }

    public async Task<IReadOnlyList<LimitReading>> OfAsync(
        Principal principal,
        TenantLimits limits,
        CancellationToken cancellationToken
    )
    {
        var (documents, bytes) = (limits.Of(LimitNames.Documents), limits.Of(LimitNames.StorageBytes));
        if (documents is null && bytes is null)
        {
            return [];
        }

        await using var session = await database.OpenAsync(principal, cancellationToken);
        var stock = await session.FindAsync<Row>(CountSql, null, cancellationToken);
        var readings = new List<LimitReading>(2);
        if (documents is { } many)
        {
            readings.Add(LimitReading.Of(LimitNames.Documents, many, stock!.Documents));
        }

        if (bytes is { } much)
        {
            readings.Add(LimitReading.Of(LimitNames.StorageBytes, much, stock!.FileBytes));
        }

        return readings;
    }

    private sealed record Row(long Documents, long FileBytes);
}
