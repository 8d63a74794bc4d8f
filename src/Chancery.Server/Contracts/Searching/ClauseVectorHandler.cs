using Chancery.Models;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Contracts.Searching;

/// <summary>What is asked for when clauses may lack vectors: all of an organisation's, so that asking twice is asking once.</summary>
internal sealed record ClauseVectorWork
{
    public const string Kind = "contract-vectors";
}

/// <summary>Asks for vectors of clauses. Safe for concurrent use.</summary>
internal sealed class ClauseVectorQueue(WorkQueue queue, EmbeddingModels models)
{
    /// <summary>In the transaction that changes clauses, before it locks a contract: the work takes its locks in that order.</summary>
    public Task EnqueueAsync(TenantSession session, CancellationToken cancellationToken) =>
        models.All.Any()
            ? queue.EnqueueAsync(session, ClauseVectorWork.Kind, new ClauseVectorWork(), cancellationToken)
            : Task.CompletedTask;

    /// <summary>Once that is committed.</summary>
    public Task WakeAsync() => models.All.Any() ? queue.WakeAsync() : Task.CompletedTask;
}

/// <summary>Gives clauses that words find already their vectors, in the background; waits while the model does not answer.</summary>
internal sealed class ClauseVectorHandler(
    ClauseVectorStore store,
    EmbeddingModels models,
    TenantModels tenants,
    IOptions<WorkOptions> work
) : IWorkHandler
{
    private const int Batch = 32;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    public string Kind => ClauseVectorWork.Kind;

    public bool Waits => true;

    public bool IsAble => models.All.Any();

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        if (
            await tenants.OfAsync(item.Tenant, cancellationToken) is not { Name: { } model, Embeddings: { } embeddings }
        )
        {
            throw new WorkPostponedException(TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds));
        }

        BlindClause? after = null;
        while (await store.NextAsync(item.Tenant, model, after, Batch, cancellationToken) is { Count: > 0 } clauses)
        {
            await EncodeAsync(item, embeddings, model, clauses, cancellationToken);
            after = clauses[^1];
        }
    }

    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken) =>
        // Words find them all the same, and the next revision asks again.
        Task.CompletedTask;

    private async Task EncodeAsync(
        WorkItem item,
        Embeddings embeddings,
        string model,
        IReadOnlyList<BlindClause> clauses,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var encoded = await embeddings.EncodeAsync(
                [.. clauses.Select(clause => SearchableClause.Encoded(clause.Path, clause.Body))],
                areQueries: false,
                dimensions: null,
                inProcess: false,
                payer: null,
                cancellationToken
            );
            await store.AddAsync(item, model, clauses, [.. encoded.Select(one => one.Vector)], cancellationToken);
        }
        catch (ModelException exception) when (exception.IsTransient || exception.Kind == ModelFailure.Key)
        {
            var pause = exception.RetryAfter ?? TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds);
            throw new WorkPostponedException(pause < LongestPause ? pause : LongestPause, exception);
        }
        catch (ModelException) when (clauses.Count > 1)
        {
            // One of them is what the model does not take.
            foreach (var clause in clauses)
            {
                await EncodeAsync(item, embeddings, model, [clause], cancellationToken);
            }
        }
        catch (ModelException)
        {
            // This one stays for words to find.
        }
    }
}
