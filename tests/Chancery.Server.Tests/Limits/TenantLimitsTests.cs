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
        Assert.Equal(100, Of().OfPerson(LimitNames.Requests, Person, Key));

    [Fact]
    public void What_a_plan_does_not_name_has_no_limit() => Assert.Null(Of().Of(LimitNames.Documents));

    [Theory]
    [InlineData(5L)]
    [InlineData(5000L)]
    [InlineData(null)]
    public void The_operators_word_takes_the_place_of_the_plans_be_it_more_or_less(long? most)
    {
        Assert.Equal(most, Of((Tenant, LimitOverride.ByOperator, most)).OfPerson(LimitNames.Requests, Person, Key));
        Assert.Equal(
            most,
            Of((Tenant, LimitOverride.ByOperator, 7), (Person, LimitOverride.ByOperator, most))
                .OfPerson(LimitNames.Requests, Person, Key)
        );
        Assert.Equal(most, Of((Key, LimitOverride.ByOperator, most)).OfKey(LimitNames.Requests, Key));
    }

    [Fact]
    public void An_organisation_can_only_set_less()
    {
        Assert.Equal(50, Of((Person, LimitOverride.ByTenant, 50)).OfPerson(LimitNames.Requests, Person, Key));
        Assert.Equal(100, Of((Person, LimitOverride.ByTenant, 500)).OfPerson(LimitNames.Requests, Person, Key));
        Assert.Equal(
            20,
            Of((Key, LimitOverride.ByOperator, 20), (Key, LimitOverride.ByTenant, 500)).OfKey(LimitNames.Requests, Key)
        );
    }

    [Fact]
    public void What_the_organisation_sets_for_a_key_holds_beside_what_its_person_may()
    {
        var limits = Of((Key, LimitOverride.ByTenant, 9));

        Assert.Equal(9, limits.OfKey(LimitNames.Requests, Key));
        Assert.Equal(100, limits.OfPerson(LimitNames.Requests, Person, Key));
    }

    [Fact]
    public void What_the_operator_sets_for_a_key_takes_the_place_of_what_its_person_may_but_not_of_what_the_organisation_set_for_them()
    {
        var limits = Of((Person, LimitOverride.ByOperator, 9), (Key, LimitOverride.ByOperator, 20));

        Assert.Equal(20, limits.OfKey(LimitNames.Requests, Key));
        Assert.Null(limits.OfPerson(LimitNames.Requests, Person, Key));
        Assert.Equal(9, limits.OfPerson(LimitNames.Requests, Person, Person));
        Assert.Equal(
            5,
            Of((Person, LimitOverride.ByTenant, 5), (Key, LimitOverride.ByOperator, 20))
                .OfPerson(LimitNames.Requests, Person, Key)
        );
    }

    [Fact]
    public void A_limit_on_somebody_else_is_theirs()
    {
        var limits = Of((Guid.CreateVersion7(), LimitOverride.ByTenant, 9));

        Assert.Equal(100, limits.OfPerson(LimitNames.Requests, Person, Key));
        Assert.Null(limits.OfKey(LimitNames.Requests, Key));
    }

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
