using System.Globalization;
using Chancery.Search.Engine;
using Chancery.Search.Engine.Snapshots;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Engines;

namespace Chancery.Server.Knowledge.Search.Indexes;

/// <summary>
/// Indexes on disk, one file for each tenant: <c>index/{tenant}.index</c> in the data directory. They save the time of making
/// an index anew, and nothing is lost with them: backups leave them out. Safe for concurrent use, by several servers too.
/// </summary>
/// <remarks>The words of the documents can be read from them, so that only the server's user may.</remarks>
internal sealed class IndexSnapshots(Storage storage, TimeProvider time, ILogger<IndexSnapshots> logger)
{
    private const UnixFileMode OnlyOurs = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string Extension = ".index";

    // Another server on the same directory may be writing one right now; that takes seconds.
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(10);

    public static string DirectoryIn(string dataDirectory) => Path.Combine(dataDirectory, "index");

    /// <summary>How many there are, and their bytes.</summary>
    public static (int Files, long Bytes) In(string dataDirectory)
    {
        var directory = new DirectoryInfo(DirectoryIn(dataDirectory));
        var files = directory.Exists ? directory.GetFiles("*" + Extension) : [];
        return (files.Length, files.Sum(file => file.Length));
    }

    private readonly string _directory = DirectoryIn(storage.DataDirectory);

    /// <summary>Null when there is none that can be used; what cannot be is removed.</summary>
    public SearchIndex? Open(TenantId tenant, SearchIndexOptions options, CancellationToken cancellationToken)
    {
        switch (SearchIndex.Open(PathOf(tenant), options, cancellationToken))
        {
            case SnapshotOpening.Opened opened:
                return opened.Index;
            case SnapshotOpening.Refused { Reason: SnapshotRefusal.Missing }:
                return null;
            case SnapshotOpening.Refused refused:
                Log.SnapshotRefused(logger, tenant.Value, refused.Reason.ToString(), refused.Detail);
                // One of another version belongs to a server that is newer, or older, than this one.
                if (refused.Reason is not (SnapshotRefusal.OtherVersion or SnapshotRefusal.Unreadable))
                {
                    Remove(tenant);
                }

                return null;
            default:
                return null;
        }
    }

    /// <summary>False when it could not be written: the index is then made anew next time.</summary>
    public bool Save(TenantId tenant, SearchIndex index, CancellationToken cancellationToken)
    {
        try
        {
            MakeDirectory();
            index.Save(PathOf(tenant), cancellationToken);
            Posix.SyncDirectory(_directory);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.SnapshotNotWritten(logger, tenant.Value, exception);
            return false;
        }
    }

    /// <summary>Nothing happens when there is none.</summary>
    public void Remove(TenantId tenant)
    {
        try
        {
            File.Delete(PathOf(tenant));
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing was ever saved.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.SnapshotNotRemoved(logger, tenant.Value, exception);
        }
    }

    /// <summary>The tenant's files, those that are being written too: how many there are, and their bytes.</summary>
    public (long Files, long Bytes) Measure(TenantId tenant)
    {
        var found = Directory.Exists(_directory)
            ? new DirectoryInfo(_directory).GetFiles(Path.GetFileName(PathOf(tenant)) + "*")
            : [];
        return (found.Length, found.Sum(file => file.Length));
    }

    public IReadOnlyList<TenantId> Tenants() =>
        Directory.Exists(_directory)
            ?
            [
                .. Directory
                    .EnumerateFiles(_directory, "*" + Extension)
                    .Select(path =>
                        Guid.TryParseExact(Path.GetFileNameWithoutExtension(path), "D", out var tenant)
                            ? tenant
                            : (Guid?)null
                    )
                    .OfType<Guid>()
                    .Select(tenant => new TenantId(tenant)),
            ]
            : [];

    /// <summary>Removes what was being written when a server died.</summary>
    public void RemoveUnfinished()
    {
        if (!Directory.Exists(_directory))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(_directory, "*" + Extension + ".*.new").ToList())
        {
            if (time.GetUtcNow() - File.GetLastWriteTimeUtc(path) >= Stale)
            {
                File.Delete(path);
            }
        }
    }

    private void MakeDirectory()
    {
        if (!Directory.Exists(_directory))
        {
            Directory.CreateDirectory(_directory, OnlyOurs);
        }

        if (File.GetUnixFileMode(_directory) != OnlyOurs)
        {
            File.SetUnixFileMode(_directory, OnlyOurs);
        }
    }

    private string PathOf(TenantId tenant) =>
        Path.Combine(_directory, tenant.Value.ToString("D", CultureInfo.InvariantCulture) + Extension);
}
