using System.Text.Json;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.Erasing;

/// <summary>How an erasure stands.</summary>
public static class ErasureState
{
    /// <summary>It begins at its time, and can be taken back until then.</summary>
    public const string Ordered = "ordered";
    public const string Erasing = "erasing";

    /// <summary>Everything is gone; what was on its way when it began is looked for once more.</summary>
    public const string Settling = "settling";
    public const string Done = "done";
    public const string Cancelled = "cancelled";
}

/// <summary>Who orders the erasure of an organisation.</summary>
/// <param name="Name">Of an operator; null for an owner, whose name goes with the organisation.</param>
internal sealed record ErasureOrder(string Kind, Guid? Id, string? Name)
{
    public const string Operator = "operator";
    public const string Owner = "owner";
}

/// <summary>One erasure, as the database keeps it.</summary>
internal sealed record ErasureRow(
    Guid ErasureId,
    Guid OrganizationId,
    byte[] NameHash,
    string State,
    string OrderedByKind,
    Guid? OrderedById,
    string? OrderedByName,
    DateTimeOffset OrderedAt,
    DateTimeOffset BeginsAt,
    DateTimeOffset? BegunAt,
    DateTimeOffset? EndedAt,
    int? BackupsKeptDays,
    string? WaitingFor,
    string Counts,
    long? AuditSeq,
    byte[]? AuditHash,
    string? Receipt,
    DateTimeOffset? AmendedAt,
    bool IsUnsigned
)
{
    public ErasureCounts ReadCounts() => JsonSerializer.Deserialize<ErasureCounts>(Counts, ErasureCounts.Json)!;
}

/// <summary>What was erased.</summary>
/// <param name="Tables">Rows by table.</param>
/// <param name="Stores">What else was kept where.</param>
public sealed record ErasureCounts(
    IReadOnlyDictionary<string, long> Tables,
    IReadOnlyDictionary<string, ErasedStore> Stores
)
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
}

/// <param name="Count">Files, keys, lines or indexes.</param>
/// <param name="Bytes">Their size, where it is known; else 0.</param>
/// <param name="AtLeast">
/// Whether more went than was counted: the work was interrupted between erasing and counting.
/// </param>
public sealed record ErasedStore(long Count, long Bytes, bool AtLeast = false);

/// <summary>The doors that erase. Safe for concurrent use.</summary>
internal sealed class ErasureStore(Doors doors)
{
    private const string OrderSql =
        "SELECT door_order_erasure(@id, @tenant, @name, @kind, @by, @byName, @now, @begins, @keptDays)";

    private const string CancelSql = "SELECT door_cancel_erasure(@tenant, @kind, @now)";

    private const string BeginSql = "SELECT * FROM door_begin_erasure(@id, @now, @subject, @text)";

    private const string EraseSql = "SELECT gone FROM door_erase_rows(@id, @most)";

    private const string IsNewestSql = "SELECT erasure_id = @id FROM door_erasures(NULL, @tenant, NULL, 1)";
    private const string IsErasedSql = "SELECT door_is_erased(@tenant)";

    private const string CountSql = "SELECT 1 FROM door_count_erased(@id, @place, @things, @size)";

    private const string OpenSql = "SELECT 1 FROM door_open_place(@id, @place)";

    private const string AmendSql = "SELECT 1 FROM door_amend_erasure(@id, @receipt)";

    private const string WaitSql = "SELECT 1 FROM door_erasure_waits(@id, @what)";

    private const string SettleSql = "SELECT 1 FROM door_settle_erasure(@id)";

    private const string EndSql = "SELECT door_end_erasure(@id, @ended, @receipt)";

    private const string ListSql = "SELECT * FROM door_erasures(@id, @tenant, @after, @most)";

    private const string KindSql = "SELECT ordered_by_kind FROM door_erasures(NULL, @tenant, NULL, 1)";

    /// <summary>How an erasure stands, once what is due has begun.</summary>
    public sealed record Standing(Guid OrganizationId, string State, DateTimeOffset BeginsAt);

    /// <summary><c>ordered</c>, or why not; in the transaction that puts the work into the queue.</summary>
    public static async Task<string> OrderAsync(
        TenantSession session,
        Guid id,
        Guid tenant,
        string name,
        ErasureOrder order,
        DateTimeOffset now,
        DateTimeOffset begins,
        int? keptDays,
        CancellationToken cancellationToken
    ) =>
        (
            await session.QueryAsync<string>(
                OrderSql,
                new
                {
                    id,
                    tenant,
                    name,
                    kind = order.Kind,
                    by = order.Id,
                    byName = order.Name,
                    now,
                    begins,
                    keptDays,
                },
                cancellationToken
            )
        ).Single();

    /// <summary><c>cancelled</c>, or why not; in the caller's transaction.</summary>
    public static async Task<string> CancelAsync(
        TenantSession session,
        Guid tenant,
        string kind,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) =>
        (
            await session.QueryAsync<string>(
                CancelSql,
                new
                {
                    tenant,
                    kind,
                    now,
                },
                cancellationToken
            )
        ).Single();

    /// <summary>Whether an owner ordered the newest of an organisation.</summary>
    public static async Task<bool> IsNewestOfOwnerAsync(
        TenantSession session,
        Guid tenant,
        CancellationToken cancellationToken
    ) => await session.FindAsync<string>(KindSql, new { tenant }, cancellationToken) == ErasureOrder.Owner;

    /// <summary>Begins what is due; null when there is no such erasure.</summary>
    /// <param name="letter">What who owned it hears when it is done, where an owner ordered it; null for nothing.</param>
    public Task<Standing?> BeginAsync(
        Guid id,
        DateTimeOffset now,
        OwnerLetter? letter,
        CancellationToken cancellationToken
    ) =>
        doors.FindAsync<Standing>(
            BeginSql,
            new
            {
                id,
                now,
                subject = letter?.Subject,
                text = letter?.Text,
            },
            cancellationToken
        );

    /// <summary>Deletes some rows of one table and answers how many; 0 when there are none left.</summary>
    public async Task<long> EraseRowsAsync(Guid id, int most, CancellationToken cancellationToken) =>
        (await doors.QueryAsync<long>(EraseSql, new { id, most }, cancellationToken)).SingleOrDefault();

    /// <summary>Ahead of erasing a place: a count that is lost with the server shows as "at least".</summary>
    public Task OpenPlaceAsync(Guid id, string place, CancellationToken cancellationToken) =>
        doors.QueryAsync<int>(OpenSql, new { id, place }, cancellationToken);

    /// <summary>Keeps the receipt that was signed anew.</summary>
    public Task AmendAsync(Guid id, string receipt, CancellationToken cancellationToken) =>
        doors.QueryAsync<int>(AmendSql, new { id, receipt }, cancellationToken);

    public Task CountAsync(Guid id, string place, long things, long size, CancellationToken cancellationToken) =>
        doors.QueryAsync<int>(
            CountSql,
            new
            {
                id,
                place,
                things,
                size,
            },
            cancellationToken
        );

    /// <param name="what">Null when it waits for nothing any more.</param>
    public Task WaitsAsync(Guid id, string? what, CancellationToken cancellationToken) =>
        doors.QueryAsync<int>(WaitSql, new { id, what }, cancellationToken);

    /// <summary>Whether it is gone or going, and did not come in again.</summary>
    public async Task<bool> IsErasedAsync(Guid tenant, CancellationToken cancellationToken) =>
        (await doors.QueryAsync<bool>(IsErasedSql, new { tenant }, cancellationToken)).Single();

    /// <summary>Whether it came in again after that erasure, and has another one since.</summary>
    public async Task<bool> IsErasedAnewAsync(Guid id, Guid tenant, CancellationToken cancellationToken) =>
        (await doors.QueryAsync<bool>(IsNewestSql, new { id, tenant }, cancellationToken)) is [false];

    public Task SettleAsync(Guid id, CancellationToken cancellationToken) =>
        doors.QueryAsync<int>(SettleSql, new { id }, cancellationToken);

    /// <summary>Keeps the receipt; false when another server did.</summary>
    public async Task<bool> EndAsync(
        Guid id,
        DateTimeOffset ended,
        string receipt,
        CancellationToken cancellationToken
    ) =>
        (
            await doors.QueryAsync<bool>(
                EndSql,
                new
                {
                    id,
                    ended,
                    receipt,
                },
                cancellationToken
            )
        ).Single();

    public async Task<ErasureRow?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        (await ListAsync(id, null, null, 1, cancellationToken)).SingleOrDefault();

    /// <summary>The organisation's newest.</summary>
    public async Task<ErasureRow?> NewestAsync(Guid tenant, CancellationToken cancellationToken) =>
        (await ListAsync(null, tenant, null, 1, cancellationToken)).SingleOrDefault();

    /// <summary>Newest first.</summary>
    public Task<IReadOnlyList<ErasureRow>> ListAsync(
        Guid? id,
        Guid? tenant,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    ) =>
        doors.QueryAsync<ErasureRow>(
            ListSql,
            new
            {
                id,
                tenant,
                after,
                most,
            },
            cancellationToken
        );
}
