using System.Globalization;
using System.IO.Compression;
using System.Text;
using Chancery.Server.Platform.Erasing;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>
/// Writes <c>app_{process}_{yyyyMMdd}.log</c>. A file that reached its size, or its day, is closed, packed as
/// <c>….log.gz</c> in the background, and removed when it is old enough.
/// </summary>
/// <remarks>
/// Never throws: a disk that is full or a directory that is gone costs lines, not requests, and the file is tried again
/// after a moment. Safe for concurrent use. Days are UTC.
/// </remarks>
public sealed class RollingFiles(
    string directory,
    string process,
    long maxBytes,
    TimeSpan keep,
    ITextFormatter formatter,
    TimeProvider time
) : ILogEventSink, IDisposable
{
    private const string Part = ".part";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly StringWriter _line = new(CultureInfo.InvariantCulture);
    private FileStream? _file;
    private string _day = "";
    private volatile string _current = "";
    private DateTimeOffset _closedUntil;
    private Task _packing = Task.CompletedTask;
    private long _lostLines;

    /// <summary>Lines that could not be written since the start.</summary>
    public long LostLines => Interlocked.Read(ref _lostLines);

    public void Emit(LogEvent logEvent)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (now < _closedUntil)
            {
                Interlocked.Increment(ref _lostLines);
                return;
            }

            try
            {
                Write(logEvent, now);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Interlocked.Increment(ref _lostLines);
                SelfLog.WriteLine("Log file in {0}: {1}", directory, exception.Message);
                CloseQuietly();
                _closedUntil = now + RetryAfter;
            }
        }
    }

    /// <summary>
    /// Takes lines that have one of these words in them out of this process's files, packed ones and the open one too. A packed file that
    /// cannot be unpacked goes whole: nobody reads it, and it may have such lines. Writing waits for the open file only.
    /// </summary>
    /// <exception cref="IOException">Some are left.</exception>
    public async Task<Remains> EraseAsync(IReadOnlyList<string> words, CancellationToken cancellationToken = default)
    {
        Remains open = default;
        Task<Remains> closed;
        lock (_gate)
        {
            if (!Directory.Exists(directory))
            {
                return default;
            }

            CloseQuietly();
            if (File.Exists(_current))
            {
                open = ErasedLines.TakeOut(_current, words, cancellationToken);
            }

            // In turn with packing, which moves the same files about.
            closed = _packing.ContinueWith(
                _ => EraseClosed(words, cancellationToken),
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default
            );
            _packing = closed;
        }

        var gone = await closed;
        return new Remains(open.Count + gone.Count, open.Bytes + gone.Bytes);
    }

    /// <summary>Ends when files that were closed so far are packed.</summary>
    public Task PackedAsync()
    {
        lock (_gate)
        {
            return _packing;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            CloseQuietly();
            _line.Dispose();
        }
    }

    private void Write(LogEvent logEvent, DateTimeOffset now)
    {
        var day = now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        if (_file is null || day != _day)
        {
            Open(day, now);
        }

        var text = _line.GetStringBuilder();
        text.Clear();
        formatter.Format(logEvent, _line);
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (_file!.Position > 0 && _file.Position + bytes.Length > maxBytes)
        {
            RollOver(now);
        }

        _file.Write(bytes);
        _file.Flush();
    }

    private void Open(string day, DateTimeOffset now)
    {
        CloseQuietly();
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _day = day;
        var path = CurrentPath();
        // Before the file is there: whoever packs takes every other file for a closed one.
        _current = path;
        _file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
            }
        );
        TidyLater(now);
    }

    private void RollOver(DateTimeOffset now)
    {
        CloseQuietly();
        var full = CurrentPath();
        for (var number = 1; ; number++)
        {
            var aside = Path.Combine(directory, $"app_{process}_{_day}.{number:000}.log");
            if (!File.Exists(aside) && !File.Exists(aside + ".gz"))
            {
                File.Move(full, aside);
                break;
            }
        }

        Open(_day, now);
    }

    private string CurrentPath() => Path.Combine(directory, $"app_{process}_{_day}.log");

    private void CloseQuietly()
    {
        try
        {
            _file?.Dispose();
        }
        catch (IOException exception)
        {
            SelfLog.WriteLine("Log file in {0}: {1}", directory, exception.Message);
        }

        _file = null;
    }

    /// <summary>Packs what is closed, and removes what is older than asked, one such round at a time.</summary>
    private void TidyLater(DateTimeOffset now) =>
        _packing = _packing.ContinueWith(
            _ => Tidy(now - keep),
            CancellationToken.None,
            TaskContinuationOptions.None,
            TaskScheduler.Default
        );

    private void Tidy(DateTimeOffset oldest)
    {
        try
        {
            RemoveParts();
            // Listed before each is compared: what is opened from now on is not in the list.
            foreach (var path in Directory.EnumerateFiles(directory, $"app_{process}_*.log").ToList())
            {
                if (path != _current)
                {
                    Pack(path);
                }
            }

            foreach (var path in Directory.EnumerateFiles(directory, $"app_{process}_*.log.gz").ToList())
            {
                if (File.GetLastWriteTimeUtc(path) < oldest.UtcDateTime)
                {
                    File.Delete(path);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            SelfLog.WriteLine("Packing log files in {0}: {1}", directory, exception.Message);
        }
    }

    /// <summary>What a crash left half written. Within the row of packing, so nothing is being written but the open file's own.</summary>
    private void RemoveParts()
    {
        foreach (var ending in new[] { Part, ErasedLines.Part })
        {
            foreach (var path in Directory.EnumerateFiles(directory, $"app_{process}_*{ending}").ToList())
            {
                if (path != _current + ErasedLines.Part)
                {
                    File.Delete(path);
                }
            }
        }
    }

    private Remains EraseClosed(IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        var (lines, bytes) = (0L, 0L);
        RemoveParts();
        foreach (var path in Directory.EnumerateFiles(directory, $"app_{process}_*.log*").ToList())
        {
            var gone =
                path == _current ? default
                : path.EndsWith(".log", StringComparison.Ordinal) ? ErasedLines.TakeOut(path, words, cancellationToken)
                : path.EndsWith(".log.gz", StringComparison.Ordinal) ? TakeOutOfPacked(path, words, cancellationToken)
                : default;
            lines += gone.Count;
            bytes += gone.Bytes;
        }

        return new Remains(lines, bytes);
    }

    private static FileStream CreatePrivate(string path) =>
        new(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );

    private static Remains TakeOutOfPacked(
        string path,
        IReadOnlyList<string> words,
        CancellationToken cancellationToken
    )
    {
        var part = path + Part;
        try
        {
            // Packing anew is what takes long, and most files have no such line.
            using (var all = new GZipStream(File.OpenRead(path), CompressionMode.Decompress))
            {
                if (!ErasedLines.Are(all, words, cancellationToken))
                {
                    return default;
                }
            }

            Remains gone;
            using (var from = new GZipStream(File.OpenRead(path), CompressionMode.Decompress))
            using (var to = new GZipStream(CreatePrivate(part), CompressionLevel.Optimal))
            {
                gone = ErasedLines.Copy(from, to, words);
            }

            // It goes when it would have gone.
            File.SetLastWriteTimeUtc(part, File.GetLastWriteTimeUtc(path));
            File.Move(part, path, overwrite: true);
            return gone;
        }
        catch (InvalidDataException exception)
        {
            SelfLog.WriteLine("Log file {0} is damaged and was removed: {1}", path, exception.Message);
            var bytes = new FileInfo(path).Length;
            File.Delete(path);
            return new Remains(1, bytes);
        }
        finally
        {
            // Gone already where all went well; else it has lines of others.
            File.Delete(part);
        }
    }

    private static void Pack(string path)
    {
        var packed = path + ".gz";
        var part = packed + Part;
        using (var from = File.OpenRead(path))
        using (var to = new GZipStream(CreatePrivate(part), CompressionLevel.Optimal))
        {
            from.CopyTo(to);
        }

        File.SetLastWriteTimeUtc(part, File.GetLastWriteTimeUtc(path));
        // Renamed last: a crash leaves the plain file and a part that the next round writes anew.
        File.Move(part, packed, overwrite: true);
        File.Delete(path);
    }
}
