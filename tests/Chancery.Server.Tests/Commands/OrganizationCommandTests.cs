namespace Chancery.Server.Tests.Commands;

/// <summary><c>chancery organization</c>, against a server in another process.</summary>
public sealed class OrganizationCommandTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Rules_for_answers_are_shown_and_changed_one_by_one()
    {
        using var desk = await Desk.NewAsync(server.Process);

        var set = await desk.RunAsync(
            "organization",
            "set",
            "--link-host",
            "docs.example.com",
            "--link-host",
            "*.example.org",
            "--personal-data-to-models",
            "pseudonyms"
        );
        var other = await desk.RunAsync("organization", "set", "--personal-data-in-answers", "count", "--json");
        var wrong = await desk.RunAsync("organization", "set", "--link-host", "https://docs.example.com/");
        var both = await desk.RunAsync("organization", "set", "--link-host", "a.example", "--no-link-hosts");
        var nothing = await desk.RunAsync("organization", "set");
        var none = await desk.RunAsync("organization", "set", "--no-link-hosts", "--personal-data-to-models", "as_is");
        var shown = await desk.RunAsync("organization", "show");

        Assert.True(set.Code == 0, set.ToString());
        Assert.Contains("docs.example.com, *.example.org", set.Output, StringComparison.Ordinal);
        Assert.Equal("pseudonyms", other.Json.GetProperty("personal_data_to_models").GetString());
        Assert.Equal(2, other.Json.GetProperty("answer_link_hosts").GetArrayLength());
        Assert.NotEqual(0, wrong.Code);
        Assert.Contains("is no host", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal((2, 2), (both.Code, nothing.Code));
        Assert.True(none.Code == 0, none.ToString());
        Assert.Contains("what their passages name", shown.Output, StringComparison.Ordinal);
        Assert.Contains("as_is", shown.Output, StringComparison.Ordinal);
    }
}
