using Chancery.Server.Tests.Commands;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about the red team tells people to type works, to the letter.</summary>
public sealed class RedTeamPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_commands_of_the_page_attack_and_report()
    {
        var user = await chancery.SignUpAsync();

        var said = await DocsScript.RunAsync(
            Assert.Single(DocsScript.Blocks("docs/red-team.md")),
            chancery.Address,
            user.AccessToken,
            TestContext.Current.CancellationToken
        );

        Assert.Contains("| cross_tenant_leak | 0 of ", said, StringComparison.Ordinal);
        Assert.Contains("done, 8 of 8 cases", said, StringComparison.Ordinal);
    }
}
