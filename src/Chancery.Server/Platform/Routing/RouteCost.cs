namespace Chancery.Server.Platform.Routing;

/// <summary>What a call of a route is counted against.</summary>
public enum RouteCost
{
    /// <summary>What a page or a program reads or changes: the caller's own requests a minute.</summary>
    Plain,

    /// <summary>Nothing: health, files of the pages, and what says how much is left.</summary>
    Free,

    /// <summary>What asks a model, searches, or takes a file: the organisation's requests an hour, too.</summary>
    Costly,

    /// <summary>Makes vectors: as <see cref="Costly"/>, and the organisation's embeddings of a month.</summary>
    Embedding,

    /// <summary>Has a prompt rewritten: as <see cref="Costly"/>, the caller's rewrites a minute and the organisation's of a month.</summary>
    Upgrade,
}

/// <summary>Says of routes what they cost.</summary>
public static class RouteCostExtensions
{
    /// <summary>Without it a route is <see cref="RouteCost.Plain"/>.</summary>
    public static TBuilder WithCost<TBuilder>(this TBuilder route, RouteCost cost)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new RouteCostMetadata(cost));

    /// <summary>What a call of the endpoint costs.</summary>
    public static RouteCost CostOf(Endpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint.Metadata.GetMetadata<RouteCostMetadata>()?.Cost ?? RouteCost.Plain;
    }

    private sealed record RouteCostMetadata(RouteCost Cost);
}
