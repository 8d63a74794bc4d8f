using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Mcp.Clients;

/// <summary>
/// The protocol's own conformance suite, with a token that our authorization server gave. What is expected to fail stands, with reasons, in
/// a file for each run; anything else that fails, and anything there that passes, fails the test.
/// </summary>
public sealed class ConformanceTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Theory]
    [InlineData(McpClients.Conformance, "released.yaml", "--suite", "all")]
    [InlineData(McpClients.ConformancePreview, "2025-11-25.yaml", "--requirements", "2025-11-25")]
    [InlineData(McpClients.ConformancePreview, "2026-07-28.yaml", "--requirements", "2026-07-28")]
    public async Task The_suite_finds_what_is_expected_and_nothing_else(
        string program,
        string expected,
        string option,
        string value
    )
    {
        var olga = await chancery.SignUpAsync();
        await olga.ReadyTextAsync("A document that the suite lists and reads.", "suite.txt");
        var app = await olga.RegisterAsync(scopes: ["documents:read", "chat:ask", "contracts:read"]);
        var tokens = await chancery.TokensAsync(
            olga,
            app,
            ("scope", "documents:read chat:ask contracts:read"),
            ("resource", "http://localhost:8000/mcp")
        );
        await using var bearer = await TokenBearer.StartAsync(chancery.Address, OAuthApi.Text(tokens, "access_token"));

        var (code, output, errors) = await McpClients.RunAsync(
            program,
            "server",
            "--url",
            new Uri(bearer.Address, "/mcp").ToString(),
            option,
            value,
            "--expected-failures",
            McpClients.Own(expected)
        );

        Assert.True(code == 0, $"{output}\n{errors}");
        Assert.Contains("tools-list", output, StringComparison.Ordinal);
    }
}
