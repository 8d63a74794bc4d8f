using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class PasskeyTests(SecondFactorFixture chancery) : IClassFixture<SecondFactorFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Origin => chancery.Address.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task A_passkey_signs_in_by_itself_and_counts_as_two_factors()
    {
        var olga = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        var made = await AddAsync(olga, passkey);

        var tokens = await (await SignInAsync(passkey)).ReadAsync();

        var claims = SecondFactorFixture.ClaimsOf(tokens.GetProperty("access_token").GetString()!);
        Assert.Equal(olga.UserId, tokens.GetProperty("user").GetProperty("id").GetGuid());
        Assert.Equal(
            ["hwk", "mfa"],
            claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()!).Order()
        );
        Assert.Equal(10, made.GetProperty("recovery_codes").GetArrayLength());
    }

    [Fact]
    public async Task A_passkey_is_a_second_factor_after_the_password()
    {
        var olga = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        await AddAsync(olga, passkey);
        var challenge = await chancery.ChallengeAsync(olga);

        var answer = await chancery.AnswerAsync(
            new { challenge, passkey = passkey.Answer(await StepOptionsAsync(challenge), Origin) }
        );

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Somebody_elses_passkey_is_no_second_factor_of_mine()
    {
        var olga = await chancery.SignUpAsync();
        using var mine = new SoftPasskey();
        await AddAsync(olga, mine);
        var otto = await chancery.SignUpAsync();
        using var theirs = new SoftPasskey();
        await AddAsync(otto, theirs);
        var challenge = await chancery.ChallengeAsync(olga);

        var answer = await chancery.AnswerAsync(
            new { challenge, passkey = theirs.Answer(await StepOptionsAsync(challenge), Origin) }
        );

        Assert.Equal("invalid-second-factor", await answer.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Theory]
    [InlineData("https://evil.example", null)]
    [InlineData(null, "evil.example")]
    public async Task A_passkey_of_another_origin_or_for_another_party_opens_nothing(string? origin, string? party)
    {
        var olga = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        await AddAsync(olga, passkey);
        var asked = await AskAsync();

        var answer = await PostAsync(
            asked,
            passkey.Answer(asked.GetProperty("options"), origin ?? Origin, relyingParty: party)
        );

        Assert.Equal("invalid-passkey", await answer.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_question_is_answered_once_and_within_five_minutes_and_by_its_own_answer()
    {
        var olga = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        await AddAsync(olga, passkey);
        var asked = await AskAsync();
        var right = passkey.Answer(asked.GetProperty("options"), Origin);
        await (await PostAsync(asked, right)).ReadAsync();
        var next = await AskAsync();
        var old = await AskAsync();
        chancery.Clock.Advance(TimeSpan.FromMinutes(4));

        var replayed = await PostAsync(asked, right);
        var toAnother = await PostAsync(next, right);
        chancery.Clock.Advance(TimeSpan.FromMinutes(2));
        var expired = await PostAsync(old, passkey.Answer(old.GetProperty("options"), Origin));

        Assert.Equal("challenge-over", await replayed.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("invalid-passkey", await toAnother.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("challenge-over", await expired.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_counter_that_goes_back_is_a_copy_and_opens_nothing()
    {
        var olga = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey { Count = 5 };
        await AddAsync(olga, passkey);
        await (await SignInAsync(passkey)).ReadAsync();

        passkey.Count = 3;
        var copy = await SignInAsync(passkey);

        Assert.Equal("invalid-passkey", await copy.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_passkey_that_did_not_check_whose_it_is_or_whose_key_is_another_opens_nothing()
    {
        var olga = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        await AddAsync(olga, passkey);
        using var twin = passkey.Twin();

        var forged = await SignInAsync(twin);
        passkey.Verifies = false;
        var unverified = await SignInAsync(passkey);

        Assert.Equal("invalid-passkey", await forged.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("invalid-passkey", await unverified.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_removed_passkey_opens_nothing_and_a_renamed_one_goes_on()
    {
        var olga = await chancery.SignUpAsync();
        using var first = new SoftPasskey();
        using var second = new SoftPasskey();
        var made = await AddAsync(olga, first);
        await AddAsync(olga, second);
        var id = made.GetProperty("passkey").GetProperty("id").GetGuid();

        await (
            await olga.Http.PatchAsJsonAsync($"/api/v1/me/passkeys/{id}", new { name = "Old phone" }, Cancel)
        ).ReadAsync(HttpStatusCode.NoContent);
        var listed = await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/me/passkeys", Cancel);
        var renamed = await SignInAsync(first);
        await (await olga.Http.DeleteAsync($"/api/v1/me/passkeys/{id}", Cancel)).ReadAsync(HttpStatusCode.NoContent);
        var removed = await SignInAsync(first);
        var other = await SignInAsync(second);

        Assert.Equal("Old phone", listed.GetProperty("items")[0].GetProperty("name").GetString());
        Assert.Equal(HttpStatusCode.OK, renamed.StatusCode);
        Assert.Equal("invalid-passkey", await removed.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task A_passkey_belongs_to_one_person_and_is_made_for_whoever_asked()
    {
        var olga = await chancery.SignUpAsync();
        var otto = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        await AddAsync(olga, passkey);
        using var other = new SoftPasskey();
        var olgas = await AskForNewAsync(olga);

        var taken = await TryAddAsync(otto, await AskForNewAsync(otto), passkey);
        var stolen = await TryAddAsync(otto, olgas, other);
        var foreign = await otto.Http.DeleteAsync(
            $"/api/v1/me/passkeys/{(await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/me/passkeys", Cancel)).GetProperty("items")[0].GetProperty("id").GetGuid()}",
            Cancel
        );

        Assert.Equal("passkey-exists", await taken.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("invalid", await stolen.CodeAsync(HttpStatusCode.BadRequest));
        Assert.Equal("not-found", await foreign.CodeAsync(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task A_passkey_opens_a_dangerous_action()
    {
        var olga = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        await AddAsync(olga, passkey);
        chancery.Clock.Advance(TimeSpan.FromMinutes(11));

        var asked = await (await olga.Http.PostAsync("/api/v1/auth/step-up/passkey", new { })).ReadAsync();
        var answer = new
        {
            challenge = asked.GetProperty("challenge").GetString(),
            passkey = passkey.Answer(asked.GetProperty("options"), Origin),
        };
        var proven = await olga.Http.PostAsync("/api/v1/auth/step-up", answer);
        var replayed = await olga.Http.PostAsync("/api/v1/auth/step-up", answer);

        Assert.Equal(HttpStatusCode.OK, proven.StatusCode);
        Assert.Equal("invalid", await replayed.CodeAsync(HttpStatusCode.BadRequest));
        await olga.CreateKeyAsync();
    }

    [Fact]
    public async Task A_passkey_opens_no_organisation_that_its_person_does_not_belong_to()
    {
        var olga = await chancery.SignUpAsync();
        var otto = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        await AddAsync(olga, passkey);
        var asked = await AskAsync();
        using var client = chancery.Anonymous();

        var answer = await client.PostAsync(
            "/api/v1/auth/passkey",
            new
            {
                challenge = asked.GetProperty("challenge").GetString(),
                passkey = passkey.Answer(asked.GetProperty("options"), Origin),
                tenant_id = otto.TenantId,
            }
        );

        Assert.Equal("not-found", await answer.CodeAsync(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task A_question_for_the_page_is_not_answered_at_the_API()
    {
        var olga = await chancery.SignUpAsync();
        using var passkey = new SoftPasskey();
        await AddAsync(olga, passkey);
        var asked = await AskAsync("page");

        var answer = await PostAsync(asked, passkey.Answer(asked.GetProperty("options"), Origin));

        Assert.Equal("challenge-over", await answer.CodeAsync(HttpStatusCode.Unauthorized));
    }

    private static async Task<JsonElement> AskForNewAsync(TestUser user) =>
        await (await user.Http.PostAsync("/api/v1/me/passkeys/options", new { })).ReadAsync();

    private Task<HttpResponseMessage> TryAddAsync(TestUser user, JsonElement asked, SoftPasskey passkey) =>
        user.Http.PostAsync(
            "/api/v1/me/passkeys",
            new
            {
                challenge = asked.GetProperty("challenge").GetString(),
                passkey = passkey.Create(asked.GetProperty("options"), Origin),
                name = "Laptop",
            }
        );

    private async Task<JsonElement> AddAsync(TestUser user, SoftPasskey passkey) =>
        await (await TryAddAsync(user, await AskForNewAsync(user), passkey)).ReadAsync(HttpStatusCode.Created);

    private async Task<JsonElement> AskAsync(string kind = "token")
    {
        using var client = chancery.Anonymous();
        return await (await client.PostAsync("/api/v1/auth/passkey/options", new { kind })).ReadAsync();
    }

    private async Task<JsonElement> StepOptionsAsync(string challenge)
    {
        using var client = chancery.Anonymous();
        return (
            await (await client.PostAsync("/api/v1/auth/second-factor/passkey", new { challenge })).ReadAsync()
        ).GetProperty("options");
    }

    private async Task<HttpResponseMessage> PostAsync(JsonElement asked, object answer)
    {
        using var client = chancery.Anonymous();
        return await client.PostAsync(
            "/api/v1/auth/passkey",
            new { challenge = asked.GetProperty("challenge").GetString(), passkey = answer }
        );
    }

    private async Task<HttpResponseMessage> SignInAsync(SoftPasskey passkey)
    {
        var asked = await AskAsync();
        return await PostAsync(asked, passkey.Answer(asked.GetProperty("options"), Origin));
    }
}
