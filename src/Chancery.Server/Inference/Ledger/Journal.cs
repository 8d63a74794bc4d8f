using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Chancery.Server.Inference.Ledger;

/// <summary>
/// This process's journal: what it granted and settled, in files of its own, until PostgreSQL has it. A killed process loses nothing of
/// it; a loss of power loses what the system had not yet written to the disk.
/// </summary>
/// <remarks>
/// The files stand in the data directory, readable by the server alone, each locked for as long as its process lives: one without a
/// lock was left behind, and whoever finds it copies it. Safe for concurrent use.
/// </remarks>
internal sealed class Journal : IDisposable
{
    private const string Extension = ".journal";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersDirectory = OwnerOnly | UnixFileMode.UserExecute;
    private const long RoomBytes = 1 << 20;

    private readonly string _directory;
    private readonly Lock _gate = new();
    private Segment _current;
    private bool _isDisposed;

    /// <exception cref="IOException">The data directory takes no file.</exception>
    public Journal(string dataDirectory)
    {
        _directory = DirectoryIn(dataDirectory);
        Directory.CreateDirectory(_directory, OwnersDirectory);
        _current = new Segment(_directory);
    }

    /// <summary>A file that is full is left for a new one as soon as all of it is copied.</summary>
    public long SegmentBytes { get; init; } = 8 << 20;

    public string CurrentPath => _current.Path;

    /// <summary>Written, and in this order, when it returns.</summary>
    /// <exception cref="IOException">The disk is full, or gone.</exception>
    public void Append(params ReadOnlySpan<LedgerEntry> entries)
    {
        var most = 0;
        foreach (var entry in entries)
        {
            most += JournalRecord.MostBytesOf(entry);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            var length = 0;
            foreach (var entry in entries)
            {
                length += JournalRecord.Write(entry, buffer.AsSpan(length));
            }

            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                RandomAccess.Write(_current.Handle, buffer.AsSpan(0, length), _current.Length);
                _current.Length += length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Begins a new file when this one is full and <paramref name="isAllCopied"/>, and forgets it.</summary>
    public void Turn(Func<bool> isAllCopied)
    {
        if (Volatile.Read(ref _current).Length < SegmentBytes)
        {
            return;
        }

        var fresh = new Segment(_directory);
        Segment old;
        lock (_gate)
        {
            if (_isDisposed || !isAllCopied())
            {
                old = fresh;
            }
            else
            {
                (old, _current) = (_current, fresh);
            }
        }

        old.Forget();
    }

    /// <summary>Ends it; the file stays unless PostgreSQL has everything.</summary>
    public void Close(bool isAllCopied)
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
        }

        if (isAllCopied)
        {
            _current.Forget();
        }
        else
        {
            _current.Dispose();
        }
    }

    public void Dispose() => Close(isAllCopied: false);

    /// <summary>The journals that no process holds any more, each locked until it is disposed.</summary>
    public static IEnumerable<LeftJournal> LeftIn(string dataDirectory)
    {
        var directory = DirectoryIn(dataDirectory);
        if (!Directory.Exists(directory))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(directory, "*" + Extension).Order(StringComparer.Ordinal))
        {
            if (LeftJournal.TryOpen(path) is { } left)
            {
                yield return left;
            }
        }
    }

    private static string DirectoryIn(string dataDirectory) => Path.Combine(dataDirectory, "ledger");

    private sealed class Segment : IDisposable
    {
        private readonly FileStream _file;

        public Segment(string directory)
        {
            Path = System.IO.Path.Combine(directory, $"{Guid.CreateVersion7():n}{Extension}");
            // Named as a journal once it is locked, so that nobody takes it for one that was left.
            var draft = Path + ".new";
            _file = new FileStream(
                draft,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    BufferSize = 0,
                    PreallocationSize = RoomBytes,
                    UnixCreateMode = OwnerOnly,
                }
            );
            File.Move(draft, Path);
        }

        public string Path { get; }

        public SafeFileHandle Handle => _file.SafeFileHandle;

        public long Length { get; set; }

        public void Forget()
        {
            // Before the lock goes, so that nobody takes it for one that was left.
            File.Delete(Path);
            Dispose();
        }

        public void Dispose() => _file.Dispose();
    }
}

/// <summary>The journal of a process that is gone.</summary>
internal sealed class LeftJournal : IDisposable
{
    private readonly FileStream _file;

    private LeftJournal(FileStream file) => _file = file;

    /// <summary>Null while its process lives, or somebody else copies it.</summary>
    public static LeftJournal? TryOpen(string path)
    {
        try
        {
            return new LeftJournal(new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Everything whole in it, and for each reservation without an end the end at the reserved amount.</summary>
    /// <param name="now">When the unknown is booked.</param>
    public IReadOnlyList<LedgerEntry> Read(DateTimeOffset now)
    {
        var bytes = new byte[_file.Length];
        _file.Position = 0;
        _file.ReadExactly(bytes);
        var entries = new List<LedgerEntry>();
        var open = new Dictionary<(Guid, Guid), LedgerEntry>();
        for (var at = 0; JournalRecord.Read(bytes.AsSpan(at), out var length) is { } entry; at += length)
        {
            entries.Add(entry);
            if (entry.IsEnd)
            {
                open.Remove((entry.Tenant, entry.RequestId));
            }
            else
            {
                open[(entry.Tenant, entry.RequestId)] = entry;
            }
        }

        entries.AddRange(open.Values.Select(entry => entry.ToExpired(now)));
        return entries;
    }

    public void Forget()
    {
        File.Delete(_file.Name);
        Dispose();
    }

    public void Dispose() => _file.Dispose();
}
