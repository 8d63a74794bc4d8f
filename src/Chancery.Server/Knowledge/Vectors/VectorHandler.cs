using Chancery.Models;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Vectors;

/// <summary>
/// Gives passages that words find already their vectors, of all documents of a tenant, batch by batch. While the model does not
/// answer it waits, for as long as it takes.
/// </summary>
internal sealed class VectorHandler(
    VectorStore store,
    EmbeddingModels models,
    TenantModels tenants,
    IOptions<KnowledgeOptions> options,
    IOptions<WorkOptions> work,
    ILogger<VectorHandler> logger
) : IWorkHandler
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private int _failures;

    public string Kind => VectorWork.Kind;

    public bool Waits => true;

    public bool IsAble => models.All.Any();

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        if (
            await tenants.OfAsync(item.Tenant, cancellationToken) is not { Name: { } model, Embeddings: { } embeddings }
        )
        {
            // Of a model that was removed since, is being installed, or is another server's: soon, as that may take it.
            throw new WorkPostponedException(TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds));
        }

        var most = options.Value.EmbeddingBatch;
        var refused = 0;
        Guid? after = null;
        while (await store.NextAsync(item.Tenant, model, after, most, cancellationToken) is { Count: > 0 } passages)
        {
            refused += await EmbedAsync(item, embeddings, model, passages, cancellationToken);
            after = passages[^1].ChunkId;
        }

        if (refused > 0)
        {
            Log.PassagesRefused(logger, refused);
        }
    }

    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken) =>
        // Documents go on saying what they lack, and the next check asks again.
        Task.CompletedTask;

    /// <summary>Answers how many of the passages the model does not take.</summary>
    private async Task<int> EmbedAsync(
        WorkItem item,
        Embeddings embeddings,
        string model,
        IReadOnlyList<BlindPassage> passages,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var vectors = await embeddings.GenerateAsync(
                [.. passages.Select(passage => passage.TextToEmbed)],
                cancellationToken
            );
            Interlocked.Exchange(ref _failures, 0);
            await store.AddAsync(item, model, passages, vectors, cancellationToken);
            return 0;
        }
        catch (ModelException exception) when (exception.IsTransient || exception.Kind == ModelFailure.Key)
        {
            var pause = exception.RetryAfter ?? NextPause();
            throw new WorkPostponedException(pause < LongestPause ? pause : LongestPause, exception);
        }
        catch (ModelException) when (passages.Count == 1)
        {
            return 1;
        }
        catch (ModelException)
        {
            // One of them is what the model does not take; the others need not suffer for it.
            var refused = 0;
            foreach (var passage in passages)
            {
                refused += await EmbedAsync(item, embeddings, model, [passage], cancellationToken);
            }

            return refused;
        }
    }

    private TimeSpan NextPause() =>
        TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds)
        * Math.Pow(2, Math.Min(10, Interlocked.Increment(ref _failures) - 1));
}
