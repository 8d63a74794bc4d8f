using Chancery.Models;

namespace Chancery.Server.Knowledge.Search;

/// <summary>What became of a query's embedding.</summary>
/// <param name="Vector">Null when words have to do.</param>
/// <param name="Note">Why, for a person; null when there is a vector.</param>
internal readonly record struct EmbeddedQuery(ReadOnlyMemory<float>? Vector, string? Note);

/// <summary>Embeds queries, and says why where that cannot be. Safe for concurrent use.</summary>
internal sealed class QueryEmbedder(Embeddings embeddings, ILogger<QueryEmbedder> logger)
{
    // A reader waits for this; words alone are the better answer after a while.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public Task<EmbeddedQuery> EmbedAsync(PassageQuery query, StageTimes stages, CancellationToken cancellationToken) =>
        query.WordsOnly
            ? Task.FromResult(new EmbeddedQuery(null, "Passages were looked for by their words only, as asked."))
            : stages.OfAsync(StageTimes.Embedding, () => EmbedAsync(query.Text, cancellationToken));

    private async Task<EmbeddedQuery> EmbedAsync(string text, CancellationToken cancellationToken)
    {
        if (embeddings.Model is null)
        {
            return new(null, "No embedding model is configured: passages were found by their words only.");
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
            return new(await embeddings.OfQueryAsync(text, Patience, cancellationToken), null);
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
