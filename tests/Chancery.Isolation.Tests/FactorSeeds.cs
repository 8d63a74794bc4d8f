using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;
using OtpNet;

namespace Chancery.Isolation.Tests;

/// <summary>What examples of second factors and passkeys name: of the owner who calls, or of members who sign in.</summary>
/// <param name="seeding">Calls as the owner.</param>
internal sealed class FactorSeeds(ChanceryFixture chancery, TestUser owner, Func<HttpClient> seeding)
{
    private string? _stepCode;
    private string? _passkeyAnswer;
    private string? _passkeyLogin;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Origin => chancery.Address.GetLeftPart(UriPartial.Authority);

    public async Task<string> MakeAsync(string word) =>
        word switch
        {
            "totp_code" => await TotpCodeAsync(),
            "recovery_code" => (await PostAsync(seeding(), "/api/v1/me/second-factors/recovery-codes", new { }))
                .GetProperty("codes")[0]
                .GetString()!,
            "challenge" => await ChallengeAsync(),
            "step_code" => _stepCode ?? throw new InvalidOperationException("An example names the challenge first."),
            "passkey" => await PasskeyAsync(),
            "passkey_challenge" => await QuestionAsync(),
            "passkey_answer" => _passkeyAnswer!,
            "passkey_login_challenge" => await LoginQuestionAsync(),
            "passkey_login" => _passkeyLogin!,
            _ => throw new ArgumentException($"No factor is made for \"{word}\"."),
        };

    public static bool Knows(string word) =>
        word
            is "totp_code"
                or "recovery_code"
                or "challenge"
                or "step_code"
                or "passkey"
                or "passkey_challenge"
                or "passkey_answer"
                or "passkey_login_challenge"
                or "passkey_login";

    /// <summary>The owner signs in with their password alone again.</summary>
    public async Task ForgetAsync()
    {
        await using var delete = chancery.Owner.CreateCommand(
            $"""
            WITH apps AS (DELETE FROM totp_authenticators WHERE user_id = '{owner.UserId}'),
                 keys AS (DELETE FROM passkeys WHERE user_id = '{owner.UserId}')
            DELETE FROM recovery_codes WHERE user_id = '{owner.UserId}'
            """
        );
        await delete.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<string> TotpCodeAsync()
    {
        var setup = await PostAsync(seeding(), "/api/v1/me/second-factors/totp", new { });
        return CodeOf(setup.GetProperty("secret").GetString()!);
    }

    private async Task<string> ChallengeAsync()
    {
        var member = await chancery.InviteAsync(owner with { Http = seeding() }, "viewer");
        var setup = await PostAsync(member.Http, "/api/v1/me/second-factors/totp", new { });
        var made = await PostAsync(
            member.Http,
            "/api/v1/me/second-factors/totp/confirm",
            new { code = CodeOf(setup.GetProperty("secret").GetString()!) }
        );
        _stepCode = made.GetProperty("codes")[0].GetString();
        using var client = chancery.Anonymous();
        using var asked = await client.PostAsJsonAsync(
            "/api/v1/auth/login",
            new { email = member.Email, password = member.Password },
            Cancel
        );
        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
        return (await asked.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("challenge").GetString()!;
    }

    private async Task<string> PasskeyAsync()
    {
        using var passkey = new SoftPasskey();
        return (await AddAsync(seeding(), passkey)).GetProperty("passkey").GetProperty("id").GetString()!;
    }

    private async Task<string> QuestionAsync()
    {
        // There may be so many at once, and no more.
        await ForgetAsync();
        var asked = await PostAsync(seeding(), "/api/v1/me/passkeys/options", new { });
        using var passkey = new SoftPasskey();
        _passkeyAnswer = JsonSerializer.Serialize(passkey.Create(asked.GetProperty("options"), Origin));
        return asked.GetProperty("challenge").GetString()!;
    }

    private async Task<string> LoginQuestionAsync()
    {
        var member = await chancery.InviteAsync(owner with { Http = seeding() }, "viewer");
        using var passkey = new SoftPasskey();
        await AddAsync(member.Http, passkey);
        using var client = chancery.Anonymous();
        var asked = await PostAsync(client, "/api/v1/auth/passkey/options", new { });
        _passkeyLogin = JsonSerializer.Serialize(passkey.Answer(asked.GetProperty("options"), Origin));
        return asked.GetProperty("challenge").GetString()!;
    }

    private async Task<JsonElement> AddAsync(HttpClient client, SoftPasskey passkey)
    {
        var asked = await PostAsync(client, "/api/v1/me/passkeys/options", new { });
        return await PostAsync(
            client,
            "/api/v1/me/passkeys",
            new
            {
                challenge = asked.GetProperty("challenge").GetString(),
                passkey = passkey.Create(asked.GetProperty("options"), Origin),
                name = "Laptop",
            }
        );
    }

    private static string CodeOf(string secret) => new Totp(Base32Encoding.ToBytes(secret)).ComputeTotp();

    private static async Task<JsonElement> PostAsync(HttpClient client, string address, object body)
    {
        using var response = await client.PostAsJsonAsync(address, body, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, $"Seeding: {address} answered {(int)response.StatusCode}: {text}");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
