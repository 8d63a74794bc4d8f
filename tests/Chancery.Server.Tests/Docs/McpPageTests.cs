using Chancery.Server.Tests.Commands;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about the Model Context Protocol tells people to type works, to the letter.</summary>
public sealed class McpPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_command_of_the_page_finds_a_passage()
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("The notice period is thirty days.", "contract.txt");

        var said = await DocsScript.RunAsync(
            Assert.Single(DocsScript.Blocks("docs/mcp.md")),
            chancery.Address,
            olga.AccessToken,
            TestContext.Current.CancellationToken
        );

        Assert.Contains("The notice period is thirty days.", said, StringComparison.Ordinal);
        Assert.DoesNotContain("\"isError\":true", said, StringComparison.Ordinal);
    }
}
