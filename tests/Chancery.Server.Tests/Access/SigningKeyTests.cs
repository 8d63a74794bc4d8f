using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access;

/// <summary>A server of its own, because the clock that it moves ages the keys of everybody on its database.</summary>
public sealed class SigningKeyTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_90_days_a_new_key_is_published_then_signs_and_the_old_one_goes_with_its_last_token()
    {
        var clock = new MovedClock();
        var server = await chancery.StartReplicaAsync(services => services.AddSingleton<TimeProvider>(clock));
        var olga = await chancery.SignUpAsync();
        var first = Assert.Single(await PublishedAsync(server));
        Assert.Equal(first, KeyOf(await LoginAsync(server, olga)));

        clock.Ahead = TimeSpan.FromDays(91);
        var early = await LoginAsync(server, olga);
        var both = await PublishedAsync(server);
        clock.Ahead += TimeSpan.FromMinutes(61);
        var late = await LoginAsync(server, olga);
        var earlyStatus = await ExchangeAsync(server, early);
        clock.Ahead += TimeSpan.FromDays(30);
        var stillBoth = await PublishedAsync(server);
        clock.Ahead += TimeSpan.FromHours(2);
        var second = Assert.Single(await PublishedAsync(server));

        Assert.Equal(first, KeyOf(early));
        Assert.Equal([second, first], both);
        Assert.Equal(second, KeyOf(late));
        Assert.Equal(HttpStatusCode.OK, earlyStatus);
        Assert.Equal([second, first], stillBoth);
        Assert.NotEqual(first, second);
        Assert.Equal(second, KeyOf(await LoginAsync(server, olga)));
    }

    private static async Task<List<string?>> PublishedAsync(Uri server)
    {
        using var client = ChanceryFixture.Client(server);
        var keys = await client.GetFromJsonAsync<JsonElement>("/.well-known/jwks.json", Cancel);
        return [.. keys.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString())];
    }

    private static async Task<string> LoginAsync(Uri server, TestUser user)
    {
        using var client = ChanceryFixture.Client(server);
        var tokens = await client.PostAsync("/api/v1/auth/login", new { user.Email, user.Password });
        return (await tokens.ReadAsync()).GetProperty("access_token").GetString()!;
    }

    /// <summary>What an older client does with a token that expired.</summary>
    private static async Task<HttpStatusCode> ExchangeAsync(Uri server, string token)
    {
        using var client = ChanceryFixture.Client(server);
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        using var response = await client.PostAsync("/api/auth/refresh", new { });
        return response.StatusCode;
    }

    private static string? KeyOf(string token) =>
        JsonSerializer
            .Deserialize<JsonElement>(Base64Url.DecodeFromChars(token.AsSpan(0, token.IndexOf('.'))))
            .GetProperty("kid")
            .GetString();
}
