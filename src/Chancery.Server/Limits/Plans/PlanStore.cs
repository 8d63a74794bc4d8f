using System.Text.Json;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Limits.Plans;

/// <summary>The plans of an installation, and who is on which. What is changed holds on all servers within two seconds.</summary>
internal sealed class PlanStore(Doors doors, LimitBook book, Revocations revocations)
{
    private const string PlansSql = "SELECT plan, limits::text AS limits FROM plans ORDER BY plan";
    private const string CountsSql = "SELECT plan, tenants FROM door_plan_tenants()";
    private const string SetSql = "SELECT door_set_plan(@plan, @limits::jsonb)::text";
    private const string AssignSql = "SELECT door_set_tenant_plan(@tenant, @plan)";
    private const string LimitsSql = "SELECT level, subject_id, name, set_by, most FROM door_limits_of(@tenant)";
    private const string SetLimitSql = "SELECT door_set_limit(@tenant, @level, @subject, @name, @most, @isSet)";

    private sealed record PlanRow(string Plan, string Limits);

    private sealed record CountRow(string Plan, long Tenants);

    private sealed record OverrideRow
    {
        public required string Level { get; init; }
        public required Guid SubjectId { get; init; }
        public required string Name { get; init; }
        public required string SetBy { get; init; }
        public long? Most { get; init; }
    }

    /// <summary>All plans with how many organisations are on each, those that are shipped first.</summary>
    public async Task<IReadOnlyList<(Plan Plan, long Tenants)>> ListAsync(CancellationToken cancellationToken)
    {
        var changed = await doors.QueryAsync<PlanRow>(PlansSql, null, cancellationToken);
        var counts = (await doors.QueryAsync<CountRow>(CountsSql, null, cancellationToken)).ToDictionary(
            row => row.Plan,
            row => row.Tenants
        );
        var own = changed.ToDictionary(
            row => row.Plan,
            row => new Plan(
                row.Plan,
                JsonSerializer.Deserialize<Dictionary<string, long>>(row.Limits)!,
                IsShipped: false
            )
        );
        return
        [
            .. book
                .Shipped.Select(plan => own.GetValueOrDefault(plan.Name, plan))
                .Concat(own.Values.Where(plan => book.Shipped.All(shipped => shipped.Name != plan.Name)))
                .Select(plan => (plan, counts.GetValueOrDefault(plan.Name))),
        ];
    }

    /// <summary>Makes or changes a plan; null limits take the operator's away, and a shipped plan is again as it was.</summary>
    public async Task SetAsync(
        string plan,
        IReadOnlyDictionary<string, long>? limits,
        CancellationToken cancellationToken
    )
    {
        await doors.QueryAsync<string>(
            SetSql,
            new { plan, limits = limits is null ? null : JsonSerializer.Serialize(limits) },
            cancellationToken
        );
        await book.ChangedAsync(tenant: null);
    }

    /// <summary>False when there is no such organisation.</summary>
    public async Task<bool> AssignAsync(Guid tenant, string plan, CancellationToken cancellationToken)
    {
        if (!(await doors.QueryAsync<bool>(AssignSql, new { tenant, plan }, cancellationToken)).Single())
        {
            return false;
        }

        await book.ChangedAsync(new TenantId(tenant));
        // Sign-ins and keys carry the plan's name.
        await revocations.TenantAsync(tenant);
        return true;
    }

    /// <summary>What was set for an organisation and those in it, by the operator and by itself.</summary>
    public async Task<IReadOnlyList<LimitOverride>> OverridesAsync(Guid tenant, CancellationToken cancellationToken) =>
        [
            .. (await doors.QueryAsync<OverrideRow>(LimitsSql, new { tenant }, cancellationToken)).Select(
                row => new LimitOverride(row.Level, row.SubjectId, row.Name, row.SetBy, row.Most)
            ),
        ];

    /// <summary>Sets or takes away what the operator says for one; false when there is no such organisation.</summary>
    /// <param name="most">Null for no limit.</param>
    public async Task<bool> SetLimitAsync(
        Guid tenant,
        string level,
        Guid subject,
        string name,
        long? most,
        bool isSet,
        CancellationToken cancellationToken
    )
    {
        var set = (
            await doors.QueryAsync<bool>(
                SetLimitSql,
                new
                {
                    tenant,
                    level,
                    subject,
                    name,
                    most,
                    isSet,
                },
                cancellationToken
            )
        ).Single();
        if (set)
        {
            await book.ChangedAsync(new TenantId(tenant));
        }

        return set;
    }
}
