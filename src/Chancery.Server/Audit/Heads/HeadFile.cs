using System.Diagnostics;
using System.Globalization;
using System.Text;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;

namespace Chancery.Server.Audit.Heads;

/// <summary>
/// Heads as lines of a file in the data directory, a file for each month: <c>audit/heads-2026-11.jsonl</c>. To be copied to where this
/// machine cannot write. Safe for concurrent use.
/// </summary>
/// <remarks>Other servers may write the same files: a lock file beside them makes them take turns.</remarks>
internal sealed class HeadFile(Storage storage, ILogger<HeadFile> logger) : ITenantRemains, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _writing = new(1, 1);

    public string PathOf(DateTimeOffset month) =>
        Path.Combine(
            storage.DataDirectory,
            "audit",
            string.Create(CultureInfo.InvariantCulture, $"heads-{month.UtcDateTime:yyyy-MM}.jsonl")
        );

    /// <summary>On the disk when it answers. What cannot be written is in the database, and said in the log.</summary>
    public async Task AppendAsync(SignedHead head, CancellationToken cancellationToken)
    {
        var path = PathOf(head.SignedAt);
        await _writing.WaitAsync(cancellationToken);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var turn = await TakeTurnAsync(Path.GetDirectoryName(path)!, cancellationToken);
            await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
            await file.WriteAsync(Encoding.UTF8.GetBytes(HeadLine.Of(head).ToJson() + "\n"), cancellationToken);
            file.Flush(flushToDisk: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.HeadNotWritten(logger, path, exception);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>How <see cref="ITenantRemains"/> calls it: lines of heads that were handed out stay where they were handed to.</summary>
    public string Name => "head lines";

    public async Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var directory = Path.Combine(storage.DataDirectory, "audit");
        if (!Directory.Exists(directory))
        {
            return default;
        }

        await _writing.WaitAsync(cancellationToken);
        try
        {
            await using var turn = await TakeTurnAsync(directory, cancellationToken);
            var (lines, bytes) = (0L, 0L);
            foreach (var path in Directory.EnumerateFiles(directory, "heads-*.jsonl").ToList())
            {
                var gone = ErasedLines.TakeOut(path, [tenant.ToString()], cancellationToken);
                lines += gone.Count;
                bytes += gone.Bytes;
            }

            return new Remains(lines, bytes);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();

    /// <summary>Ends with the stream, and with the process.</summary>
    /// <exception cref="IOException">Another server writes for too long.</exception>
    private static async Task<FileStream> TakeTurnAsync(string directory, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(
                    Path.Combine(directory, ".heads.lock"),
                    FileMode.OpenOrCreate,
                    FileAccess.ReadWrite,
                    FileShare.None
                );
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }
}
