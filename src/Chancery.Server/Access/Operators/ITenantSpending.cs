namespace Chancery.Server.Access.Operators;

/// <summary>What an organisation spent on models this month, by UTC, and what it may.</summary>
/// <param name="CapUsd">The lowest cap on the whole organisation for a month; null for none.</param>
public sealed record TenantSpending(decimal CostUsd, decimal? CapUsd);

/// <summary>Told by whoever keeps the money; amounts only.</summary>
public interface ITenantSpending
{
    /// <summary>Of those that spent something or have a cap.</summary>
    public Task<IReadOnlyDictionary<Guid, TenantSpending>> OfAsync(
        IReadOnlyList<Guid> tenants,
        CancellationToken cancellationToken
    );
}
