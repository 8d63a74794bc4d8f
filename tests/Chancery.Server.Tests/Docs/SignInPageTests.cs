using System.Text.Json;
using Chancery.Server.Tests.Commands;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about second factors tells people to type works, to the letter.</summary>
public sealed class SignInPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_commands_of_the_page_begin_an_app_and_set_a_rule()
    {
        var user = await chancery.SignUpAsync();
        var said = new List<string>();

        foreach (var block in DocsScript.Blocks("docs/sign-in.md"))
        {
            said.Add(
                await DocsScript.RunAsync(
                    block,
                    chancery.Address,
                    user.AccessToken,
                    TestContext.Current.CancellationToken
                )
            );
        }

        var app = said[0].Split('\n', 2);
        Assert.Equal(32, app[0].Trim().Length);
        Assert.Equal("none", JsonSerializer.Deserialize<JsonElement>(app[1]).Text("policy"));
        Assert.Equal("encouraged", JsonSerializer.Deserialize<JsonElement>(said[1]).Text("second_factor"));
    }
}
