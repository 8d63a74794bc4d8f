using Chancery.Documents;
using Chancery.Models;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Knowledge.Progress;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>
/// Takes a version from its file to searchable chunks: reading, cutting, embedding, publishing. Interrupted anywhere, it
/// goes on from the last committed batch and ends in the same rows.
/// </summary>
internal sealed class IngestionHandler(
    IngestionStore store,
    PublishStore publish,
    BlobStore blobs,
    Readers readers,
    TenantModels models,
    ProgressBoard progress,
    WorkQueue queue,
    LeaseBook leases,
    TimeProvider time,
    IOptions<KnowledgeOptions> options,
    ILogger<IngestionHandler> logger
) : IWorkHandler
{
    /// <summary>How long an organisation waits whose plan allows no more documents to be read at once.</summary>
    private static readonly TimeSpan FullPause = TimeSpan.FromSeconds(1);

    private const int BatchPages = 16;
    private const int BatchPageCharacters = 256 * 1024;
    private const int BatchChunks = 500;

    private readonly Chunker _chunker = new(new ChunkingOptions());

    public string Kind => IngestionWork.Kind;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        var work = item.SubjectAs<IngestionWork>();
        var version = await store.FindAsync(item.Tenant, work, cancellationToken);
        if (version is null || VersionState.IsSettled(version.State))
        {
            return;
        }

        await using var place = (
            await leases.TakeAsync(item.Tenant, LimitNames.IngestionsAtOnce, cancellationToken)
        ).Lease;
        if (place is null)
        {
            throw new WorkPostponedException(FullPause, restsKind: true);
        }

        try
        {
            if (version.State is VersionState.Queued or VersionState.Reading)
            {
                await ReadAsync(item, work, version, cancellationToken);
            }

            if (version.State is not VersionState.Embedding && !await CutAsync(item, work, cancellationToken))
            {
                await FailAsync(
                    item,
                    work,
                    "empty",
                    "There is no text in this file. If it is a scan, add a text layer (OCR) and upload it again.",
                    cancellationToken
                );
                return;
            }

            await EmbedAsync(item, work, cancellationToken);
            await publish.PublishAsync(item, work, cancellationToken);
            await queue.WakeAsync();
            await progress.TellAsync(item.Tenant, work.DocumentId);
        }
        catch (DocumentUnreadableException exception) when (!exception.IsTransient)
        {
            var (code, reason) = Explain(exception);
            await FailAsync(item, work, code, reason, cancellationToken);
        }
    }

    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken)
    {
        var (code, reason) = Explain(lastFault);
        return FailAsync(item, item.SubjectAs<IngestionWork>(), code, reason, cancellationToken);
    }

    private async Task ReadAsync(
        WorkItem item,
        IngestionWork work,
        VersionProgress version,
        CancellationToken cancellationToken
    )
    {
        await store.BeginReadingAsync(item, work, cancellationToken);
        await progress.TellAsync(item.Tenant, work.DocumentId);
        if (version.PageCount is null || version.PagesDone < version.PageCount)
        {
            await ReadPagesAsync(item, work, version, cancellationToken);
        }

        await store.EndReadingAsync(item, work, cancellationToken);
    }

    private async Task ReadPagesAsync(
        WorkItem item,
        IngestionWork work,
        VersionProgress version,
        CancellationToken cancellationToken
    )
    {
        var type =
            MediaTypes.Find(version.MediaType)
            ?? throw new DocumentUnreadableException(
                ReadFailure.Unsupported,
                "This kind of file is no longer read here. Convert it to PDF and upload it again."
            );
        var reader = await readers.GetAsync(cancellationToken);
        await using var file = await blobs.OpenAsync(item.Tenant, version.BlobSha256, cancellationToken);

        var limit = new TextLimit(
            options.Value.MaxPages,
            options.Value.MaxTextCharacters,
            version.PagesDone == 0 ? 0 : await store.CharactersAsync(item.Tenant, work, cancellationToken)
        );
        var batch = new List<DocumentPage>(BatchPages);
        var characters = 0;
        ReadItem.Header? header = null;
        await foreach (var read in reader.ReadAsync(file, type, version.PagesDone + 1, cancellationToken))
        {
            switch (read)
            {
                case ReadItem.Header first:
                    header = first;
                    limit.Expect(first.PageCount);
                    await DescribeAsync(item, work, version, first, TitleOf(version, first), cancellationToken);
                    break;
                case ReadItem.Page page:
                    limit.Count(page.Content);
                    if (page.Content.Number == 1 && TitleOf(version, header) is null)
                    {
                        // Before the page is kept: a resumed run does not see it again.
                        var title = DerivedTitle.Of(page.Content, version.FileName);
                        await DescribeAsync(item, work, version, header, title, cancellationToken);
                    }

                    batch.Add(page.Content);
                    characters += page.Content.Text.Length;
                    break;
            }

            if (batch.Count == BatchPages || characters > BatchPageCharacters)
            {
                await FlushAsync();
            }
        }

        await FlushAsync();
        return;

        async Task FlushAsync()
        {
            if (batch.Count > 0)
            {
                await store.AddPagesAsync(item, work, batch, cancellationToken);
                await progress.TellAsync(item.Tenant, work.DocumentId);
                batch.Clear();
                characters = 0;
            }
        }
    }

    private Task DescribeAsync(
        WorkItem item,
        IngestionWork work,
        VersionProgress version,
        ReadItem.Header? header,
        string? title,
        CancellationToken cancellationToken
    ) =>
        store.DescribeAsync(
            item,
            work,
            header?.PageCount,
            Shorten(title, DocumentText.MaxTitle),
            FileNames.TitleOf(version.FileName),
            Shorten(header?.Author, DocumentText.MaxAuthor),
            cancellationToken
        );

    /// <summary>A Markdown file's is its first heading; those inside PDFs are often left over from a program.</summary>
    private static string? TitleOf(VersionProgress version, ReadItem.Header? header) =>
        version.MediaType == MediaTypes.Markdown.Name ? header?.Title : DerivedTitle.OfMetadata(header?.Title);

    /// <summary>False when there is nothing to cut.</summary>
    private async Task<bool> CutAsync(WorkItem item, IngestionWork work, CancellationToken cancellationToken)
    {
        await progress.TellAsync(item.Tenant, work.DocumentId);
        var cutting = _chunker.Begin();
        var chunks = new List<Chunk>(BatchChunks);
        var count = 0;
        var last = 0;
        while (await store.PagesAsync(item.Tenant, work, last, cancellationToken) is { Count: > 0 } pages)
        {
            foreach (var chunk in pages.SelectMany(cutting.Cut))
            {
                chunks.Add(chunk);
                if (chunks.Count == BatchChunks)
                {
                    await FlushAsync();
                }
            }

            last = pages[^1].Number;
        }

        await FlushAsync();
        if (count > 0)
        {
            await store.EndCuttingAsync(item, work, count, cancellationToken);
            await progress.TellAsync(item.Tenant, work.DocumentId);
        }

        return count > 0;

        async Task FlushAsync()
        {
            if (chunks.Count > 0)
            {
                await store.AddChunksAsync(item, work, count, chunks, cancellationToken);
                count += chunks.Count;
                chunks.Clear();
            }
        }
    }

    /// <summary>As far as the model answers at once; the rest is added in the background, and words find it meanwhile.</summary>
    private async Task EmbedAsync(WorkItem item, IngestionWork work, CancellationToken cancellationToken)
    {
        var serving = await models.OfAsync(item.Tenant, cancellationToken);
        if (
            serving is not { Name: { } model, Embeddings: { } embeddings }
            || !await store.HasVectorsAsync(item.Tenant, cancellationToken)
        )
        {
            return;
        }

        using var patience = new CancellationTokenSource(embeddings.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        while (!embeddings.IsDown)
        {
            var chunks = await store.UnembeddedAsync(
                item.Tenant,
                work,
                model,
                Math.Min(options.Value.EmbeddingBatch, embeddings.MostAtOnce),
                cancellationToken
            );
            if (chunks.Count == 0)
            {
                return;
            }

            string[] vectors;
            try
            {
                vectors = await embeddings.GenerateAsync([.. chunks.Select(chunk => chunk.TextToEmbed)], either.Token);
            }
            catch (OperationCanceledException) when (embeddings.IsLocal && !cancellationToken.IsCancellationRequested)
            {
                // A large document: the rest is the background's, as is usual.
                return;
            }
            catch (Exception exception)
                when (exception is ModelException
                    || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                )
            {
                Log.EmbeddingPutOff(logger, work.DocumentId, exception);
                return;
            }

            var ids = chunks.Select(chunk => chunk.ChunkId).ToArray();
            await store.AddVectorsAsync(item, model, ids, vectors, cancellationToken);
        }
    }

    private async Task FailAsync(
        WorkItem item,
        IngestionWork work,
        string code,
        string reason,
        CancellationToken cancellationToken
    )
    {
        await store.FailAsync(item, work, code, reason, cancellationToken);
        await progress.TellAsync(item.Tenant, work.DocumentId);
    }

    private static string Shorten(string? text, int most)
    {
        var clean = FileNames.CleanText(text ?? "");
        return clean.Length <= most ? clean : clean[..(char.IsHighSurrogate(clean[most - 1]) ? most - 1 : most)];
    }

    private static (string Code, string Reason) Explain(Exception? fault) =>
        fault switch
        {
            DocumentUnreadableException unreadable => (CodeOf(unreadable.Failure), unreadable.Reason),
            _ => (
                "internal",
                "Something went wrong on the server, several times. Try again; tell the operator if it stays."
            ),
        };

    private static string CodeOf(ReadFailure failure) =>
        failure switch
        {
            ReadFailure.Encrypted => "encrypted",
            ReadFailure.Malformed => "malformed",
            ReadFailure.Empty => "empty",
            ReadFailure.ImageOnly => "image-only",
            ReadFailure.Unsupported => "unsupported",
            ReadFailure.TooLarge => "too-large",
            ReadFailure.TimedOut => "timed-out",
            ReadFailure.OutOfMemory => "out-of-memory",
            _ => "reader-unavailable",
        };
}
