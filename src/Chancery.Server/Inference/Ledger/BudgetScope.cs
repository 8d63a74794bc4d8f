using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Inference.Ledger;

/// <summary>A cap as it is counted.</summary>
/// <param name="Level">One of <see cref="BudgetLevel"/>.</param>
/// <param name="Subject">The tenant, person or key; empty for the installation.</param>
/// <param name="CapNano">Tokens, where <see cref="CountsTokens"/>.</param>
internal sealed record Cap(string Level, Guid Subject, string Period, long CapNano)
{
    public bool CountsTokens => Level == BudgetLevel.Quota;

    /// <summary>Of the plan, and of no row of its own.</summary>
    public bool IsOfPlan => Level is BudgetLevel.Plan or BudgetLevel.Quota;

    /// <summary>The field of the scope's hash that counts it on that day.</summary>
    public string FieldOn(DateOnly day) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Level[0]}:{Subject:n}:{Period[0]}:{BudgetWindow.StartOf(Period, day):yyyyMMdd}"
        );

    public bool IsOf(Guid userId, Guid? keyId) =>
        Level switch
        {
            BudgetLevel.User => Subject == userId,
            BudgetLevel.Key => Subject == keyId,
            _ => true,
        };
}

/// <summary>
/// Caps that are counted in one place of Redis: those of a tenant with its people and keys, or those of the installation. In a cluster
/// no script reaches two places, so that these are two steps, and the first is undone when the second refuses.
/// </summary>
/// <param name="Tenant">Null for the installation.</param>
/// <param name="ChangedAt">When a cap was last set.</param>
internal sealed record BudgetScope(TenantId? Tenant, IReadOnlyList<Cap> Caps, DateTimeOffset ChangedAt)
{
    private readonly ILookup<(string, Guid), Cap> _bySubject = Caps.ToLookup(cap => (cap.Level, cap.Subject));

    /// <summary>Everything of a scope is one hash: Redis loses all of it or nothing.</summary>
    public string Key => KeyOf(Tenant);

    /// <summary>Changes with each cap, so that a count that was made for others is recognised.</summary>
    public string Digest { get; } = DigestOf(Caps);

    public bool IsEmpty => Caps.Count == 0;

    public static string KeyOf(TenantId? tenant) =>
        tenant is { } one ? $"{{{one.Value:n}}}:ledger" : "{installation}:ledger";

    /// <summary>Those that a call of this person with this key counts against, the narrowest first.</summary>
    public IReadOnlyList<Cap> Of(Payer payer) =>
        Tenant is null
            ? Caps
            :
            [
                .. payer.KeyId is { } key ? _bySubject[(BudgetLevel.Key, key)] : [],
                .. _bySubject[(BudgetLevel.User, payer.UserId)],
                .. _bySubject[(BudgetLevel.Tenant, payer.Tenant.Value)],
                .. _bySubject[(BudgetLevel.Plan, payer.Tenant.Value)],
                .. _bySubject[(BudgetLevel.Quota, payer.Tenant.Value)],
            ];

    /// <summary>Where it is remembered for a minute how a call ended, for whoever counts anew at that moment.</summary>
    public string EndKeyOf(Guid requestId) => $"{Key}:end:{requestId:n}";

    private static string DigestOf(IReadOnlyList<Cap> caps)
    {
        var text = string.Join(
            '\n',
            caps.Select(cap =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{cap.Level} {cap.Subject:n} {cap.Period} {cap.CapNano}"
                    )
                )
                .Order(StringComparer.Ordinal)
        );
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }
}
