using System.Collections.Concurrent;
using System.Globalization;
using Chancery.Models;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Knowledge.Vectors.Indexes;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>
/// Makes the vectors of the model that is changed to, beside those that serve, until no passage lacks one, and then lets them serve.
/// While the model does not answer it waits, for as long as it takes.
/// </summary>
internal sealed class ModelChangeHandler(
    ModelChangeStore store,
    VectorStore vectors,
    EmbeddingModels models,
    VectorIndexKeeper indexes,
    WorkQueue queue,
    ModelChangeMeter meter,
    IOptions<KnowledgeOptions> options,
    IOptions<WorkOptions> work,
    ILogger<ModelChangeHandler> logger
) : IWorkHandler
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    // A model that refuses more than these and a tenth is not the one that somebody meant.
    private const int FewRefusals = 10;

    private readonly ConcurrentDictionary<string, int> _failures = new(StringComparer.Ordinal);

    public string Kind => ModelChangeWork.Kind;

    public bool Waits => true;

    public bool IsAble => models.All.Any();

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        var id = item.SubjectAs<ModelChangeWork>().ChangeId;
        if (await store.FindAsync(item.Tenant, id, cancellationToken) is not { State: ModelChangeState.Running } change)
        {
            return;
        }

        if (models.Find(change.ToModel) is not { Model: not null } target)
        {
            // Soon, as another server may have it.
            var soon = TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds);
            await PostponeAsync(item, change, "The model is not available on this server.", soon, null);
            return;
        }

        var run = new Run(item, change, target, []);
        var isOver = false;
        while (!isOver)
        {
            await store.BeginAsync(item, change, cancellationToken);
            if (await FillAsync(run, cancellationToken))
            {
                await indexes.PrepareAsync(item.Tenant, change.ToModel, cancellationToken);
                await CutOverAsync(run, cancellationToken);
            }

            // Once more where passages came meanwhile.
            isOver =
                await store.FindAsync(item.Tenant, id, cancellationToken) is not { State: ModelChangeState.Running };
        }
    }

    public async Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken)
    {
        var id = item.SubjectAs<ModelChangeWork>().ChangeId;
        if (await store.FindAsync(item.Tenant, id, cancellationToken) is { State: ModelChangeState.Running } change)
        {
            meter.Ended(ModelChangeState.Failed);
            await store.FailAsync(
                item,
                change,
                "Something went wrong on the server, several times. Start it again; tell the operator if it stays.",
                cancellationToken
            );
        }
    }

    /// <summary>False where the change failed.</summary>
    private async Task<bool> FillAsync(Run run, CancellationToken cancellationToken)
    {
        var (item, change, target, refused) = run;
        var most = Math.Min(options.Value.EmbeddingBatch, target.MostAtOnce);
        Guid? after = null;
        while (
            await vectors.NextAsync(item.Tenant, change.ToModel, after, most, cancellationToken)
                is { Count: > 0 } passages
        )
        {
            BlindPassage[] wanted = [.. passages.Where(passage => !refused.Contains(passage.ChunkId))];
            if (wanted.Length > 0)
            {
                await EmbedAsync(run, wanted, cancellationToken);
            }

            after = passages[^1].ChunkId;
            if (
                refused.Count > FewRefusals
                && await store.FindAsync(item.Tenant, change.ChangeId, cancellationToken) is { } now
                && refused.Count > Math.Max(FewRefusals, now.Passages / 10)
            )
            {
                return await FailAsync(run, cancellationToken);
            }
        }

        return refused.Count == 0
            || await store.FindAsync(item.Tenant, change.ChangeId, cancellationToken) is not { Done: 0 }
            || await FailAsync(run, cancellationToken);
    }

    private async Task<bool> FailAsync(Run run, CancellationToken cancellationToken)
    {
        meter.Ended(ModelChangeState.Failed);
        await store.FailAsync(
            run.Item,
            run.Change,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The model refused {run.Refused.Count} passages and more: check its id, and what it takes."
            ),
            cancellationToken
        );
        return false;
    }

    private async Task EmbedAsync(Run run, BlindPassage[] passages, CancellationToken cancellationToken)
    {
        var (item, change, target, refused) = run;
        try
        {
            var made = await target.GenerateAsync(
                [.. passages.Select(passage => passage.TextToEmbed)],
                cancellationToken
            );
            _failures.TryRemove(change.ToModel, out _);
            await store.AddAsync(item, change, passages, made, refused.Count, cancellationToken);
            meter.Embedded(change.ToModel, passages.Length);
        }
        catch (ModelException exception) when (exception.IsTransient || exception.Kind == ModelFailure.Key)
        {
            var pause = exception.RetryAfter ?? NextPause(change.ToModel);
            await PostponeAsync(
                item,
                change,
                exception.Message,
                pause < LongestPause ? pause : LongestPause,
                exception
            );
        }
        catch (ModelException) when (passages.Length == 1)
        {
            refused.Add(passages[0].ChunkId);
            await store.AddAsync(item, change, [], [], refused.Count, cancellationToken);
        }
        catch (ModelException)
        {
            // One of them is what the model does not take; the others need not suffer for it.
            foreach (var passage in passages)
            {
                await EmbedAsync(run, [passage], cancellationToken);
            }
        }
    }

    private async Task CutOverAsync(Run run, CancellationToken cancellationToken)
    {
        var (item, change, _, refused) = run;
        var keep = TimeSpan.FromDays(options.Value.EmbeddingFormerDays);
        if (!await store.CutOverAsync(item, change, [.. refused], keep, cancellationToken))
        {
            return;
        }

        meter.Ended(ModelChangeState.Done);
        Log.ModelChanged(logger, item.Tenant.Value, change.FromModel, change.ToModel);
        await queue.WakeAsync();
    }

    /// <exception cref="WorkPostponedException">Always.</exception>
    private async Task PostponeAsync(
        WorkItem item,
        ModelChange change,
        string why,
        TimeSpan pause,
        Exception? exception
    )
    {
        await store.WaitAsync(item, change, why, CancellationToken.None);
        throw new WorkPostponedException(pause, exception);
    }

    private TimeSpan NextPause(string model) =>
        TimeSpan.FromMilliseconds(work.Value.RetryMilliseconds)
        * Math.Pow(2, Math.Min(10, _failures.AddOrUpdate(model, 1, (_, failures) => failures + 1) - 1));

    private sealed record Run(WorkItem Item, ModelChange Change, Embeddings Target, HashSet<Guid> Refused);
}
