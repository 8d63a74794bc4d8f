using Chancery.Models;
using Chancery.Server.Knowledge.Vectors;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>What a change to a model would take.</summary>
/// <param name="Model">By the name of its vectors.</param>
/// <param name="Passages">That search sees.</param>
/// <param name="Missing">Of them without a vector of that model: those are to be made.</param>
/// <param name="Tokens">Of those, about.</param>
/// <param name="Calls">Of the model.</param>
/// <param name="Seconds">As long as the model goes on as it did with the first of them; null where it did not answer.</param>
/// <param name="CostNanoDollars">A billionth of a dollar; 0 for a model in the server, null where the operator gave no price.</param>
/// <param name="Note">Why the time is not known.</param>
public sealed record ModelEstimate(
    string Model,
    int Passages,
    int Missing,
    long Tokens,
    int Calls,
    double? Seconds,
    long? CostNanoDollars,
    string? Note
);

/// <summary>Tells beforehand what a change would take: by counting, and by having the first passages encoded. Safe for concurrent use.</summary>
internal sealed class ModelEstimates(
    TenantDatabase database,
    VectorStore vectors,
    EmbeddingModels models,
    IOptions<KnowledgeOptions> options,
    TimeProvider time
)
{
    private const string HasVectorsSql = "SELECT to_regclass('chunk_vectors') IS NOT NULL";

    // A person waits for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Null where this server cannot keep vectors.</summary>
    public async Task<ModelEstimate?> OfAsync(TenantId tenant, Embeddings model, CancellationToken cancellationToken)
    {
        var name = model.Identity!;
        if (await CountAsync(tenant, name, cancellationToken) is not { } counted)
        {
            return null;
        }

        var missing = counted.Passages - counted.Done;
        var batch = Math.Min(options.Value.EmbeddingBatch, model.MostAtOnce);
        var calls = (missing + batch - 1) / batch;
        var (seconds, note) = missing == 0 ? (0, null) : await MeasureAsync(tenant, model, batch, cancellationToken);
        return new ModelEstimate(
            name,
            counted.Passages,
            missing,
            counted.Tokens,
            calls,
            // The last call is not full.
            seconds * missing / Math.Min(batch, Math.Max(1, missing)),
            models.PriceOf(model) * counted.Tokens,
            note
        );
    }

    private async Task<ModelChangeStore.CountRow?> CountAsync(
        TenantId tenant,
        string model,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        await session.AllowLongStatementsAsync(cancellationToken);
        return await session.FindAsync<bool>(HasVectorsSql, null, cancellationToken)
            ? await session.FindAsync<ModelChangeStore.CountRow>(
                ModelChangeStore.CountSql,
                new { tenant = tenant.Value, model },
                cancellationToken
            )
            : null;
    }

    /// <summary>How long one batch takes; the vectors are let go.</summary>
    private async Task<(double? Seconds, string? Note)> MeasureAsync(
        TenantId tenant,
        Embeddings model,
        int batch,
        CancellationToken cancellationToken
    )
    {
        var sample = await vectors.NextAsync(tenant, model.Identity!, null, batch, cancellationToken);
        if (sample.Count == 0)
        {
            return (0, null);
        }

        if (model.Model is null)
        {
            return (null, "The model is not installed: chancery models pull installs it.");
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            // The first text of a model in this process loads it.
            await model.GenerateAsync([sample[0].TextToEmbed], either.Token);
            var began = time.GetTimestamp();
            await model.GenerateAsync([.. sample.Select(passage => passage.TextToEmbed)], either.Token);
            return (time.GetElapsedTime(began).TotalSeconds, null);
        }
        catch (Exception exception)
            when (exception is ModelException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return (
                null,
                exception is ModelException
                    ? exception.Message
                    : "The model took longer than ten seconds for its first passages."
            );
        }
    }
}
