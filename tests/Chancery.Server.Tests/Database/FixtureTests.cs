using Chancery.Testing;

namespace Chancery.Server.Tests.Database;

public sealed class FixtureTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task An_address_without_a_route_answers_a_problem_with_a_code()
    {
        using var client = chancery.Anonymous();

        var response = await client.GetAsync(
            new Uri("/api/v1/nowhere", UriKind.Relative),
            TestContext.Current.CancellationToken
        );

        Assert.Equal(404, (int)response.StatusCode);
        Assert.Contains(
            "\"code\":\"no-route\"",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }
}
