using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Platform.Redis;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Access;

public sealed class SecondFactorTests(SecondFactorFixture chancery) : IClassFixture<SecondFactorFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_has_an_authenticator_app_signs_in_with_password_and_code_and_the_token_says_so()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);

        var challenge = await chancery.ChallengeAsync(olga);
        var tokens = await (await chancery.AnswerAsync(new { challenge, code = app.Code() })).ReadAsync();

        var claims = SecondFactorFixture.ClaimsOf(tokens.GetProperty("access_token").GetString()!);
        Assert.Equal(
            ["mfa", "otp", "pwd"],
            claims.GetProperty("amr").EnumerateArray().Select(one => one.GetString()!).Order()
        );
        Assert.Equal("urn:chancery:acr:multiple-factors", claims.GetProperty("acr").GetString());
        Assert.Equal(chancery.Clock.GetUtcNow().ToUnixTimeSeconds(), claims.GetProperty("auth_time").GetInt64());
        Assert.Equal(10, app.RecoveryCodes.Distinct().Count());
    }

    [Fact]
    public async Task Whoever_left_and_makes_an_organisation_of_their_own_gives_the_second_factor_before_it_opens()
    {
        var olga = await chancery.SignUpAsync();
        var ina = await chancery.InviteAsync(olga, "editor");
        var app = await chancery.AddAppAsync(ina);
        using var removed = await olga.Http.DeleteAsync($"/api/v1/members/{ina.UserId}", Cancel);
        using var client = chancery.Anonymous();

        using var asked = await client.PostAsync(
            "/api/v1/auth/signup",
            new
            {
                email = ina.Email,
                password = ina.Password,
                organization = "Her own",
            }
        );
        var challenge = (await asked.ReadAsync(HttpStatusCode.Unauthorized)).GetProperty("challenge").GetString();
        using var answered = await chancery.AnswerAsync(new { challenge, code = app.Code() });
        var user = (await answered.ReadAsync()).GetProperty("user");

        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Equal(ina.UserId, user.GetProperty("id").GetGuid());
        Assert.Equal("owner", user.GetProperty("role").GetString());
        Assert.NotEqual(olga.TenantId, user.GetProperty("tenant_id").GetGuid());
    }

    [Fact]
    public async Task A_sign_in_without_a_second_factor_says_that_it_was_one_factor()
    {
        var olga = await chancery.SignUpAsync();

        var claims = SecondFactorFixture.ClaimsOf(olga.AccessToken);

        Assert.Equal("pwd", Assert.Single(claims.GetProperty("amr").EnumerateArray()).GetString());
        Assert.Equal("urn:chancery:acr:one-factor", claims.GetProperty("acr").GetString());
    }

    [Fact]
    public async Task A_set_up_app_counts_only_once_its_first_code_was_given()
    {
        var olga = await chancery.SignUpAsync();
        await (await olga.Http.PostAsync("/api/v1/me/second-factors/totp", new { })).ReadAsync();
        using var client = chancery.Anonymous();

        var wrong = await olga.Http.PostAsync("/api/v1/me/second-factors/totp/confirm", new { code = "000000" });
        var signedIn = await client.PostAsync(
            "/api/v1/auth/login",
            new { email = olga.Email, password = olga.Password }
        );

        Assert.Equal("invalid", await wrong.CodeAsync(HttpStatusCode.BadRequest));
        Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
    }

    [Fact]
    public async Task A_code_is_taken_from_one_step_before_to_one_after_and_no_further()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);
        chancery.Clock.Advance(TimeSpan.FromMinutes(5));

        var old = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), code = app.Code(-2) }
        );
        var early = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), code = app.Code(2) }
        );
        var before = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), code = app.Code(-1) }
        );
        var after = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), code = app.Code(1) }
        );

        Assert.Equal("invalid-second-factor", await old.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("invalid-second-factor", await early.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task A_code_is_never_taken_twice_nor_one_from_before_it()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);
        var code = app.Code();
        var earlier = app.Code(-1);
        await (await chancery.AnswerAsync(new { challenge = await chancery.ChallengeAsync(olga), code })).ReadAsync();

        var again = await chancery.AnswerAsync(new { challenge = await chancery.ChallengeAsync(olga), code });
        var before = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), code = earlier }
        );

        Assert.Equal("invalid-second-factor", await again.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("invalid-second-factor", await before.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Of_several_sign_ins_at_once_with_one_code_one_comes_in()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);
        var challenges = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            challenges.Add(await chancery.ChallengeAsync(olga));
        }

        var answers = await Task.WhenAll(
            challenges.Select(challenge => chancery.AnswerAsync(new { challenge, code = app.Code() }))
        );

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_challenge_is_answered_once_and_within_five_minutes()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);
        var used = await chancery.ChallengeAsync(olga);
        await (await chancery.AnswerAsync(new { challenge = used, code = app.Code() })).ReadAsync();
        var old = await chancery.ChallengeAsync(olga);
        chancery.Clock.Advance(TimeSpan.FromMinutes(6));

        var replayed = await chancery.AnswerAsync(new { challenge = used, code = app.Code() });
        var expired = await chancery.AnswerAsync(new { challenge = old, code = app.Code() });
        var made = await chancery.AnswerAsync(new { challenge = "cf_made-up", code = app.Code() });

        Assert.Equal("challenge-over", await replayed.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("challenge-over", await expired.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("challenge-over", await made.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_half_finished_sign_in_opens_nothing_of_the_API()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.AddAppAsync(olga);
        var challenge = await chancery.ChallengeAsync(olga);

        using var bearer = chancery.WithToken(challenge);
        using var cookie = chancery.Anonymous();
        cookie.DefaultRequestHeaders.Add("Cookie", $"__Host-chancery-challenge={challenge}");

        Assert.Equal(HttpStatusCode.Unauthorized, (await bearer.GetAsync("/api/v1/me", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await cookie.GetAsync("/api/v1/me", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_recovery_code_stands_in_once_however_it_is_typed_and_new_ones_end_those_before()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);
        var typed = app.RecoveryCodes[0].ToUpperInvariant().Replace("-", " ", StringComparison.Ordinal);

        var once = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), recovery_code = typed }
        );
        var twice = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), recovery_code = app.RecoveryCodes[0] }
        );
        var made = await (await olga.Http.PostAsync("/api/v1/me/second-factors/recovery-codes", new { })).ReadAsync();
        var old = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), recovery_code = app.RecoveryCodes[1] }
        );

        Assert.Equal(HttpStatusCode.OK, once.StatusCode);
        Assert.Equal("invalid-second-factor", await twice.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal(10, made.GetProperty("codes").GetArrayLength());
        Assert.Equal("invalid-second-factor", await old.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Somebody_elses_code_opens_nothing()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.AddAppAsync(olga);
        var otto = await chancery.SignUpAsync();
        var ottos = await chancery.AddAppAsync(otto);

        var answer = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), recovery_code = ottos.RecoveryCodes[0] }
        );

        Assert.Equal("invalid-second-factor", await answer.CodeAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task Guessing_codes_is_slowed_for_the_person_whatever_challenge_it_is_for()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);

        for (var i = 0; i < 10; i++)
        {
            await chancery.AnswerAsync(new { challenge = await chancery.ChallengeAsync(olga), code = "000000" });
        }

        var right = await chancery.AnswerAsync(
            new { challenge = await chancery.ChallengeAsync(olga), code = app.Code() }
        );

        Assert.Equal("too-many-requests", await right.CodeAsync(HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task With_Redis_gone_codes_are_checked_counted_and_taken_once_all_the_same()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);
        using var client = ChanceryFixture.Client(
            await chancery.StartReplicaAsync(services =>
                services.AddSingleton(_ => new RedisGateway(
                    "127.0.0.1:1,abortConnect=false,connectTimeout=100",
                    NullLogger<RedisGateway>.Instance
                ))
            )
        );
        async Task<string> ChallengeAsync() =>
            (
                await (
                    await client.PostAsync("/api/v1/auth/login", new { email = olga.Email, password = olga.Password })
                ).ReadAsync(HttpStatusCode.Unauthorized)
            )
                .GetProperty("challenge")
                .GetString()!;
        async Task<HttpResponseMessage> AnswerAsync(string code) =>
            await client.PostAsync("/api/v1/auth/second-factor", new { challenge = await ChallengeAsync(), code });

        var right = await AnswerAsync(app.Code());
        var again = await AnswerAsync(app.Code());
        for (var i = 0; i < 9; i++)
        {
            await AnswerAsync("000000");
        }

        var slowed = await AnswerAsync(app.Code(1));

        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Equal("invalid-second-factor", await again.CodeAsync(HttpStatusCode.Unauthorized));
        Assert.Equal("too-many-requests", await slowed.CodeAsync(HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task No_seed_and_no_recovery_code_stands_in_the_database_in_clear()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);

        await using var read = chancery.Owner.CreateCommand(
            $"""
            SELECT encode(a.sealed_seed, 'hex') || ' ' || string_agg(encode(c.code_hash, 'escape'), ' ')
            FROM totp_authenticators AS a JOIN recovery_codes AS c USING (user_id)
            WHERE a.user_id = '{olga.UserId}' GROUP BY a.sealed_seed
            """
        );
        var kept = (string)(await read.ExecuteScalarAsync(Cancel))!;

        Assert.DoesNotContain(
            Convert.ToHexStringLower(OtpNet.Base32Encoding.ToBytes(app.Secret)),
            kept,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(app.RecoveryCodes[0], kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_last_factor_an_account_asks_for_the_password_only_and_recovery_codes_are_gone()
    {
        var olga = await chancery.SignUpAsync();
        await chancery.AddAppAsync(olga);

        await (await olga.Http.DeleteAsync("/api/v1/me/second-factors/totp", Cancel)).ReadAsync(
            HttpStatusCode.NoContent
        );

        using var client = chancery.Anonymous();
        var signedIn = await client.PostAsync(
            "/api/v1/auth/login",
            new { email = olga.Email, password = olga.Password }
        );
        var mine = await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/me/second-factors", Cancel);
        Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
        Assert.Equal(0, mine.GetProperty("recovery_codes_left").GetInt32());
    }

    [Fact]
    public async Task An_invitation_makes_somebody_with_a_second_factor_a_member_and_signs_them_in_only_with_it()
    {
        var host = await chancery.SignUpAsync("Host");
        var guest = await chancery.SignUpAsync("Guest");
        var app = await chancery.AddAppAsync(guest);
        var invited = await (
            await host.Http.PostAsync("/api/v1/invitations", new { email = guest.Email, role = "viewer" })
        ).ReadAsync(HttpStatusCode.Created);
        using var client = chancery.Anonymous();

        var accepted = await (
            await client.PostAsync(
                "/api/v1/invitations/accept",
                new { token = invited.GetProperty("token").GetString(), password = guest.Password }
            )
        ).ReadAsync(HttpStatusCode.Unauthorized);
        var tokens = await (
            await chancery.AnswerAsync(
                new { challenge = accepted.GetProperty("challenge").GetString(), code = app.Code() }
            )
        ).ReadAsync();

        Assert.Equal("second-factor-required", accepted.GetProperty("code").GetString());
        Assert.Equal(host.TenantId, tokens.GetProperty("user").GetProperty("tenant_id").GetGuid());
    }

    [Fact]
    public async Task Whoever_has_too_many_sign_ins_names_one_that_ends_without_giving_another_code()
    {
        var olga = await chancery.SignUpAsync();
        var app = await chancery.AddAppAsync(olga);
        for (var i = 0; i < 4; i++)
        {
            (await chancery.SignInAsync(olga, app)).Dispose();
        }

        chancery.Clock.Advance(TimeSpan.FromSeconds(30));
        var full = await (
            await chancery.AnswerAsync(new { challenge = await chancery.ChallengeAsync(olga), code = app.Code() })
        ).ReadAsync(HttpStatusCode.Conflict);
        var ended = full.GetProperty("sessions")[0].GetProperty("id").GetGuid();
        var opened = await chancery.AnswerAsync(
            new { challenge = full.GetProperty("challenge").GetString(), end_session = ended }
        );

        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
    }
}
