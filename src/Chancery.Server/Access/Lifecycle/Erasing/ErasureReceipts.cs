using System.Text.Json;
using Chancery.Server.Audit;

namespace Chancery.Server.Access.Lifecycle.Erasing;

/// <summary>
/// Writes the receipt of an erasure: a compact JWS by the key that signs heads of records, whose public part is at
/// <c>/.well-known/audit-keys.json</c>. Safe for concurrent use.
/// </summary>
internal sealed class ErasureReceipts(IAuditSigner signer, AccessSettings settings)
{
    /// <summary>The <c>typ</c> of its header.</summary>
    public const string Type = "chancery-erasure-receipt+jwt";

    public ValueTask<string> SignAsync(ErasureRow row, DateTimeOffset ended, CancellationToken cancellationToken)
    {
        var counts = row.ReadCounts();
        return signer.SignAsync(
            Type,
            json =>
            {
                json.WriteString("iss", settings.PublicUrl);
                json.WriteString("jti", row.ErasureId);
                json.WriteNumber("iat", (row.AmendedAt ?? ended).ToUnixTimeSeconds());
                json.WriteString("organization_id", row.OrganizationId);
                json.WriteString("name_sha256", Convert.ToHexStringLower(row.NameHash));
                json.WriteString("ordered_by", row.OrderedByKind);
                if (row.OrderedById is { } by)
                {
                    json.WriteString("ordered_by_id", by);
                }

                json.WriteString("ordered_at", row.OrderedAt);
                json.WriteString("begun_at", row.BegunAt ?? row.BeginsAt);
                json.WriteString("ended_at", ended);
                if (row.AmendedAt is { } amended)
                {
                    json.WriteString("amended_at", amended);
                }

                json.WriteStartObject("tables");
                foreach (var (table, rows) in counts.Tables.OrderBy(one => one.Key, StringComparer.Ordinal))
                {
                    json.WriteNumber(table, rows);
                }

                json.WriteEndObject();
                json.WriteStartObject("stores");
                foreach (var (place, store) in counts.Stores.OrderBy(one => one.Key, StringComparer.Ordinal))
                {
                    json.WriteStartObject(place);
                    json.WriteNumber("count", store.Count);
                    json.WriteNumber("bytes", store.Bytes);
                    if (store.AtLeast)
                    {
                        json.WriteBoolean("at_least", true);
                    }

                    json.WriteEndObject();
                }

                json.WriteEndObject();
                if (row is { AuditSeq: { } seq, AuditHash: { } hash })
                {
                    json.WriteStartObject("record");
                    json.WriteNumber("seq", seq);
                    json.WriteString("hash", Convert.ToHexStringLower(hash));
                    json.WriteEndObject();
                }

                WriteBackups(json, row, ended);
            },
            cancellationToken
        );
    }

    // Archives lie where the operator put them: the server says what it can, that those of before hold the organisation.
    private static void WriteBackups(Utf8JsonWriter json, ErasureRow row, DateTimeOffset ended)
    {
        // What came late and went later may be in archives that were made between.
        var last = row.AmendedAt ?? ended;
        json.WriteStartObject("backups");
        json.WriteString("made_before", last);
        if (row.BackupsKeptDays is { } days)
        {
            json.WriteString("expire_at", last.AddDays(days));
        }

        json.WriteEndObject();
    }
}
