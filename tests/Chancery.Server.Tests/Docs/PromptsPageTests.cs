using System.Text.Json;
using Chancery.Server.Tests.Commands;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about prompts tells people to type works, to the letter.</summary>
public sealed class PromptsPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_commands_of_the_page_roll_a_version_out_and_use_it()
    {
        var user = await chancery.SignUpAsync();

        var said = await DocsScript.RunAsync(
            Assert.Single(DocsScript.Blocks("docs/prompts.md")),
            chancery.Address,
            user.AccessToken,
            TestContext.Current.CancellationToken
        );

        var rollout = JsonSerializer.Deserialize<JsonElement>(said);
        Assert.Equal(("running", 1), (rollout.Text("state"), rollout.GetProperty("percent").GetDouble()));
    }
}
