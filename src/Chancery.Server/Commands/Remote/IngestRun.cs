using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Chancery.Client;
using Chancery.Documents;

namespace Chancery.Server.Commands.Remote;

/// <summary>What became of one file.</summary>
/// <param name="Outcome">uploaded, updated, unchanged, skipped, failed; with <c>--dry-run</c> would-upload, would-update.</param>
internal sealed record IngestedFile(string Path, string Outcome, Guid? Document, int? Version, string? Reason);

/// <param name="Collection">Where new documents go; null: the default one.</param>
/// <param name="Jobs">Uploads at once.</param>
/// <param name="Patience">How long a server that does not answer is tried again.</param>
internal sealed record IngestOptions(
    Guid? Collection,
    IReadOnlyList<string>? Tags,
    int Jobs,
    TimeSpan Patience,
    bool IsDryRun,
    bool Wait
);

/// <summary>Brings files to the server: what is new as documents, what changed as versions, what is unchanged not at all.</summary>
internal sealed class IngestRun(
    ChanceryClient client,
    IngestJournal journal,
    IngestOptions options,
    Action<string, long, long> progress,
    Action<string> say
)
{
    private const int PollAtOnce = 16;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly Guid _run = Guid.CreateVersion7();
    private readonly ConcurrentDictionary<string, IngestedFile> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, string> _reading = new();
    private readonly ConcurrentDictionary<Guid, DocumentView> _there = new();
    private readonly ConcurrentDictionary<Guid, string> _claimed = new();
    private readonly ConcurrentDictionary<string, bool> _advice = new(StringComparer.Ordinal);
    private ILookup<string, DocumentView> _byName = Array.Empty<DocumentView>().ToLookup(document => document.Path);
    private Dictionary<string, int> _sameName = [];

    /// <summary>In the order in which the files were found.</summary>
    public IReadOnlyList<IngestedFile> Files => [.. _files.Values.OrderBy(file => file.Path, StringComparer.Ordinal)];

    /// <exception cref="RemoteException">The server went away and stayed away.</exception>
    public async Task RunAsync(IReadOnlyList<FoundFile> found, CancellationToken cancellationToken)
    {
        foreach (var file in found.Where(file => file.Fault is not null))
        {
            Note(new IngestedFile(file.Path, file.IsHarmless ? "skipped" : "failed", null, null, file.Fault));
        }

        var files = found.Where(file => file.Fault is null).ToList();
        _sameName = files
            .GroupBy(file => Path.GetFileName(file.FullPath), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        _byName = await RetryAsync(() => LookAsync(cancellationToken), cancellationToken);

        long done = 0;
        progress("Uploading", 0, files.Count);
        await Parallel.ForEachAsync(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = options.Jobs, CancellationToken = cancellationToken },
            async (file, cancel) =>
            {
                Note(await OneAsync(file, cancel));
                progress("Uploading", Interlocked.Increment(ref done), files.Count);
            }
        );
        if (options.Wait)
        {
            await WaitAsync(cancellationToken);
        }
    }

    private async Task<ILookup<string, DocumentView>> LookAsync(CancellationToken cancellationToken)
    {
        var all = new List<DocumentView>();
        await foreach (var document in Lookup.AllAsync(client, cancellationToken))
        {
            all.Add(document);
            _there[document.Id] = document;
        }

        return all.ToLookup(document => document.Path, StringComparer.Ordinal);
    }

    private async Task<IngestedFile> OneAsync(FoundFile file, CancellationToken cancellationToken)
    {
        try
        {
            var sha256 = await HashAsync(file.FullPath, cancellationToken);
            var (document, isSame) = await RetryAsync(
                () => FindAsync(file.FullPath, sha256, cancellationToken),
                cancellationToken
            );
            if (isSame)
            {
                return Unchanged(file, document!, sha256);
            }

            if (options.IsDryRun)
            {
                return await PlannedAsync(file, document, cancellationToken);
            }

            var attempts = 0;
            var uploaded = await RetryAsync(
                async () =>
                    (
                        attempts++ > 0 && document is null
                            ? await TakenInAsync(file.FullPath, sha256, cancellationToken)
                            : null
                    ) ?? await UploadAsync(file.FullPath, sha256, document?.Id, cancellationToken),
                cancellationToken
            );
            journal.Record(new IngestJournal.Entry(file.FullPath, uploaded.Id, sha256));
            Watch(uploaded, file.Path);
            return new IngestedFile(
                file.Path,
                document is null ? "uploaded" : "updated",
                uploaded.Id,
                uploaded.LatestVersion,
                null
            );
        }
        // What nobody signed in, or nobody in this role, may do is not told for each file.
        catch (ChanceryException refused)
            when (refused.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
        {
            return refused.StatusCode == HttpStatusCode.UnsupportedMediaType
                ? NoDocument(file, refused.Detail ?? refused.Message)
                : new IngestedFile(file.Path, "failed", null, null, refused.Message);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new IngestedFile(file.Path, "failed", null, null, "it vanished");
        }
        catch (UnauthorizedAccessException)
        {
            return new IngestedFile(file.Path, "failed", null, null, "it may not be read");
        }
        catch (IOException exception)
        {
            return new IngestedFile(file.Path, "failed", null, null, exception.Message);
        }
    }

    // What lies about in a directory and is no document is nobody's mistake.
    private static IngestedFile NoDocument(FoundFile file, string reason) =>
        new(file.Path, file.IsNamed ? "failed" : "skipped", null, null, reason);

    /// <summary>What an upload would come to, as far as the file itself tells.</summary>
    private static async Task<IngestedFile> PlannedAsync(
        FoundFile file,
        DocumentView? document,
        CancellationToken cancellationToken
    )
    {
        await using var content = Open(file.FullPath);
        if (content.Length == 0)
        {
            return NoDocument(file, "The file is empty: there is nothing to read in it.");
        }

        var type = await MediaTypes.DetectAsync(content, Path.GetFileName(file.FullPath), cancellationToken);
        return type.IsReadable
            ? new IngestedFile(
                file.Path,
                document is null ? "would-upload" : "would-update",
                document?.Id,
                document?.LatestVersion,
                // Whether it is there only the server knows.
                type.Name.StartsWith("image/", StringComparison.Ordinal)
                    ? "an image: read where the server has tesseract"
                    : null
            )
            : NoDocument(file, type.Refusal);
    }

    private IngestedFile Unchanged(FoundFile file, DocumentView document, string sha256)
    {
        if (!options.IsDryRun)
        {
            journal.Record(new IngestJournal.Entry(file.FullPath, document.Id, sha256));
        }

        if (document.State == VersionState.Failed)
        {
            return new IngestedFile(
                file.Path,
                "failed",
                document.Id,
                document.LatestVersion,
                ReasonOf(document.Failure)
            );
        }

        Watch(document, file.Path);
        return new IngestedFile(file.Path, "unchanged", document.Id, document.LatestVersion, null);
    }

    /// <summary>
    /// The document that a file is, and whether the server has this content already. The journal knows; without it (another
    /// machine, a run that was cut off) a document of the same name and content is the one, or the only one of that name.
    /// </summary>
    private async Task<(DocumentView? Document, bool IsSame)> FindAsync(
        string path,
        string sha256,
        CancellationToken cancellationToken
    )
    {
        if (journal.Of(path) is { } entry && _there.TryGetValue(entry.Document, out var known))
        {
            _claimed[known.Id] = path;
            return (known, await ShaOfAsync(known, cancellationToken) == sha256);
        }

        var size = new FileInfo(path).Length;
        var name = Path.GetFileName(path);
        var candidates = _byName[name]
            .Where(document => !journal.IsTaken(document.Id, path) && !_claimed.ContainsKey(document.Id))
            .ToList();
        foreach (var document in candidates.Where(document => document.FileSize == size))
        {
            if (await ShaOfAsync(document, cancellationToken) == sha256 && _claimed.TryAdd(document.Id, path))
            {
                return (document, true);
            }
        }

        return candidates.Count == 1 && _sameName[name] == 1 && _claimed.TryAdd(candidates[0].Id, path)
            ? (candidates[0], false)
            : (null, false);
    }

    /// <summary>The document of an attempt whose answer was lost on the way: the server may have taken it in all the same.</summary>
    private async Task<DocumentView?> TakenInAsync(string path, string sha256, CancellationToken cancellationToken)
    {
        var name = Path.GetFileName(path);
        await foreach (var document in Lookup.AllAsync(client, cancellationToken, query: name))
        {
            if (
                document.Path == name
                && !_there.ContainsKey(document.Id)
                && !journal.IsTaken(document.Id, path)
                && await ShaOfAsync(document, cancellationToken) == sha256
                && _claimed.TryAdd(document.Id, path)
            )
            {
                return document;
            }
        }

        return null;
    }

    private async Task<string?> ShaOfAsync(DocumentView document, CancellationToken cancellationToken)
    {
        var versions = await client.ListVersionsAsync(document.Id, limit: 1, cancellationToken: cancellationToken);
        return versions.Items.Count > 0 ? versions.Items.MaxBy(version => version.Version)!.Sha256 : null;
    }

    private async Task<DocumentView> UploadAsync(
        string path,
        string sha256,
        Guid? replaces,
        CancellationToken cancellationToken
    )
    {
        // The same for each attempt of this run: what the server took in before it could say so is not taken in twice.
        var key = Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes($"{_run}\n{path}\n{sha256}\n{replaces}"))
        )[..32];
        await using var content = Open(path);
        return await client.UploadFileAsync(
            content,
            Path.GetFileName(path),
            new UploadFields { Tags = options.Tags, CollectionId = options.Collection },
            replaces,
            key,
            cancellationToken
        );
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using var content = Open(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
    }

    private static FileStream Open(string path) =>
        new(
            path,
            new FileStreamOptions
            {
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                Share = FileShare.ReadWrite | FileShare.Delete,
            }
        );

    private void Watch(DocumentView document, string path)
    {
        if (document.State is not (VersionState.Ready or VersionState.Failed or VersionState.Stored))
        {
            _reading[document.Id] = path;
        }
    }

    /// <summary>Until every document is ready or has failed.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        var total = _reading.Count;
        var pause = TimeSpan.FromMilliseconds(200);
        while (!_reading.IsEmpty)
        {
            progress("Reading", total - _reading.Count, total);
            // Documents are read in their order, more or less: the oldest end first.
            foreach (var id in _reading.Keys.Order().Take(PollAtOnce))
            {
                var document = await RetryAsync(() => StateOfAsync(id, cancellationToken), cancellationToken);
                if (
                    document is null
                    || document.State is VersionState.Ready or VersionState.Stored or VersionState.Failed
                )
                {
                    _reading.TryRemove(id, out var path);
                    if (document?.State == VersionState.Failed)
                    {
                        Note(new IngestedFile(path!, "failed", id, document.LatestVersion, ReasonOf(document.Failure)));
                    }
                }
            }

            await Task.Delay(pause, cancellationToken);
            pause = pause * 1.2 < TimeSpan.FromSeconds(1) ? pause * 1.2 : TimeSpan.FromSeconds(1);
        }

        progress("Reading", total, total);
    }

    private async Task<DocumentView?> StateOfAsync(Guid id, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetDocumentAsync(id, cancellationToken);
        }
        catch (ChanceryException gone) when (gone.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Tries again what may pass: too much at once, a server that restarts, a connection that broke.</summary>
    private async Task<T> RetryAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        long? since = null;
        var hasRefreshed = false;
        for (var number = 0; ; number++)
        {
            try
            {
                return await attempt();
            }
            catch (ChanceryException ended) when (ended.StatusCode == HttpStatusCode.Unauthorized && !hasRefreshed)
            {
                // The token ended during the upload; the next request carries a new one.
                hasRefreshed = true;
            }
            catch (Exception exception)
                when (RemoteCommand.IsPassing(exception) && !cancellationToken.IsCancellationRequested)
            {
                since ??= time.GetTimestamp();
                var asked = (exception as ChanceryException)?.RetryAfter;
                var pause = asked ?? Backoff(number);
                if (time.GetElapsedTime(since.Value) + pause > options.Patience)
                {
                    throw;
                }

                if (number == 1)
                {
                    say($"The server does not take requests now ({exception.Message.TrimEnd('.')}); trying again.");
                }

                await Task.Delay(pause, cancellationToken);
            }
        }
    }

    private static TimeSpan Backoff(int number)
    {
        var pause = TimeSpan.FromMilliseconds(250 * Math.Pow(2, Math.Min(number, 10)));
        return (pause < LongestPause ? pause : LongestPause) * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    private void Note(IngestedFile file)
    {
        _files[file.Path] = file;
        if (file.Outcome is "failed" or "skipped")
        {
            say($"{(file.Outcome == "failed" ? "Failed" : "Skipped")}: {file.Path}: {AdviceOnce(file.Reason ?? "")}");
        }
    }

    /// <summary>The first sentence says what is wrong with this file; what to do about such files is said once.</summary>
    private string AdviceOnce(string reason)
    {
        var end = reason.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 || _advice.TryAdd(reason[(end + 2)..], true) ? reason : reason[..(end + 1)];
    }

    private static string ReasonOf(Failure? failure) => failure?.Reason ?? "it could not be read";
}
