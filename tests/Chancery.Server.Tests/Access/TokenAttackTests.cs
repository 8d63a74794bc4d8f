using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

/// <summary>What an attacker does to a token; each is a change of one that works.</summary>
public sealed class TokenAttackTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_published_key_verifies_our_tokens_and_tells_nothing_private()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();

        var keys = await client.GetFromJsonAsync<JsonElement>("/.well-known/jwks.json", Cancel);

        var jwk = Assert.Single(keys.GetProperty("keys").EnumerateArray());
        Assert.False(jwk.TryGetProperty("d", out _));
        var parts = olga.AccessToken.Split('.');
        using var ecdsa = ECDsa.Create(
            new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint
                {
                    X = Base64Url.DecodeFromChars(jwk.GetProperty("x").GetString()),
                    Y = Base64Url.DecodeFromChars(jwk.GetProperty("y").GetString()),
                },
            }
        );
        Assert.True(
            ecdsa.VerifyData(
                Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
                Base64Url.DecodeFromChars(parts[2]),
                HashAlgorithmName.SHA256
            )
        );
        Assert.Equal(jwk.GetProperty("kid").GetString(), (string?)Decode(parts[0])["kid"]);
    }

    [Fact]
    public async Task A_token_says_who_where_and_what_and_for_how_long()
    {
        var olga = await chancery.SignUpAsync();

        var parts = olga.AccessToken.Split('.');
        var header = Decode(parts[0]);
        var payload = Decode(parts[1]);

        Assert.Equal("ES256", (string?)header["alg"]);
        Assert.Equal("at+jwt", (string?)header["typ"]);
        Assert.Equal("http://localhost:8000", (string?)payload["iss"]);
        Assert.Equal("chancery-api", (string?)payload["aud"]);
        Assert.Equal(olga.UserId.ToString(), (string?)payload["sub"]);
        Assert.Equal(olga.TenantId.ToString(), (string?)payload["tenant_id"]);
        Assert.Equal("owner", (string?)payload["role"]);
        Assert.Equal(olga.Email, (string?)payload["email"]);
        Assert.Contains("documents:write", payload["permissions"]!.AsArray().Select(item => (string?)item));
        Assert.NotNull(payload["sid"]);
        Assert.Equal(15 * 60, (long)payload["exp"]! - (long)payload["iat"]!);
    }

    [Fact]
    public async Task A_token_signed_anew_with_our_key_and_nothing_changed_works()
    {
        var olga = await chancery.SignUpAsync();

        var forged = await ForgeAsync(olga, (_, _) => { });

        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, forged));
    }

    public static TheoryData<string> Changes =>
        [
            "alg=ES384",
            "alg=RS256",
            "alg=PS512",
            "alg=none",
            "alg=es256",
            "alg=HS256",
            "typ=JWT",
            "typ=id+jwt",
            "typ=",
            "kid=unknown",
            "kid=",
            "kid=../../../../../../dev/null",
            "kid=' UNION SELECT 'x",
            "kid=http://127.0.0.1:1/key",
            "kid twice the type",
            "no kid",
            "crit",
            "aud=other",
            "no aud",
            "two aud",
            "iss=other",
            "iss=http://localhost:8000/",
            "no iss",
            "no exp",
            "exp as text",
            "no iat",
            "no jti",
            "no sub",
            "no tenant_id",
            "nbf in 90 s",
            "no sid",
            "sid of nobody",
            "sub of nobody",
            "other tenant",
            "sub twice the type",
        ];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_token_of_ours_in_which_one_thing_is_wrong_is_refused(string change)
    {
        var olga = await chancery.SignUpAsync();

        var forged = await ForgeAsync(olga, (header, payload) => Apply(change, header, payload));

        using var response = await AccessApi.MeAsync(chancery.Address, forged);
        Assert.Equal("unauthenticated", await response.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Theory]
    [InlineData(-25, HttpStatusCode.OK, null)]
    [InlineData(-35, HttpStatusCode.Unauthorized, "token-expired")]
    public async Task Thirty_seconds_after_its_time_a_token_is_expired_which_is_told_apart(
        int expiredSeconds,
        HttpStatusCode expected,
        string? code
    )
    {
        var olga = await chancery.SignUpAsync();

        var forged = await ForgeAsync(
            olga,
            (_, payload) => payload["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + expiredSeconds
        );

        using var response = await AccessApi.MeAsync(chancery.Address, forged);
        var body = await response.ReadAsync(expected);
        Assert.Equal(code, body.TryGetProperty("code", out var found) ? found.GetString() : null);
    }

    [Fact]
    public async Task A_token_without_a_signature_is_refused()
    {
        var olga = await chancery.SignUpAsync();
        var parts = olga.AccessToken.Split('.');
        var none = Encode(Change(Decode(parts[0]), header => header["alg"] = "none"));

        foreach (
            var token in new[]
            {
                $"{none}.{parts[1]}.",
                $"{none}.{parts[1]}.{parts[2]}",
                $"{parts[0]}.{parts[1]}.",
                $"{parts[0]}.{parts[1]}",
                $"{parts[0]}.{parts[1]}.{parts[2]}.{parts[2]}",
                $"{parts[0]}.{parts[1]}.{parts[2]}.{parts[1]}.{parts[2]}",
                $"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(new byte[64])}",
                "..",
                "a.b.c",
                new string('a', 5000),
            }
        )
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, token));
        }
    }

    [Fact]
    public async Task The_public_key_is_no_shared_secret()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        var published = await client.GetStringAsync("/.well-known/jwks.json", Cancel);
        var parts = olga.AccessToken.Split('.');
        var header = Encode(Change(Decode(parts[0]), h => h["alg"] = "HS256"));
        using var key = await SigningKeyAsync();

        foreach (
            var secret in new[]
            {
                Encoding.UTF8.GetBytes(published),
                Encoding.UTF8.GetBytes(key.ExportSubjectPublicKeyInfoPem()),
                key.ExportSubjectPublicKeyInfo(),
                Encoding.UTF8.GetBytes((string?)Decode(parts[0])["kid"] ?? ""),
                [],
            }
        )
        {
            var mac = HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes($"{header}.{parts[1]}"));
            var forged = $"{header}.{parts[1]}.{Base64Url.EncodeToString(mac)}";
            Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, forged));
        }
    }

    [Fact]
    public async Task A_key_that_comes_with_the_token_is_not_looked_at()
    {
        var olga = await chancery.SignUpAsync();
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = own.ExportParameters(includePrivateParameters: false).Q;
        var jwk = new JsonObject
        {
            ["kty"] = "EC",
            ["crv"] = "P-256",
            ["x"] = Base64Url.EncodeToString(point.X),
            ["y"] = Base64Url.EncodeToString(point.Y),
        };
        var parts = olga.AccessToken.Split('.');
        var header = Change(
            Decode(parts[0]),
            h =>
            {
                h["jwk"] = jwk;
                h["jku"] = "http://127.0.0.1:1/keys";
                h["x5u"] = "http://127.0.0.1:1/cert";
                h["x5c"] = new JsonArray(Convert.ToBase64String(own.ExportSubjectPublicKeyInfo()));
            }
        );

        var forged = Sign(own, header, Decode(parts[1]));

        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, forged));
    }

    [Fact]
    public async Task A_header_that_says_its_algorithm_twice_is_refused()
    {
        var olga = await chancery.SignUpAsync();
        var parts = olga.AccessToken.Split('.');
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0]));
        var header = Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes(text.Replace("{", """{"alg":"none",""", StringComparison.Ordinal))
        );
        using var key = await SigningKeyAsync();
        var signature = key.SignData(Encoding.ASCII.GetBytes($"{header}.{parts[1]}"), HashAlgorithmName.SHA256);

        var forged = $"{header}.{parts[1]}.{Base64Url.EncodeToString(signature)}";

        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, forged));
    }

    [Fact]
    public async Task A_signature_in_the_other_encoding_or_with_a_zero_is_refused()
    {
        var olga = await chancery.SignUpAsync();
        var parts = olga.AccessToken.Split('.');
        using var key = await SigningKeyAsync();
        var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        var der = key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        var good = Base64Url.DecodeFromChars(parts[2]);
        byte[] zeroR = [.. new byte[32], .. good[32..]];
        byte[] tooLong = [.. good, 0];

        foreach (var signature in new[] { der, zeroR, tooLong })
        {
            var forged = $"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(signature)}";
            Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, forged));
        }
    }

    private static void Apply(string change, JsonObject header, JsonObject payload)
    {
        switch (change.Split('='))
        {
            case ["two aud"]:
                payload["aud"] = new JsonArray((string?)payload["aud"], "other");
                break;
            case ["exp as text"]:
                payload["exp"] = "never";
                break;
            case ["kid twice the type"]:
                header["kid"] = new JsonArray((string?)header["kid"]);
                break;
            case ["aud" or "iss", var value]:
                payload[change[..3]] = value;
                break;
            case [var name, var value]:
                header[name] = value;
                break;
            case ["no kid"]:
                header.Remove("kid");
                break;
            case ["crit"]:
                header["crit"] = new JsonArray("exp");
                break;
            case ["nbf in 90 s"]:
                payload["nbf"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 90;
                break;
            case ["sid of nobody"]:
                payload["sid"] = Guid.CreateVersion7().ToString();
                break;
            case ["sub of nobody"]:
                payload["sub"] = Guid.CreateVersion7().ToString();
                break;
            case ["other tenant"]:
                payload["tenant_id"] = Guid.CreateVersion7().ToString();
                break;
            case ["sub twice the type"]:
                payload["sub"] = new JsonArray((string?)payload["sub"], "x");
                break;
            case [var remove]:
                payload.Remove(remove.Split(' ')[1]);
                break;
        }
    }

    private async Task<string> ForgeAsync(TestUser user, Action<JsonObject, JsonObject> change)
    {
        var parts = user.AccessToken.Split('.');
        var header = Decode(parts[0]);
        var payload = Decode(parts[1]);
        change(header, payload);
        using var key = await SigningKeyAsync();
        return Sign(key, header, payload);
    }

    private async Task<ECDsa> SigningKeyAsync()
    {
        await using var command = chancery.Owner.CreateCommand(
            "SELECT key_id, wrapped FROM installation_keys WHERE purpose = 'signing'"
        );
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        Assert.True(await reader.ReadAsync(Cancel));
        var purpose = string.Create(CultureInfo.InvariantCulture, $"signing-key/{reader.GetString(0)}");
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(chancery.Storage.MasterKey.Unwrap(reader.GetFieldValue<byte[]>(1), purpose), out _);
        return key;
    }

    private static string Sign(ECDsa key, JsonObject header, JsonObject payload)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        var signature = key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static JsonObject Change(JsonObject json, Action<JsonObject> change)
    {
        change(json);
        return json;
    }

    private static JsonObject Decode(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!.AsObject();

    private static string Encode(JsonObject json) =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
