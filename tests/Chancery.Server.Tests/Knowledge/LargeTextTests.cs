using System.Text;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

public sealed class SmallTextsFixture : ChanceryFixture
{
    public SmallTextsFixture()
    {
        Settings["MAX_PAGES"] = "3";
        Settings["MAX_TEXT_CHARACTERS"] = "20000";
    }
}

public sealed class LargeTextTests(SmallTextsFixture chancery) : IClassFixture<SmallTextsFixture>
{
    [Fact]
    public async Task A_version_with_more_text_than_allowed_fails_as_too_large_and_says_how_much_is_allowed()
    {
        var user = await chancery.SignUpAsync();
        var text = string.Concat(Enumerable.Repeat("A sentence of many words goes on. ", 40_000 / 34));

        var id = (await user.UploadAsync(Encoding.ASCII.GetBytes(text), "long.txt")).Id();

        var failure = (await user.SettledAsync(id, "failed")).GetProperty("failure");
        Assert.Equal("too-large", failure.Text("code"));
        Assert.Contains("20,000 characters", failure.Text("reason"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_with_more_pages_than_allowed_fails_before_any_of_them_is_kept()
    {
        var user = await chancery.SignUpAsync();
        var pdf = await File.ReadAllBytesAsync(
            TestData.File("qa", "financebench", "pdfs", "ULTABEAUTY_2023Q4_EARNINGS.pdf"),
            TestContext.Current.CancellationToken
        );

        var id = (await user.UploadAsync(pdf, "nine pages.pdf")).Id();

        var document = await user.SettledAsync(id, "failed");
        var failure = document.GetProperty("failure");
        Assert.Equal("too-large", failure.Text("code"));
        Assert.Contains("3 pages", failure.Text("reason"), StringComparison.Ordinal);
    }
}
