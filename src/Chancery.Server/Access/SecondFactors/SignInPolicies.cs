using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.SecondFactors;

/// <summary>What an organisation asks of its people's sign-ins.</summary>
/// <param name="SecondFactor">Of <see cref="SecondFactorRule"/>.</param>
/// <param name="AppliesTo">Of <see cref="RulePeople"/>.</param>
/// <param name="RequiredFrom">Whoever has none by then sets one up before anything else. Of a rule that requires one.</param>
internal sealed record SignInPolicy(string SecondFactor, string AppliesTo, DateTimeOffset? RequiredFrom)
{
    public static SignInPolicy None { get; } = new(SecondFactorRule.None, RulePeople.Everybody, null);

    /// <summary>What it asks of somebody with that role: of <see cref="SecondFactorRule"/>.</summary>
    public string For(string role) =>
        AppliesTo == RulePeople.Everybody || role is Role.Owner or Role.Admin ? SecondFactor : SecondFactorRule.None;
}

/// <summary>Whether people need a second factor.</summary>
internal static class SecondFactorRule
{
    public const string None = "none";
    public const string Encouraged = "encouraged";
    public const string Required = "required";
}

/// <summary>Whom the rule is for.</summary>
internal static class RulePeople
{
    public const string Everybody = "everybody";

    /// <summary>Owners and admins.</summary>
    public const string Managers = "managers";
}

/// <summary>The SQL of organisations' rules for sign-ins. Safe for concurrent use.</summary>
internal sealed class SignInPolicies(TenantDatabase database, Revocations revocations, TimeProvider time)
{
    private const string FindSql = """
        SELECT second_factor, applies_to, required_from FROM sign_in_policies WHERE tenant_id = @tenant
        """;

    private const string SetSql = """
        INSERT INTO sign_in_policies AS p (tenant_id, second_factor, applies_to, required_from, changed_at)
        VALUES (@tenant, @SecondFactor, @AppliesTo, @RequiredFrom, @now)
        ON CONFLICT (tenant_id) DO UPDATE
        SET second_factor = @SecondFactor, applies_to = @AppliesTo, changed_at = @now, required_from = @RequiredFrom
        """;

    private sealed record Row(string SecondFactor, string AppliesTo, DateTimeOffset RequiredFrom);

    public async Task<SignInPolicy> GetAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        return await session.FindAsync<Row>(FindSql, new { tenant = tenant.Value }, cancellationToken) is { } row
            ? new SignInPolicy(
                row.SecondFactor,
                row.AppliesTo,
                row.SecondFactor == SecondFactorRule.Required ? row.RequiredFrom : null
            )
            : SignInPolicy.None;
    }

    /// <summary>Holds from the next request of everybody on, on all servers within two seconds.</summary>
    public async Task SetAsync(
        TenantId tenant,
        string secondFactor,
        string appliesTo,
        TimeSpan grace,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        await using (var session = await database.OpenAsync(tenant, cancellationToken))
        {
            await session.ExecuteAsync(
                SetSql,
                new
                {
                    tenant = tenant.Value,
                    SecondFactor = secondFactor,
                    AppliesTo = appliesTo,
                    RequiredFrom = now + grace,
                    now,
                },
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
        }

        await revocations.TenantAsync(tenant.Value);
    }
}
