using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Chancery.Server.Platform.Secrets;
using Npgsql;

namespace Chancery.Server.Platform.Backup;

/// <summary>What a backup came to.</summary>
/// <param name="Missing">Stored files that rows name and the disk does not have; the archive is whole but for them.</param>
public sealed record BackupResult(
    string File,
    long Bytes,
    BackupHeader Header,
    BackupManifest Manifest,
    IReadOnlyList<string> Missing
);

/// <summary>Writes the archive of an installation that may be running.</summary>
/// <remarks>
/// Everything is read in one snapshot. Stored files never change and are named by their content, so it is enough that none
/// that the snapshot names is swept while they are copied. They stay encrypted as they lie, under keys that only the master
/// key unwraps.
/// </remarks>
public sealed class BackupWriter(
    InstallationDatabase database,
    MasterKey masterKey,
    string version,
    IReadOnlyList<BackupPart> parts
)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes beside <paramref name="target"/> and moves it there when it is whole and on the disk.</summary>
    /// <param name="target">Must not exist.</param>
    /// <param name="withMasterKey">Puts the master key in, so that whoever has the archive can read it.</param>
    /// <exception cref="BackupException">It cannot be made; nothing of it is left.</exception>
    public async Task<BackupResult> WriteAsync(
        string target,
        bool withMasterKey,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(target))!;
        var draft = Path.Combine(directory, $".{Path.GetFileName(target)}.{Guid.CreateVersion7():n}.part");
        await RefuseForeignKeyAsync(cancellationToken);
        try
        {
            BackupResult result;
            await using (var file = Create(draft))
            {
                result = await WriteAsync(file, directory, withMasterKey, progress, cancellationToken);
                file.Flush(flushToDisk: true);
                result = result with { File = Path.GetFullPath(target), Bytes = file.Length };
            }

            File.Move(draft, target, overwrite: false);
            return result;
        }
        finally
        {
            File.Delete(draft);
        }
    }

    private async Task<BackupResult> WriteAsync(
        FileStream file,
        string directory,
        bool withMasterKey,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        await using var snapshot = await SnapshotConnection.OpenAsync(
            database.OwnerConnectionString,
            cancellationToken
        );
        var tools = await PostgresTools.FindAsync(snapshot.ServerMajor, cancellationToken);
        var salt = BackupKeys.NewSalt();
        using var keys = new BackupKeys(masterKey, salt);
        using var members = new MemberList(directory);
        await using var archive = new ArchiveWriter(file, members, snapshot.TakenAt);

        var header = await HeaderAsync(snapshot, salt, keys.Check, withMasterKey, cancellationToken);
        await archive.AddAsync(BackupFormat.Header, JsonSerializer.SerializeToUtf8Bytes(header, BackupFormat.Json));
        var revisions = await RevisionsAsync(snapshot, cancellationToken);
        var tables = await snapshot.TablesAsync(progress, cancellationToken);
        var (dumpParts, dumpBytes) = await DumpAsync(snapshot, tools, keys, archive, progress, cancellationToken);
        var (blobs, blobBytes, missing) = await BlobsAsync(snapshot, archive, progress, cancellationToken);
        if (withMasterKey)
        {
            await archive.AddAsync(BackupFormat.MasterKey, masterKey.Export());
        }

        var manifest = new BackupManifest(
            BackupFormat.Current,
            dumpParts,
            dumpBytes,
            blobs,
            blobBytes,
            members.Count,
            members.Sha256,
            tables,
            revisions
        );
        var text = JsonSerializer.SerializeToUtf8Bytes(manifest, BackupFormat.Json);
        await archive.FinishAsync(text, keys.Sign(text), cancellationToken);
        return new BackupResult("", 0, header, manifest, missing);
    }

    private async Task<BackupHeader> HeaderAsync(
        SnapshotConnection snapshot,
        string salt,
        string keyCheck,
        bool withMasterKey,
        CancellationToken cancellationToken
    )
    {
        var migrations = new List<string>();
        await foreach (var row in snapshot.ReadAsync("SELECT name FROM migrations ORDER BY name", cancellationToken))
        {
            migrations.Add(row.GetString(0));
        }

        var extensions = new List<string>();
        await foreach (
            var row in snapshot.ReadAsync(
                "SELECT extname::text FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname",
                cancellationToken
            )
        )
        {
            extensions.Add(row.GetString(0));
        }

        return new BackupHeader(
            BackupFormat.Current,
            version,
            snapshot.TakenAt,
            migrations,
            extensions,
            snapshot.ServerMajor,
            salt,
            keyCheck,
            withMasterKey
        );
    }

    private async Task<IReadOnlyList<BackedUpRevision>> RevisionsAsync(
        SnapshotConnection snapshot,
        CancellationToken cancellationToken
    )
    {
        var revisions = new List<BackedUpRevision>();
        foreach (var sql in parts.Select(part => part.RevisionsSql).OfType<string>())
        {
            await foreach (var row in snapshot.ReadAsync(sql, cancellationToken))
            {
                revisions.Add(new BackedUpRevision(row.GetGuid(0), row.GetInt64(1), row.GetGuid(2)));
            }
        }

        return revisions;
    }

    private async Task<(long Parts, long Bytes)> DumpAsync(
        SnapshotConnection snapshot,
        PostgresTools tools,
        BackupKeys keys,
        ArchiveWriter archive,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        string[] asOwner = snapshot.ActsAsOwner ? ["--role=chancery_owner", "--enable-row-security"] : [];
        using var dump = tools.Start(
            "pg_dump",
            database.OwnerConnectionString,
            [
                "--format=custom",
                "--snapshot=" + snapshot.SnapshotId,
                "--schema=public",
                "--no-comments",
                "--no-tablespaces",
                "--lock-wait-timeout=60s",
                .. asOwner,
            ]
        );
        await using var guard = cancellationToken.UnsafeRegister(state => ToolProcess.Kill(state), dump);
        dump.StandardInput.Close();
        var errors = dump.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = dump.StandardOutput.BaseStream;
        var (current, next) = (new byte[BackupKeys.PartBytes], new byte[BackupKeys.PartBytes]);
        var filled = await output.ReadAtLeastAsync(current, current.Length, false, cancellationToken);
        long number = 0;
        long bytes = 0;
        while (true)
        {
            // One part ahead, because the last one says that it is.
            var ahead = await output.ReadAtLeastAsync(next, next.Length, false, cancellationToken);
            var part = keys.Seal(number, isLast: ahead == 0, current.AsSpan(0, filled));
            await archive.AddAsync(BackupFormat.PartName(number), part);
            bytes += part.Length;
            number++;
            progress.Report(new BackupProgress("Database", bytes, null, "bytes"));
            if (ahead == 0)
            {
                break;
            }

            (current, next, filled) = (next, current, ahead);
        }

        await dump.WaitForExitAsync(cancellationToken);
        return dump.ExitCode == 0 ? (number, bytes) : throw ToolProcess.Failed("pg_dump", await errors);
    }

    private async Task<(long Blobs, long Bytes, IReadOnlyList<string> Missing)> BlobsAsync(
        SnapshotConnection snapshot,
        ArchiveWriter archive,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var root = Path.Combine(database.DataDirectory, "blobs");
        long count = 0;
        long bytes = 0;
        var missing = new List<string>();
        foreach (var sql in parts.Select(part => part.BlobsSql).OfType<string>())
        {
            var total = await snapshot.ScalarAsync<long>($"SELECT count(*) FROM ({sql}) AS b", cancellationToken);
            await foreach (var row in snapshot.ReadAsync(sql, cancellationToken))
            {
                progress.Report(new BackupProgress("Stored files", count + missing.Count, total, "files"));
                var tenant = row.GetGuid(0);
                var sha256 = Convert.ToHexStringLower(row.GetFieldValue<byte[]>(1));
                var path = Path.Combine(root, tenant.ToString(), sha256[..2], sha256);
                if (!File.Exists(path))
                {
                    missing.Add(BackupFormat.BlobName(tenant, sha256));
                    continue;
                }

                bytes += await archive.AddFileAsync(BackupFormat.BlobName(tenant, sha256), path, cancellationToken);
                count++;
            }

            progress.Report(new BackupProgress("Stored files", total, total, "files"));
        }

        return count == 0 && missing.Count > 0
            ? throw new BackupException(
                $"None of the {missing.Count} stored files is under {root}: name the server's own data directory with --data."
            )
            : (count, bytes, missing);
    }

    /// <summary>The archive is sealed with the key that was given: with another than the server's nobody could use it.</summary>
    private async Task RefuseForeignKeyAsync(CancellationToken cancellationToken)
    {
        var app = new NpgsqlConnectionStringBuilder(
            StorageStart.AppConnectionString(database.OwnerConnectionString, masterKey)
        )
        {
            Pooling = false,
        };
        try
        {
            await using var connection = new NpgsqlConnection(app.ConnectionString);
            await connection.OpenAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new BackupException(
                "The master key that was given is not this installation's: give the one that its server runs with "
                    + "(CHANCERY_MASTER_KEY_FILE).",
                exception
            );
        }
    }

    private static FileStream Create(string path) =>
        new(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = Private,
                BufferSize = 256 * 1024,
                Options = FileOptions.Asynchronous,
            }
        );
}

/// <summary>Writes members one after the other and lists them.</summary>
internal sealed class ArchiveWriter(Stream file, MemberList members, DateTimeOffset time) : IAsyncDisposable
{
    private readonly TarWriter _tar = new(file, TarEntryFormat.Ustar, leaveOpen: true);

    public async Task AddAsync(string name, byte[] content)
    {
        members.Add(name, content.Length, SHA256.HashData(content));
        await WriteAsync(name, new MemoryStream(content, writable: false), CancellationToken.None);
    }

    public async Task<long> AddFileAsync(string name, string path, CancellationToken cancellationToken)
    {
        await using var content = new FileStream(
            path,
            new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 }
        );
        await using var hashing = new HashingStream(content);
        await WriteAsync(name, hashing, cancellationToken);
        members.Add(name, content.Length, hashing.Sha256);
        return content.Length;
    }

    /// <summary>The list, the manifest and its signature, which are members but not listed.</summary>
    public async Task FinishAsync(byte[] manifest, string signature, CancellationToken cancellationToken)
    {
        await WriteAsync(BackupFormat.Members, members.Rewound(), cancellationToken);
        await WriteAsync(BackupFormat.Manifest, new MemoryStream(manifest), cancellationToken);
        var mac = System.Text.Encoding.ASCII.GetBytes(signature + "\n");
        await WriteAsync(BackupFormat.Signature, new MemoryStream(mac), cancellationToken);
    }

    public ValueTask DisposeAsync() => _tar.DisposeAsync();

    private Task WriteAsync(string name, Stream content, CancellationToken cancellationToken) =>
        _tar.WriteEntryAsync(
            new UstarTarEntry(TarEntryType.RegularFile, name)
            {
                DataStream = content,
                Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                ModificationTime = time,
            },
            cancellationToken
        );
}
