using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.TextVectors;

/// <summary>Whether callers ask for the embedding model that there is. Safe for concurrent use.</summary>
internal sealed class EncodingModel(Embeddings embeddings)
{
    /// <summary>As people know it; null where there is none.</summary>
    public string? Name => embeddings.Model is { } model ? NameOf(model) : null;

    /// <summary>Null where the model that there is goes by that name, or none is named, or there is none at all.</summary>
    public ProblemHttpResult? Refuse(string? name) =>
        string.IsNullOrEmpty(name)
        || embeddings.Model is not { } model
        || name.Equals(model, StringComparison.OrdinalIgnoreCase)
        || name.Equals(NameOf(model), StringComparison.OrdinalIgnoreCase)
            ? null
            : Problem.Invalid("model", $"There is no such embedding model here. There is: {NameOf(model)}.");

    /// <summary>Null where vectors of that length can be had, or may be.</summary>
    public ProblemHttpResult? Refuse(int? dimensions) =>
        dimensions is null || embeddings.Dimensions is not { } own || own == dimensions
            ? null
            : Problem.Invalid("dimensions", $"This model makes vectors of {own}, and no others. Leave it out.");

    /// <summary>What an endpoint has to be told; a model in this process has one length.</summary>
    public int? ToAskFor(int? dimensions) => dimensions is null || embeddings.Dimensions is null ? dimensions : null;

    // all-MiniLM-L6-v2@0a1b2c3d4e5f: people know the part before the sign.
    private string NameOf(string model) =>
        embeddings.IsLocal && model.IndexOf('@', StringComparison.Ordinal) is > 0 and var at ? model[..at] : model;
}
