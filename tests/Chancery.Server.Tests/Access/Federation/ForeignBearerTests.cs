using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Chancery.Testing;
using Chancery.Testing.Identity;

namespace Chancery.Server.Tests.Access.Federation;

/// <summary>Access tokens of the operator's issuer at the API.</summary>
public sealed class ForeignBearerTests : IClassFixture<OperatorIssuerFixture>
{
    private static readonly TimeSpan TwoSeconds = TimeSpan.FromSeconds(2);

    private readonly OperatorIssuerFixture _chancery;

    public ForeignBearerTests(OperatorIssuerFixture chancery)
    {
        _chancery = chancery;
        Issuer.Reset();
        Issuer.Time = chancery.Clock;
        chancery.Clock.Ahead += TimeSpan.FromSeconds(11);
    }

    private ForeignIssuer Issuer => _chancery.Issuer;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_for_our_audience_is_the_person_who_signed_in_once()
    {
        var ina = await JoinedAsync();

        using var me = await AccessApi.MeAsync(_chancery.Server, Token(ina));
        var user = (await me.ReadAsync()).GetProperty("user");

        Assert.Equal(ina.Email, user.GetProperty("email").GetString());
        Assert.Equal(_chancery.Owner1.TenantId, user.GetProperty("tenant_id").GetGuid());
    }

    [Fact]
    public async Task A_token_that_names_permissions_of_ours_is_limited_to_them_and_none_is_a_sign_in()
    {
        var ina = await JoinedAsync();
        using var client = ChanceryFixture.Client(_chancery.Server);
        client.DefaultRequestHeaders.Authorization = new(
            "Bearer",
            Token(ina, (_, payload) => payload["scope"] = "openid documents:read admin")
        );

        using var documents = await client.GetAsync("/api/v1/docs", Cancel);
        using var members = await client.GetAsync("/api/v1/members", Cancel);
        using var sessions = await client.GetAsync("/api/v1/me/sessions", Cancel);

        Assert.Equal(HttpStatusCode.OK, documents.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, members.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, sessions.StatusCode);
    }

    [Fact]
    public async Task A_dangerous_action_takes_a_token_that_says_that_its_person_signed_in_just_now()
    {
        var ina = await JoinedAsync(new JsonObject { ["realm_access"] = new JsonObject { ["roles"] = "urn:heads" } });
        var now = _chancery.Clock.GetUtcNow().ToUnixTimeSeconds();

        async Task<HttpStatusCode> ExportAsync(long? signedIn)
        {
            using var client = ChanceryFixture.Client(_chancery.Server);
            client.DefaultRequestHeaders.Authorization = new(
                "Bearer",
                Token(ina, (_, payload) => payload["auth_time"] = signedIn)
            );
            using var answer = await client.GetAsync("/api/v1/audit/export", Cancel);
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await ExportAsync(null));
        Assert.Equal(HttpStatusCode.Forbidden, await ExportAsync(now - 400L * 86_400));
        Assert.Equal(HttpStatusCode.OK, await ExportAsync(now));
    }

    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\udc00\\ud800")]
    public async Task A_bearer_with_half_a_character_is_refused_like_any_other(string half)
    {
        static string Part(string json) =>
            System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.UTF8.GetBytes(json));

        foreach (var payload in new[] { $$"""{"iss":"{{half}}"}""", $$"""{"{{half}}":1,"iss":"https://x.example"}""" })
        {
            var token = $"{Part("""{"alg":"ES256"}""")}.{Part(payload)}.{Part("x")}";

            Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(_chancery.Server, token));
        }
    }

    [Fact]
    public async Task A_member_who_is_removed_is_out_within_two_seconds_though_their_token_goes_on()
    {
        var ina = await JoinedAsync();
        var token = Token(ina);
        using var me = await AccessApi.MeAsync(_chancery.Server, token);
        var id = (await me.ReadAsync()).GetProperty("user").GetProperty("id").GetGuid();

        using var owner = await _chancery.OwnerAsync();
        using var removed = await owner.DeleteAsync($"/api/v1/members/{id}", Cancel);

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        await AccessApi.EventuallyAsync(
            async () => await AccessApi.StatusAsync(_chancery.Server, token) == HttpStatusCode.Unauthorized,
            TwoSeconds
        );
    }

    public static TheoryData<string, string> Faults =>
        new()
        {
            { "of nobody here", "its subject is nobody here" },
            { "for another audience", "no issuer of that address takes its audience" },
            { "for the sign-in", "no issuer of that address takes its audience" },
            { "of another issuer", "no issuer of that address takes its audience" },
            { "of another type", "type JWT" },
            { "unsigned", "algorithm none" },
            { "HS256 with the public key", "algorithm HS256" },
            { "RS256 with a published key", "algorithm RS256" },
            { "of an unknown key", "unknown key" },
            { "of a key in the header", "signature" },
            { "expired", "expired" },
            { "not yet valid", "not yet valid" },
        };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_token_with_a_fault_is_refused_like_every_other_and_the_log_alone_says_why(
        string fault,
        string why
    )
    {
        var ina = fault == "of nobody here" ? OperatorIssuerFixture.Somebody() : await JoinedAsync();
        var now = _chancery.Clock.GetUtcNow().ToUnixTimeSeconds();
        var foreign = ForeignSigner.Curve("foreign");
        var rsa = ForeignSigner.Rsa("rsa");
        Issuer.Published.Add(rsa);
        Issuer.Sign = fault switch
        {
            "unsigned" => (header, payload) =>
            {
                header["alg"] = "none";
                return ForeignIssuer.Join(header, payload, _ => []);
            },
            "HS256 with the public key" => (header, payload) =>
            {
                header["alg"] = "HS256";
                return ForeignIssuer.Join(
                    header,
                    payload,
                    bytes => HMACSHA256.HashData(Issuer.Signer.PublicBytes(), bytes)
                );
            },
            "RS256 with a published key" => (header, payload) =>
            {
                (header["alg"], header["kid"]) = ("RS256", "rsa");
                return rsa.Sign(header, payload);
            },
            "of an unknown key" => (header, payload) =>
            {
                header["kid"] = "foreign";
                return foreign.Sign(header, payload);
            },
            "of a key in the header" => (header, payload) =>
            {
                (header["jwk"], header["jku"], header["x5u"]) = (
                    foreign.Jwk(),
                    "https://evil.example",
                    "https://evil.example"
                );
                return foreign.Sign(header, payload);
            },
            _ => null,
        };
        var token = Token(
            ina,
            (header, payload) =>
            {
                (string Name, JsonNode Value)? change = fault switch
                {
                    "for another audience" => ("aud", "https://api.example.com/other"),
                    "for the sign-in" => ("aud", ForeignIssuer.ClientId),
                    "of another issuer" => ("iss", "https://login.example.com"),
                    "expired" => ("exp", now - 40),
                    "not yet valid" => ("nbf", now + 60),
                    _ => null,
                };
                if (change is var (name, value))
                {
                    payload[name] = value;
                }

                if (fault == "of another type")
                {
                    header["typ"] = "JWT";
                }
            }
        );

        using var answer = await AccessApi.MeAsync(_chancery.Server, token);
        using var nonsense = await AccessApi.MeAsync(_chancery.Server, "nonsense");

        Assert.Equal("unauthenticated", await answer.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("unauthenticated", await nonsense.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(nonsense.Headers.WwwAuthenticate.ToString(), answer.Headers.WwwAuthenticate.ToString());
        Assert.Contains(_chancery.Log.Lines, line => line.EndsWith($"was refused: {why}", StringComparison.Ordinal));
    }

    private string Token(ForeignPerson person, Action<JsonObject, JsonObject>? change = null) =>
        Issuer.AccessToken(person, OperatorIssuerFixture.Audience, change);

    private async Task<ForeignPerson> JoinedAsync(JsonObject? claims = null)
    {
        var ina = OperatorIssuerFixture.Somebody() with { Claims = claims ?? [] };
        using var browser = _chancery.Browser();
        using var begun = await browser.GetAsync("/login/with/sso");
        using var arrived = await browser.GetAsync(Issuer.Authorize(begun.Headers.Location!.OriginalString, ina));
        Assert.Equal("/", arrived.Headers.Location!.OriginalString);
        return ina;
    }
}
