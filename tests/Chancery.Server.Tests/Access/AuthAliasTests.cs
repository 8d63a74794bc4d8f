using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Numerics;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access;

/// <summary>The two paths of older clients.</summary>
public sealed class AuthAliasTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_older_login_answers_a_token_and_the_user_in_its_own_shape()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();

        var body = await (await client.PostAsync("/api/auth/login", new { olga.Email, olga.Password })).ReadAsync();

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(body));
        var user = body.GetProperty("user");
        Assert.Equal(olga.UserId, user.GetProperty("id").GetGuid());
        Assert.Equal(olga.Email, user.GetProperty("email").GetString());
        Assert.Equal("owner", user.GetProperty("role").GetString());
        Assert.Equal(olga.TenantId, user.GetProperty("companyId").GetGuid());
        Assert.Equal(olga.UserId, body.GetProperty("userId").GetGuid());
        Assert.Equal(olga.TenantId, body.GetProperty("companyId").GetGuid());
    }

    [Theory]
    [InlineData("""{"email": "nobody@example.com", "password": "whatever it is"}""", 401, "Invalid credentials")]
    [InlineData("""{"email": "nobody@example.com"}""", 400, "email and password are required")]
    [InlineData("""{"email": """, 400, "email and password are required")]
    public async Task The_older_login_answers_errors_in_its_own_words(string body, int status, string error)
    {
        using var client = chancery.Anonymous();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        var response = await client.PostAsync("/api/auth/login", content, TestContext.Current.CancellationToken);

        Assert.Equal($$"""{"error":"{{error}}"}""", (await response.ReadAsync((HttpStatusCode)status)).GetRawText());
    }

    [Fact]
    public async Task The_older_refresh_takes_the_old_token_once_and_a_second_time_ends_the_session()
    {
        var olga = await chancery.SignUpAsync();

        var first = await (await RefreshAsync(chancery.Address, olga.AccessToken)).ReadAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(first));
        var second = await RefreshAsync(chancery.Address, olga.AccessToken);

        Assert.Equal(
            """{"error":"Token refresh failed"}""",
            (await second.ReadAsync(HttpStatusCode.Unauthorized)).GetRawText()
        );
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(first));
    }

    [Fact]
    public async Task The_older_refresh_knows_a_spent_token_by_its_other_valid_signature()
    {
        var olga = await chancery.SignUpAsync();
        var twin = TwinOf(olga.AccessToken);
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, twin));

        var first = await (await RefreshAsync(chancery.Address, olga.AccessToken)).ReadAsync();
        var second = await RefreshAsync(chancery.Address, twin);

        Assert.Equal(HttpStatusCode.Unauthorized, second.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(first));
    }

    [Fact]
    public async Task The_older_refresh_takes_an_expired_token_up_to_the_refresh_lifetime()
    {
        var clock = new MovedClock { Ahead = TimeSpan.FromDays(29) };
        var later = await chancery.StartReplicaAsync(services => services.AddSingleton<TimeProvider>(clock));
        var olga = await chancery.SignUpAsync();
        var otto = await chancery.SignUpAsync();

        var inTime = await RefreshAsync(later, olga.AccessToken);
        clock.Ahead = TimeSpan.FromDays(31);
        var tooLate = await RefreshAsync(later, otto.AccessToken);

        await inTime.ReadAsync();
        await tooLate.ReadAsync(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_older_refresh_without_a_token_says_so_in_its_own_words()
    {
        using var client = chancery.Anonymous();

        var response = await client.PostAsync("/api/auth/refresh", new { });

        Assert.Equal(
            """{"error":"No token provided"}""",
            (await response.ReadAsync(HttpStatusCode.Unauthorized)).GetRawText()
        );
    }

    /// <summary>The same token with the signature (r, n - s), which verifies wherever (r, s) does.</summary>
    private static string TwinOf(string token)
    {
        var order = BigInteger.Parse(
            "0ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture
        );
        var end = token.LastIndexOf('.');
        var signature = Base64Url.DecodeFromChars(token.AsSpan(end + 1));
        var other = order - new BigInteger(signature.AsSpan(32), isUnsigned: true, isBigEndian: true);
        var bytes = other.ToByteArray(isUnsigned: true, isBigEndian: true);
        signature.AsSpan(32).Clear();
        bytes.CopyTo(signature, 64 - bytes.Length);
        return $"{token[..end]}.{Base64Url.EncodeToString(signature)}";
    }

    private static async Task<HttpResponseMessage> RefreshAsync(Uri server, string token)
    {
        using var client = ChanceryFixture.Client(server);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await client.PostAsync("/api/auth/refresh", new { });
    }

    private Task<HttpStatusCode> StatusAsync(JsonElement body) =>
        AccessApi.StatusAsync(chancery.Address, body.GetProperty("token").GetString()!);
}
