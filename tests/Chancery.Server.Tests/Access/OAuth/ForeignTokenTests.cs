using System.Net;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>Tokens that somebody else signed, or that are ours and no access tokens.</summary>
public sealed class ForeignTokenTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("json_web_signature_test.json")]
    [InlineData("json_web_key_test.json")]
    [InlineData("json_web_crypto_test.json")]
    public async Task No_signature_of_the_collected_attacks_is_a_credential_and_none_breaks_anything(string file)
    {
        var path = TestData.File("security", "wycheproof", "testvectors_v1", file);
        using var vectors = JsonDocument.Parse(await File.ReadAllTextAsync(path, Cancel));
        var tokens = vectors
            .RootElement.GetProperty("testGroups")
            .EnumerateArray()
            .SelectMany(group => group.GetProperty("tests").EnumerateArray())
            .Where(test => test.TryGetProperty("jws", out var jws) && jws.ValueKind == JsonValueKind.String)
            .Select(test => test.GetProperty("jws").GetString()!)
            .Where(token => token.Length > 0 && token.All(letter => letter is > ' ' and < '\x7f'))
            .Distinct()
            .ToList();

        using var client = chancery.Anonymous();
        var taken = new List<string>();
        foreach (var token in tokens)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/me");
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            using var response = await client.SendAsync(request, Cancel);
            if (response.StatusCode != HttpStatusCode.Unauthorized)
            {
                taken.Add($"{(int)response.StatusCode} {token}");
            }
        }

        Assert.NotEmpty(tokens);
        Assert.Empty(taken);
    }

    [Fact]
    public async Task An_ID_token_a_refresh_token_and_a_code_are_no_access_tokens()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync();
        var tokens = await chancery.TokensAsync(olga, app);
        using var visitor = await Visitor.SignInAsync(chancery, olga);
        var code = (await visitor.AllowAsync(app.Request())).Code;

        foreach (var text in new[] { tokens.Text("id_token"), tokens.Text("refresh_token"), code, app.Secret! })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, text));
            Assert.Equal(HttpStatusCode.Unauthorized, await chancery.GetStatusAsync(text, "/oauth/userinfo"));
        }
    }

    [Fact]
    public async Task A_persons_own_token_tells_an_applications_endpoint_nothing()
    {
        var olga = await chancery.SignUpAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await chancery.GetStatusAsync(olga.AccessToken, "/oauth/userinfo"));
    }
}
