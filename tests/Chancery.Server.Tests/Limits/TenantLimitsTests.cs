using Chancery.Server.Limits;
using Chancery.Server.Limits.Plans;

namespace Chancery.Server.Tests.Limits;

/// <summary>Which limit holds when several say something.</summary>
public sealed class TenantLimitsTests
{
    private static readonly Guid Tenant = Guid.CreateVersion7();
    private static readonly Guid Person = Guid.CreateVersion7();
    private static readonly Guid Key = Guid.CreateVersion7();

    [Fact]
    public void The_plan_holds_for_whoever_has_nothing_else() =>
        Assert.Equal(100, Of().Of(LimitNames.Requests, Key, Person));

    [Fact]
    public void What_a_plan_does_not_name_has_no_limit() => Assert.Null(Of().Of(LimitNames.Documents));

    [Theory]
    [InlineData(5L)]
    [InlineData(5000L)]
    [InlineData(null)]
    public void The_operators_word_takes_the_place_of_the_plans_be_it_more_or_less(long? most)
    {
        Assert.Equal(most, Of((Tenant, LimitOverride.ByOperator, most)).Of(LimitNames.Requests, Key, Person));
        Assert.Equal(
            most,
            Of((Tenant, LimitOverride.ByOperator, 7), (Key, LimitOverride.ByOperator, most))
                .Of(LimitNames.Requests, Key, Person)
        );
    }

    [Fact]
    public void An_organisation_can_only_set_less()
    {
        Assert.Equal(50, Of((Key, LimitOverride.ByTenant, 50)).Of(LimitNames.Requests, Key, Person));
        Assert.Equal(100, Of((Key, LimitOverride.ByTenant, 500)).Of(LimitNames.Requests, Key, Person));
    }

    [Fact]
    public void A_limit_on_a_person_holds_for_their_keys() =>
        Assert.Equal(9, Of((Person, LimitOverride.ByTenant, 9)).Of(LimitNames.Requests, Key, Person));

    [Fact]
    public void The_operators_limit_on_a_person_holds_for_their_keys_and_one_on_a_key_comes_before_it()
    {
        Assert.Equal(9, Of((Person, LimitOverride.ByOperator, 9)).Of(LimitNames.Requests, Key, Person));
        Assert.Equal(
            20,
            Of((Person, LimitOverride.ByOperator, 9), (Key, LimitOverride.ByOperator, 20))
                .Of(LimitNames.Requests, Key, Person)
        );
    }

    [Fact]
    public void A_limit_on_somebody_else_is_theirs() =>
        Assert.Equal(100, Of((Guid.CreateVersion7(), LimitOverride.ByTenant, 9)).Of(LimitNames.Requests, Key, Person));

    private static TenantLimits Of(params (Guid Subject, string By, long? Most)[] overrides) =>
        new(
            Tenant,
            new Plan("TEST", new Dictionary<string, long> { ["requests"] = 100 }, IsShipped: false),
            [
                .. overrides.Select(one => new LimitOverride(
                    one.Subject == Tenant ? LimitOverride.OfTenant
                        : one.Subject == Key ? LimitOverride.OfKey
                        : LimitOverride.OfUser,
                    one.Subject,
                    "requests",
                    one.By,
                    one.Most
                )),
            ]
        );
}
