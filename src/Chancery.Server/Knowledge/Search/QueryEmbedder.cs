using Chancery.Models;
using Chancery.Server.Knowledge.ModelChanges;

namespace Chancery.Server.Knowledge.Search;

/// <summary>What became of a query's embedding.</summary>
/// <param name="Vector">Null when words have to do.</param>
/// <param name="Note">Why, for a person; null when there is a vector.</param>
/// <param name="Model">That made it; null where there is no vector.</param>
internal readonly record struct EmbeddedQuery(ReadOnlyMemory<float>? Vector, string? Note, Embeddings? Model = null);

/// <summary>Embeds queries, and says why where that cannot be. Safe for concurrent use.</summary>
internal sealed class QueryEmbedder(EmbeddingModels models, ILogger<QueryEmbedder> logger)
{
    // A reader waits for this; words alone are the better answer after a while.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public Task<EmbeddedQuery> EmbedAsync(
        ServingModel serving,
        PassageQuery query,
        StageTimes stages,
        CancellationToken cancellationToken
    ) =>
        query.WordsOnly
            ? Task.FromResult(new EmbeddedQuery(null, "Passages were looked for by their words only, as asked."))
            : stages.OfAsync(StageTimes.Embedding, () => EmbedAsync(serving, query.Text, cancellationToken));

    private async Task<EmbeddedQuery> EmbedAsync(ServingModel serving, string text, CancellationToken cancellationToken)
    {
        if (serving.Name is null || !models.All.Any())
        {
            return new(null, "No embedding model is configured: passages were found by their words only.");
        }

        if (serving.Embeddings is not { } embeddings)
        {
            return new(
                null,
                $"The embedding model {models.LabelOf(serving.Name)}, which made this organisation's vectors, is not available on this "
                    + "server: passages were found by their words only."
            );
        }

        if (!embeddings.TryTurn())
        {
            return new(
                null,
                "The embedding model did not answer a moment ago and is left alone for a while: passages were found by their "
                    + "words only."
            );
        }

        try
        {
            return new(await embeddings.OfQueryAsync(text, Patience, cancellationToken), null, embeddings);
        }
        catch (ModelException exception)
        {
            Log.QueryNotEmbedded(logger, exception);
            return new(
                null,
                exception.InnerException is LocalModelException
                    ? "The embedding model of this server cannot be used (chancery doctor tells why): passages were found by their words only."
                    : "The embedding model did not answer: passages were found by their words only."
            );
        }
    }
}
