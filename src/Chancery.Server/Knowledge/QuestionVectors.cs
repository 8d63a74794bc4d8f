using Chancery.Models;

namespace Chancery.Server.Knowledge;

/// <summary>What questions mean, as vectors of the installation's embedding model. Safe for concurrent use.</summary>
public sealed class QuestionVectors
{
    // Who waits for an answer does not wait long for a way around it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Embeddings _embeddings;

    internal QuestionVectors(Embeddings embeddings) => _embeddings = embeddings;

    /// <summary>The name of the model; vectors of different models must not be compared. Null where there is none.</summary>
    public string? Model => _embeddings.Model;

    /// <summary>Of length one; null where there is no model, or it failed or took too long.</summary>
    public async Task<float[]?> OfAsync(string question, CancellationToken cancellationToken)
    {
        if (Model is null || !_embeddings.TryTurn())
        {
            return null;
        }

        try
        {
            var vector = (await _embeddings.OfQueryAsync(question, Patience, cancellationToken)).ToArray();
            var length = Math.Sqrt(vector.Sum(part => (double)part * part));
            return length > 0 ? [.. vector.Select(part => (float)(part / length))] : null;
        }
        catch (ModelException)
        {
            return null;
        }
    }
}
