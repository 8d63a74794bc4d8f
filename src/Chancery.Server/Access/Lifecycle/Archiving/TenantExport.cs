using System.Formats.Tar;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Server.Audit;
using Chancery.Server.Audit.Verifying;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Npgsql;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>What an export came to.</summary>
/// <param name="MissingFiles">Stored files that rows name and the disk does not have; the archive is whole but for them.</param>
public sealed record ExportTally(long Rows, long Files, long FileBytes, IReadOnlyList<string> MissingFiles);

/// <summary>
/// Writes everything of one organisation as a sealed archive, as it is read: neither memory nor disk ever holds all of it. Safe for
/// concurrent use.
/// </summary>
/// <remarks>
/// All rows are of one moment. Secrets that are sealed by the organisation's data key are opened and lie in the archive under its
/// passphrase alone, so that whoever takes it in can seal them by another key.
/// </remarks>
internal sealed class TenantExport(
    TenantDatabase database,
    BlobStore blobs,
    IDataKeys keys,
    IAuditKeys auditKeys,
    IEnumerable<SealedColumn> sealedColumns,
    ArchiveSeats seats,
    TimeProvider time
)
{
    // Rows of a page; then the writer waits for whoever reads the archive.
    private const int RowsAtOnce = 100;

    // The client reads as fast as it can, and PostgreSQL has to wait for it. Who stops reading is thrown out by the server long before.
    private const string WaitSql = "SET LOCAL idle_in_transaction_session_timeout = '10min'";
    private const string BriefSql = "SET LOCAL lock_timeout = '10s'";
    private const string IsErasedSql = "SELECT door_is_erased(@tenant)";
    private const string ReadOnlySql = "SET TRANSACTION READ ONLY";
    private const string UtcSql = "SET LOCAL timezone = 'UTC'";
    private const string NameSql = "SELECT name FROM tenants WHERE tenant_id = @tenant";
    private const string PrincipalsSql = "SELECT * FROM principals_of_private_rows()";

    private const string PeopleSql = """
        SELECT json_build_array(u.user_id::text, u.email, u.name, u.created_at::text)::text
        FROM memberships AS m JOIN users AS u ON u.user_id = m.user_id
        WHERE m.tenant_id = current_tenant()
        ORDER BY u.user_id
        """;

    private readonly BlobStore _blobs = blobs;
    private readonly ILookup<string, SealedColumn> _sealed = sealedColumns.ToLookup(column => column.Table);

    /// <summary>Null, and nothing written, when there is no such organisation.</summary>
    /// <param name="target">Takes the archive; nothing is written to it before it is known that there is one.</param>
    /// <exception cref="ArchiveException">As many archives as may be are being written or read (<see cref="ArchiveFault.Busy"/>).</exception>
    public async Task<ExportTally?> WriteAsync(
        TenantId tenant,
        string passphrase,
        Stream target,
        CancellationToken cancellationToken
    )
    {
        using var seat = seats.Take(tenant);
        await using var session = await database.OpenSnapshotAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        foreach (var sql in new[] { WaitSql, ReadOnlySql, UtcSql })
        {
            await session.ExecuteAsync(sql, null, cancellationToken);
        }

        await HoldOffAsync(session, cancellationToken);
        if (await session.FindAsync<string>(NameSql, new { tenant = tenant.Value }, cancellationToken) is not { } name)
        {
            return null;
        }

        using var seal = await Task.Run(() => ArchiveSeal.ForWriting(passphrase), cancellationToken);
        var shapes = await ArchiveSchema.ReadAsync(session, cancellationToken);
        var header = new ArchiveHeader(
            ArchiveFormat.Current,
            typeof(TenantExport).Assembly.GetName().Version!.ToString(3),
            time.GetUtcNow(),
            tenant.Value,
            name,
            await ArchiveSchema.MigrationsAsync(session, cancellationToken),
            [
                new ArchivedColumns(ArchiveFormat.People, ArchiveFormat.PeopleColumns),
                .. shapes.Select(shape => new ArchivedColumns(shape.Name, shape.Columns)),
            ],
            await SigningKeysAsync(session, cancellationToken)
        );
        await target.WriteAsync(seal.Header, cancellationToken);
        await using var sealing = new SealingStream(target, seal);
        var run = new Run(this, session, await keys.GetAsync(tenant, cancellationToken), sealing);
        await using (run.Tar)
        {
            await run.WriteAsync(header, shapes, cancellationToken);
        }

        await sealing.FinishAsync(cancellationToken);
        return run.Tally;
    }

    /// <summary>Until the session ends nothing of it is swept, or erased.</summary>
    /// <exception cref="ArchiveException">It is being erased, or was while the session began.</exception>
    private async Task HoldOffAsync(TenantSession session, CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync(BriefSql, null, cancellationToken);
            await session.ExecuteAsync(
                BlobSweep.HoldOffSql,
                new { tenant = session.Tenant.ToString() },
                cancellationToken
            );
        }
        catch (PostgresException held) when (held.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new ArchiveException(
                ArchiveFault.Busy,
                "The organisation's files are being swept, or it is being erased: try again in a minute.",
                held
            );
        }

        // The snapshot is older than the lock: what it shows may be gone since.
        await using var now = await database.OpenAsync(session.Tenant, cancellationToken);
        if (await now.FindAsync<bool>(IsErasedSql, new { tenant = session.Tenant.Value }, cancellationToken))
        {
            throw new ArchiveException(
                ArchiveFault.Busy,
                "The organisation is being erased: no archive of it is written."
            );
        }
    }

    private async Task<List<ArchivedKey>> SigningKeysAsync(TenantSession session, CancellationToken cancellationToken)
    {
        var found = new List<ArchivedKey>();
        var ids = await ImportedKeys.OfHeadsAsync(session, cancellationToken);
        foreach (var id in ids)
        {
            // One that came with the organisation itself is a row beside its record.
            using var key = await auditKeys.FindAsync(id, cancellationToken);
            if (key is not null)
            {
                found.Add(new ArchivedKey(id, key.ExportSubjectPublicKeyInfo()));
            }
        }

        return found;
    }

    /// <summary>What is read of a table: each row as a line, a JSON array of texts in the order of its columns.</summary>
    private static string RowsSql(ArchivedTableShape shape)
    {
        var replaced = ArchivedTableRule.Names(shape.Rule.Replaced);
        var values = shape.Columns.Select(column =>
            shape.Rule.As is { } other && other.Column == column ? $"({other.Sql})::text"
            : replaced.Contains(column) ? $"CASE WHEN t.{Quoted(column)} IS NOT NULL THEN '' END"
            : $"t.{Quoted(column)}::text"
        );
        var order = shape.Key.Count == 0 ? "1" : string.Join(", ", shape.Key.Select(column => $"t.{Quoted(column)}"));
        return $"""
            SELECT json_build_array({string.Join(", ", values)})::text
            FROM {Quoted(shape.Name)} AS t
            WHERE t.tenant_id = current_tenant() AND ({shape.Rule.Only ?? "true"})
            ORDER BY {order}
            """;
    }

    private static string FilesSql(ArchivedTableShape shape) =>
        $"""
            SELECT DISTINCT encode(t.{Quoted(shape.Rule.Files)}, 'hex')
            FROM {Quoted(shape.Name)} AS t
            WHERE t.tenant_id = current_tenant() AND t.{Quoted(shape.Rule.Files)} IS NOT NULL
            ORDER BY 1
            """;

    internal static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>One archive on its way. Not safe for concurrent use.</summary>
    private sealed class Run(TenantExport export, TenantSession session, byte[] dataKey, Stream sealing)
    {
        private readonly List<ArchivedTable> _tables = [];
        private readonly List<string> _missing = [];
        private long _files;
        private long _fileBytes;

        public TarWriter Tar { get; } = new(sealing, TarEntryFormat.Pax, leaveOpen: true);

        public ExportTally Tally => new(_tables.Sum(table => table.Rows), _files, _fileBytes, _missing);

        public async Task WriteAsync(
            ArchiveHeader header,
            IReadOnlyList<ArchivedTableShape> shapes,
            CancellationToken cancellationToken
        )
        {
            await AddAsync(ArchiveFormat.Header, header, cancellationToken);
            foreach (var shape in shapes.Where(shape => shape.Rule.Files.Length > 0))
            {
                await AddFilesAsync(shape, cancellationToken);
            }

            await AddTableAsync(ArchiveFormat.People, [(null, PeopleSql)], null, cancellationToken);
            var principals = await session.QueryAsync<Guid>(PrincipalsSql, null, cancellationToken);
            foreach (var shape in shapes)
            {
                var sql = RowsSql(shape);
                (Guid?, string)[] reads = shape.Rule.IsOfPrincipals
                    ? [.. principals.Select(principal => ((Guid?)principal, sql))]
                    : [(null, sql)];
                await AddTableAsync(shape.Name, reads, shape, cancellationToken);
            }

            await AddAsync(
                ArchiveFormat.Manifest,
                new ArchiveManifest(_tables, _files, _fileBytes, _missing),
                cancellationToken
            );
        }

        private async Task AddFilesAsync(ArchivedTableShape shape, CancellationToken cancellationToken)
        {
            await foreach (var sha256 in ReadAsync(FilesSql(shape), cancellationToken))
            {
                try
                {
                    await using var file = await export._blobs.OpenAsync(
                        session.Tenant,
                        Convert.FromHexString(sha256),
                        cancellationToken
                    );
                    var size = file.Length;
                    await AddAsync(ArchiveFormat.Files + sha256, file, cancellationToken);
                    _files++;
                    _fileBytes += size;
                }
                catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
                {
                    _missing.Add(sha256);
                }
            }
        }

        private async Task AddTableAsync(
            string name,
            IEnumerable<(Guid? Principal, string Sql)> reads,
            ArchivedTableShape? shape,
            CancellationToken cancellationToken
        )
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var part = new MemoryStream();
            var (rows, parts) = (0L, 0);
            foreach (var (principal, sql) in reads)
            {
                await session.ActForAsync(principal, cancellationToken);
                await foreach (var row in ReadAsync(sql, cancellationToken))
                {
                    var line = Encoding.UTF8.GetBytes((shape is null ? row : Opened(shape, row)) + "\n");
                    hash.AppendData(line);
                    part.Write(line);
                    rows++;
                    if (part.Length >= ArchiveFormat.PartBytes)
                    {
                        await FlushAsync();
                    }
                }
            }

            await FlushAsync();
            await session.ActForAsync(null, cancellationToken);
            _tables.Add(new ArchivedTable(name, rows, Convert.ToHexStringLower(hash.GetHashAndReset())));

            async Task FlushAsync()
            {
                if (part.Length > 0)
                {
                    part.Position = 0;
                    await AddAsync(ArchiveFormat.PartName(name, ++parts), part, cancellationToken);
                    part.SetLength(0);
                }
            }
        }

        /// <summary>The row with its secrets opened.</summary>
        private string Opened(ArchivedTableShape shape, string row)
        {
            if (!export._sealed.Contains(shape.Name))
            {
                return row;
            }

            var values = JsonSerializer.Deserialize<string?[]>(row)!;
            foreach (var column in export._sealed[shape.Name])
            {
                var at = shape.IndexOf(column.Column);
                if (values[at] is { } kept)
                {
                    var id = column.IdColumn is null ? "" : values[shape.IndexOf(column.IdColumn)]!;
                    values[at] = BytesText.Of(column.Open(BytesText.Parse(kept), dataKey, session.Tenant, id));
                }
            }

            return JsonSerializer.Serialize(values);
        }

        // By a cursor: a statement that waited for whoever reads the archive would run into its time limit.
        private async IAsyncEnumerable<string> ReadAsync(
            string sql,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            await session.ExecuteAsync($"DECLARE archived NO SCROLL CURSOR FOR {sql}", null, cancellationToken);
            var fetch = string.Create(CultureInfo.InvariantCulture, $"FETCH FORWARD {RowsAtOnce} FROM archived");
            while (await session.QueryAsync<string>(fetch, null, cancellationToken) is { Count: > 0 } page)
            {
                foreach (var row in page)
                {
                    yield return row;
                }
            }

            await session.ExecuteAsync("CLOSE archived", null, cancellationToken);
        }

        private async Task AddAsync<T>(string name, T content, CancellationToken cancellationToken)
            where T : class
        {
            if (content is Stream stream)
            {
                await Tar.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = stream },
                    cancellationToken
                );
                return;
            }

            using var text = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(content, ArchiveFormat.Json));
            await AddAsync<Stream>(name, text, cancellationToken);
        }
    }
}

/// <summary>Bytes as PostgreSQL writes them.</summary>
internal static class BytesText
{
    public static string Of(ReadOnlySpan<byte> bytes) => "\\x" + Convert.ToHexStringLower(bytes);

    /// <exception cref="FormatException">It is no such text.</exception>
    public static byte[] Parse(string text) =>
        text.StartsWith("\\x", StringComparison.Ordinal)
            ? Convert.FromHexString(text.AsSpan(2))
            : throw new FormatException("Bytes are written as \\x and hexadecimal digits.");
}
