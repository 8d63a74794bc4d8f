using Chancery.Server.Limits;
using Chancery.Server.Limits.Plans;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Limits;

internal static class PlanOf
{
    /// <summary>Puts an organisation on a plan of its own.</summary>
    public static async Task GivenPlanAsync(
        this ChanceryFixture chancery,
        Guid tenant,
        params (LimitName Limit, long Most)[] limits
    )
    {
        var plans = chancery.Services.GetRequiredService<PlanStore>();
        var name = $"P{tenant:N}"[..31].ToUpperInvariant();
        await plans.SetAsync(
            name,
            limits.ToDictionary(one => one.Limit.Name, one => one.Most),
            TestContext.Current.CancellationToken
        );
        Assert.True(await plans.AssignAsync(tenant, name, TestContext.Current.CancellationToken));
    }
}
