using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Access.Lifecycle.Erasing;

/// <summary>The erasure of one organisation, and in the end its receipt.</summary>
/// <param name="NameSha256">
/// SHA-256 of the organisation's id and name, one behind the other, in hex: the receipt tells whose it is to those who know the name.
/// </param>
/// <param name="State">
/// <c>ordered</c>: it can be taken back. <c>erasing</c> and <c>settling</c>: under way. <c>done</c>: nothing is left. <c>cancelled</c>: it
/// was taken back.
/// </param>
/// <param name="OrderedBy"><c>operator</c> or <c>owner</c>.</param>
/// <param name="OrderedByName">Of an operator; owners are named by their id.</param>
/// <param name="EndedAt">When it was done, or taken back.</param>
/// <param name="AmendedAt">
/// When something that was still on its way when it was done was last found and removed; it is counted, and the receipt signed anew.
/// </param>
/// <param name="BackupsMadeBefore">
/// Archives that were made before then may still hold the organisation; none was being made at that moment.
/// </param>
/// <param name="BackupsExpireAt">When those are gone, as far as whoever ordered it said how long they are kept.</param>
/// <param name="WaitingFor">What cannot be reached just now, <c>redis</c>, or has to end first: <c>backup</c>, an archive of the installation or of the organisation that
/// is being written. It goes on by itself.</param>
/// <param name="Tables">Rows that were deleted, by table.</param>
/// <param name="Stores">What was erased beside the database.</param>
/// <param name="RecordSeq">The number of the last entry of its record that was erased.</param>
/// <param name="RecordHash">That entry's hash, in hex.</param>
/// <param name="Receipt">
/// All of this, signed by the installation: a compact JWS (ES256) of the type <c>chancery-erasure-receipt+jwt</c>, whose key is at
/// <c>/.well-known/audit-keys.json</c>.
/// </param>
public sealed record Erasure(
    Guid Id,
    Guid OrganizationId,
    string NameSha256,
    [property: OneOf("ErasureState", "ordered", "erasing", "settling", "done", "cancelled")] string State,
    [property: OneOf("ErasureOrderedBy", "operator", "owner")] string OrderedBy,
    Guid? OrderedById,
    string? OrderedByName,
    DateTimeOffset OrderedAt,
    DateTimeOffset BeginsAt,
    DateTimeOffset? BegunAt,
    DateTimeOffset? EndedAt,
    DateTimeOffset? AmendedAt,
    DateTimeOffset? BackupsMadeBefore,
    DateTimeOffset? BackupsExpireAt,
    string? WaitingFor,
    IReadOnlyDictionary<string, long> Tables,
    IReadOnlyDictionary<string, ErasedStore> Stores,
    long? RecordSeq,
    string? RecordHash,
    string? Receipt
)
{
    internal static Erasure Of(ErasureRow row)
    {
        var counts = row.ReadCounts();
        var done = row.State == ErasureState.Done ? row.AmendedAt ?? row.EndedAt : null;
        return new Erasure(
            row.ErasureId,
            row.OrganizationId,
            Convert.ToHexStringLower(row.NameHash),
            row.State,
            row.OrderedByKind,
            row.OrderedById,
            row.OrderedByName,
            row.OrderedAt,
            row.BeginsAt,
            row.BegunAt,
            row.EndedAt,
            row.AmendedAt,
            done,
            row.BackupsKeptDays is { } days ? done?.AddDays(days) : null,
            row.WaitingFor,
            counts.Tables,
            counts.Stores,
            row.AuditSeq,
            row.AuditHash is { } hash ? Convert.ToHexStringLower(hash) : null,
            row.Receipt
        );
    }
}
