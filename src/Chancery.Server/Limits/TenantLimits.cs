using Chancery.Server.Limits.Plans;

namespace Chancery.Server.Limits;

/// <summary>What holds for one of an organisation instead of what the plan says.</summary>
/// <param name="Level"><c>tenant</c>, <c>user</c> or <c>key</c>.</param>
/// <param name="SetBy"><c>operator</c> or <c>tenant</c>.</param>
/// <param name="Most">Null for no limit.</param>
public sealed record LimitOverride(string Level, Guid SubjectId, string Name, string SetBy, long? Most)
{
    public const string OfTenant = "tenant";
    public const string OfUser = "user";
    public const string OfKey = "key";
    public const string ByOperator = "operator";
    public const string ByTenant = "tenant";
}

/// <summary>How much an organisation and those in it may do: its plan, and what was set beside it.</summary>
/// <remarks>
/// What the operator set for somebody takes the place of what the plan says. What the organisation set beside it can only be lower.
/// </remarks>
public sealed class TenantLimits(Guid tenant, Plan plan, IReadOnlyList<LimitOverride> overrides)
{
    private readonly Dictionary<(Guid Subject, string Name, string SetBy), long?> _overrides = overrides.ToDictionary(
        one => (one.SubjectId, one.Name, one.SetBy),
        one => one.Most
    );

    public Plan Plan => plan;

    public IReadOnlyList<LimitOverride> Overrides => overrides;

    /// <summary>No limit at all, of nobody.</summary>
    public bool IsEmpty { get; } = plan.Limits.Count == 0 && overrides.Count == 0;

    /// <summary>The most that the organisation may have of it; null for no limit.</summary>
    public long? Of(LimitName limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        var hard = _overrides.TryGetValue((tenant, limit.Name, LimitOverride.ByOperator), out var set)
            ? set
            : OfPlan(limit);
        return Lower(hard, OwnOf(tenant, limit));
    }

    /// <summary>The most that one person may have of it with all their keys and sessions together; null for no limit.</summary>
    /// <param name="principal">
    /// Who calls: the person, or a key or client of theirs. For a key that the operator set a limit for, that takes the place of the
    /// person's: of the person's only what the organisation set holds beside it.
    /// </param>
    public long? OfPerson(LimitName limit, Guid person, Guid principal)
    {
        ArgumentNullException.ThrowIfNull(limit);
        var hard =
            principal != person && _overrides.ContainsKey((principal, limit.Name, LimitOverride.ByOperator)) ? null
            : _overrides.TryGetValue((person, limit.Name, LimitOverride.ByOperator), out var theirs) ? theirs
            : _overrides.TryGetValue((tenant, limit.Name, LimitOverride.ByOperator), out var all) ? all
            : OfPlan(limit);
        return Lower(hard, Lower(OwnOf(tenant, limit), OwnOf(person, limit)));
    }

    /// <summary>The most that one key or client may have of it for itself; null where nothing is set for it.</summary>
    public long? OfKey(LimitName limit, Guid key)
    {
        ArgumentNullException.ThrowIfNull(limit);
        return Lower(_overrides.GetValueOrDefault((key, limit.Name, LimitOverride.ByOperator)), OwnOf(key, limit));
    }

    private long? OfPlan(LimitName limit) => plan.Limits.TryGetValue(limit.Name, out var most) ? most : null;

    private long? OwnOf(Guid subject, LimitName limit) =>
        _overrides.GetValueOrDefault((subject, limit.Name, LimitOverride.ByTenant));

    private static long? Lower(long? one, long? other) =>
        (one, other) switch
        {
            (null, _) => other,
            (_, null) => one,
            _ => Math.Min(one.Value, other.Value),
        };
}
