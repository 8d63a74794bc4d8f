using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;
using OtpNet;

namespace Chancery.Server.Tests.Access;

/// <summary>A server whose clock stands until a test moves it: codes of authenticator apps are of their half minute.</summary>
public sealed class SecondFactorFixture : ChanceryFixture
{
    public StandingClock Clock { get; } = new();

    public SecondFactorFixture()
    {
        Settings["MAX_CONCURRENT_SESSIONS"] = "5";
        Settings["STEP_UP_MAX_AGE"] = "10m";
        ConfigureServices = services => services.AddSingleton<TimeProvider>(Clock);
    }

    /// <summary>Gives somebody an authenticator app and answers it.</summary>
    public async Task<AuthenticatorApp> AddAppAsync(TestUser user)
    {
        var setup = await (await user.Http.PostAsync("/api/v1/me/second-factors/totp", new { })).ReadAsync();
        var app = new AuthenticatorApp(setup.GetProperty("secret").GetString()!, Clock);
        var made = await (
            await user.Http.PostAsync("/api/v1/me/second-factors/totp/confirm", new { code = app.Code() })
        ).ReadAsync();
        Clock.Advance(TimeSpan.FromSeconds(30));
        return app with
        {
            RecoveryCodes = [.. made.GetProperty("codes").EnumerateArray().Select(code => code.GetString()!)],
        };
    }

    /// <summary>The first step: what the sign-in of somebody with a second factor is answered.</summary>
    public async Task<string> ChallengeAsync(TestUser user)
    {
        using var client = Anonymous();
        var answer = await (
            await client.PostAsync("/api/v1/auth/login", new { email = user.Email, password = user.Password })
        ).ReadAsync(HttpStatusCode.Unauthorized);
        Assert.Equal("second-factor-required", answer.GetProperty("code").GetString());
        return answer.GetProperty("challenge").GetString()!;
    }

    /// <summary>The second step.</summary>
    public async Task<HttpResponseMessage> AnswerAsync(object answer)
    {
        using var client = Anonymous();
        return await client.PostAsync("/api/v1/auth/second-factor", answer);
    }

    /// <summary>Signs somebody in by password and code.</summary>
    public async Task<HttpClient> SignInAsync(TestUser user, AuthenticatorApp app)
    {
        Clock.Advance(TimeSpan.FromSeconds(30));
        var tokens = await (
            await AnswerAsync(new { challenge = await ChallengeAsync(user), code = app.Code() })
        ).ReadAsync();
        return WithToken(tokens.GetProperty("access_token").GetString()!);
    }

    public HttpClient WithToken(string token)
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>What a token says.</summary>
    public static JsonElement ClaimsOf(string token) =>
        JsonElement.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[1]));
}

/// <summary>An app that shows codes.</summary>
public sealed record AuthenticatorApp(string Secret, TimeProvider Clock)
{
    public IReadOnlyList<string> RecoveryCodes { get; init; } = [];

    /// <summary>Gives somebody an app; the present code is free for a sign-in.</summary>
    /// <param name="clock">The server's; null for the machine's.</param>
    public static async Task<AuthenticatorApp> AddAsync(TestUser user, TimeProvider? clock = null)
    {
        clock ??= TimeProvider.System;
        var setup = await (await user.Http.PostAsync("/api/v1/me/second-factors/totp", new { })).ReadAsync();
        var app = new AuthenticatorApp(setup.GetProperty("secret").GetString()!, clock);
        // Not in the last seconds of a step: the one before would be too old when it arrives.
        var left = 30 - clock.GetUtcNow().ToUnixTimeSeconds() % 30;
        await Task.Delay(TimeSpan.FromSeconds(left < 10 ? left : 0), TestContext.Current.CancellationToken);
        await (
            await user.Http.PostAsync("/api/v1/me/second-factors/totp/confirm", new { code = app.Code(-1) })
        ).ReadAsync();
        return app;
    }

    /// <param name="steps">Half minutes from now.</param>
    public string Code(int steps = 0) =>
        new Totp(Base32Encoding.ToBytes(Secret)).ComputeTotp(Clock.GetUtcNow().AddSeconds(30 * steps).UtcDateTime);
}

/// <summary>A clock that goes on only when it is told to.</summary>
public sealed class StandingClock : TimeProvider
{
    private long _ticks = TimeProvider.System.GetUtcNow().UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
