using System.Text.Json;
using Chancery.Server.Tests.Commands;
using Chancery.Server.Tests.Evaluation;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the page about evaluation tells people to type works, to the letter.</summary>
public sealed class EvaluationPageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_commands_of_the_page_make_a_dataset_and_run_it()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# Terms\n\nThe notice period is thirty days.");

        var said = await DocsScript.RunAsync(
            Assert.Single(DocsScript.Blocks("docs/evaluation.md")),
            chancery.Address,
            user.AccessToken,
            TestContext.Current.CancellationToken
        );

        var results = JsonSerializer.Deserialize<JsonElement>(said).Items();
        Assert.Equal(1, results[0].Value("contains_answer"));
        Assert.Equal(1, results[0].Value("citation_recall"));
        Assert.Equal(1, results[1].Value("refusal_correct"));
    }
}
