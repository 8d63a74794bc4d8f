using System.Diagnostics;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>
/// Lies on the disk while the files of an organisation come in, so that they are found and removed when its import was cut off: no
/// row names the organisation then. The kernel tells whether its process lives: a mark is locked as long. Safe for concurrent use.
/// </summary>
internal sealed class ImportMarks(Storage storage, BlobStore blobs, TenantDatabase database)
{
    private const string OfSweeps = ".sweep";

    // A sweep looks for a moment whether an import is on.
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestSweep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private const string ExistsSql = "SELECT true FROM tenants WHERE tenant_id = @tenant";

    private readonly string _directory = Path.Combine(storage.DataDirectory, "imports");

    /// <summary>Waits while what came late after an erasure of the organisation is swept away.</summary>
    /// <exception cref="ArchiveException">The same organisation is just coming in, or is swept for long.</exception>
    public async Task<Mark> TakeAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        MakeDirectory();
        var held = await SoonAsync(
            PathOf(tenant),
            LongestLook,
            "The organisation is just being imported: wait until that has ended.",
            cancellationToken
        );
        try
        {
            Release(
                await SoonAsync(
                    PathOf(tenant) + OfSweeps,
                    LongestSweep,
                    "What is left of the organisation is just being erased: wait until that has ended.",
                    cancellationToken
                )
            );
            await RemoveFilesAsync(tenant, cancellationToken);
            return new Mark(this, tenant, held);
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>Until it is disposed the organisation does not come in. Null when it just does.</summary>
    public IDisposable? TryHoldOff(TenantId tenant)
    {
        MakeDirectory();
        if (Open(PathOf(tenant) + OfSweeps) is not { } held)
        {
            return null;
        }

        // An import that begins from here on finds the other file held, and waits.
        if (Open(PathOf(tenant)) is not { } free)
        {
            held.Dispose();
            return null;
        }

        Release(free);
        return new Hold(held);
    }

    /// <summary>Removes what imports left that were cut off.</summary>
    public async Task ClearAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(_directory))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(_directory))
        {
            if (!Guid.TryParse(Path.GetFileName(path), out var id) || Open(path) is not { } held)
            {
                continue;
            }

            await using (held)
            {
                await RemoveFilesAsync(new TenantId(id), cancellationToken);
                File.Delete(path);
            }
        }
    }

    private static async Task<FileStream> SoonAsync(
        string path,
        TimeSpan longest,
        string refusal,
        CancellationToken cancellationToken
    )
    {
        for (var since = Stopwatch.GetTimestamp(); ; await Task.Delay(Pause, cancellationToken))
        {
            if (Open(path) is { } held)
            {
                return held;
            }

            if (Stopwatch.GetElapsedTime(since) > longest)
            {
                throw new ArchiveException(ArchiveFault.Busy, refusal);
            }
        }
    }

    private void MakeDirectory() =>
        Directory.CreateDirectory(
            _directory,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );

    private static void Release(FileStream held)
    {
        // Before it is let go: whoever takes it meanwhile makes its own.
        File.Delete(held.Name);
        held.Dispose();
    }

    /// <summary>Never those of an organisation that is here.</summary>
    private async Task RemoveFilesAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (!await session.FindAsync<bool>(ExistsSql, new { tenant = tenant.Value }, cancellationToken))
        {
            blobs.RemoveAllOf(tenant);
        }
    }

    private string PathOf(TenantId tenant) => Path.Combine(_directory, tenant.ToString());

    /// <summary>Null when another process, or another import, holds it.</summary>
    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed class Hold(FileStream held) : IDisposable
    {
        public void Dispose() => Release(held);
    }

    /// <summary>One import. Disposed without <see cref="Keep"/> it takes the files away again.</summary>
    internal sealed class Mark(ImportMarks marks, TenantId tenant, FileStream held) : IAsyncDisposable
    {
        private bool _isKept;

        /// <summary>The organisation is here: its files stay.</summary>
        public void Keep() => _isKept = true;

        public async ValueTask DisposeAsync()
        {
            await using (held)
            {
                if (!_isKept)
                {
                    // Without PostgreSQL nobody knows how it ended: the mark stays, and the next start looks.
                    await marks.RemoveFilesAsync(tenant, CancellationToken.None);
                }

                File.Delete(marks.PathOf(tenant));
            }
        }
    }
}

/// <summary>Removes what an import left that was cut off with its server, once the server runs again.</summary>
internal sealed class ClearedImports(ImportMarks marks, ILogger<ClearedImports> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await marks.ClearAsync(stoppingToken);
        }
        catch (Exception exception)
            when (exception is Npgsql.NpgsqlException or IOException or UnauthorizedAccessException)
        {
            Log.ImportNotCleared(logger, exception);
        }
    }
}
