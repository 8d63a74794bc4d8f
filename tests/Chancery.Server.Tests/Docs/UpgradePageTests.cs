using System.Text.Json;
using Chancery.Server.Tests.Commands;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about upgrades tells people to type works, to the letter.</summary>
public sealed class UpgradePageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_command_of_the_page_upgrades_a_prompt()
    {
        var user = await chancery.SignUpAsync();

        var said = await DocsScript.RunAsync(
            Assert.Single(DocsScript.Blocks("docs/upgrade.md")),
            chancery.Address,
            user.AccessToken,
            TestContext.Current.CancellationToken
        );

        var upgrade = JsonSerializer.Deserialize<JsonElement>(said);
        Assert.Equal("upgraded", upgrade.Text("outcome"));
        Assert.Equal("{signature}", Assert.Single(upgrade.GetProperty("variables").EnumerateArray()).GetString());
    }
}
