using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.Redis;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access;

/// <summary>How many sign-ins of one person there may be, and how long one lasts without use.</summary>
public sealed class SessionLimitTests(SessionLimitTests.Fixture chancery) : IClassFixture<SessionLimitTests.Fixture>
{
    private const int Most = 5;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_twenty_sign_ins_at_once_on_two_servers_exactly_as_many_come_in_as_there_are_places()
    {
        var other = await chancery.StartReplicaAsync();
        var olga = await chancery.SignUpAsync();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => LoginAsync(i % 2 == 0 ? chancery.Address : other, olga))
        );

        Assert.Equal(Most - 1, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Equal(Most, await OpenAsync(olga));
        foreach (var (_, body) in answers.Where(answer => answer.Status != HttpStatusCode.OK))
        {
            Assert.Equal("concurrency-limit", body.GetProperty("code").GetString());
            Assert.Equal("ConcurrencyLimitError", body.GetProperty("error").GetString());
            Assert.Equal("Maximum concurrent sessions exceeded", body.GetProperty("title").GetString());
            Assert.Equal(Most, body.GetProperty("limit").GetInt32());
        }

        // Whoever is already in stays in.
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(other, olga.AccessToken));
    }

    [Fact]
    public async Task An_open_sign_in_is_to_be_found_by_its_name_in_Redis_until_it_ends()
    {
        var redis = chancery.Services.GetRequiredService<RedisGateway>();
        var olga = await chancery.SignUpAsync();
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
        var name = $"{olga.TenantId}:user_sessions:{olga.UserId}:{await CurrentAsync(olga)}";

        await AccessApi.EventuallyAsync(async () => await redis.GetAsync(name) == "token", TimeSpan.FromSeconds(10));
        await (await olga.Http.PostAsync("/api/v1/auth/logout", new { })).ReadAsync(HttpStatusCode.NoContent);

        await AccessApi.EventuallyAsync(async () => await redis.GetAsync(name) is null, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Who_is_one_too_many_names_the_one_that_ends()
    {
        var olga = await chancery.SignUpAsync();
        var stranger = await chancery.SignUpAsync("Elsewhere");
        for (var i = 1; i < Most; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await LoginAsync(chancery.Address, olga)).Status);
        }

        var (refused, body) = await LoginAsync(chancery.Address, olga);
        var sessions = body.GetProperty("sessions").EnumerateArray().ToList();
        var own = await CurrentAsync(olga);
        var (foreign, _) = await LoginAsync(chancery.Address, olga, await CurrentAsync(stranger));
        var (made, _) = await LoginAsync(chancery.Address, olga, own);

        Assert.Equal(HttpStatusCode.Conflict, refused);
        Assert.Equal(Most, sessions.Count);
        Assert.Contains(own, sessions.Select(session => session.GetProperty("id").GetGuid()));
        Assert.Contains("Phone", sessions.Select(session => session.GetProperty("device").GetString()));
        Assert.Equal(HttpStatusCode.Conflict, foreign);
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, stranger.AccessToken));
        Assert.Equal(HttpStatusCode.OK, made);
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
    }

    [Fact]
    public async Task A_wrong_password_is_told_nothing_of_the_sessions_and_ends_none()
    {
        var olga = await chancery.SignUpAsync();
        var own = await CurrentAsync(olga);

        var (status, body) = await LoginAsync(chancery.Address, olga with { Password = "not it at all" }, own);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.False(body.TryGetProperty("sessions", out _));
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
    }

    [Fact]
    public async Task A_sign_in_lasts_an_hour_since_its_last_use_and_its_refresh_token_ends_with_it()
    {
        var clock = new MovedClock();
        var server = await chancery.StartReplicaAsync(services => services.AddSingleton<TimeProvider>(clock));
        var olga = await chancery.SignUpAsync();
        var refresh = olga.RefreshToken;

        foreach (var minutes in new[] { 50, 100, 150 })
        {
            clock.Ahead = TimeSpan.FromMinutes(minutes);
            var (status, body) = await RefreshAsync(server, refresh);
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Equal(3600, body.GetProperty("refresh_expires_in").GetInt64());
            refresh = body.GetProperty("refresh_token").GetString()!;
            Assert.Equal(
                HttpStatusCode.OK,
                await AccessApi.StatusAsync(server, body.GetProperty("access_token").GetString()!)
            );
        }

        clock.Ahead = TimeSpan.FromMinutes(150 + 61);
        var (ended, _) = await RefreshAsync(server, refresh);

        Assert.Equal(HttpStatusCode.Unauthorized, ended);
    }

    [Fact]
    public async Task A_session_that_ended_by_itself_takes_no_place()
    {
        var olga = await chancery.SignUpAsync();
        for (var i = 1; i < Most; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await LoginAsync(chancery.Address, olga)).Status);
        }

        var clock = new MovedClock { Ahead = TimeSpan.FromMinutes(61) };
        var later = await chancery.StartReplicaAsync(services => services.AddSingleton<TimeProvider>(clock));

        Assert.Equal(HttpStatusCode.OK, (await LoginAsync(later, olga)).Status);
    }

    [Fact]
    public async Task Somebody_of_two_organisations_has_as_many_places_as_others()
    {
        var olga = await chancery.SignUpAsync();
        var host = await chancery.SignUpAsync("Elsewhere");
        for (var i = 1; i < Most; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await LoginAsync(chancery.Address, olga)).Status);
        }

        var invitation = await (
            await host.Http.PostAsync("/api/v1/invitations", new { email = olga.Email, role = "viewer" })
        ).ReadAsync(HttpStatusCode.Created);
        using var client = chancery.Anonymous();
        var joined = await (
            await client.PostAsync(
                "/api/v1/invitations/accept",
                new { token = invitation.GetProperty("token").GetString(), password = olga.Password }
            )
        ).ReadAsync();

        // An invitation is not spent on a refusal: the oldest made room.
        Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
        var token = joined.GetProperty("access_token").GetString()!;
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, token));
        Assert.Equal(HttpStatusCode.Conflict, (await LoginAsync(chancery.Address, olga)).Status);
        Assert.Equal(Most, await OpenAsync(olga));
    }

    internal static async Task<(HttpStatusCode Status, JsonElement Body)> LoginAsync(
        Uri server,
        TestUser user,
        Guid? endSession = null
    )
    {
        using var client = ChanceryFixture.Client(server);
        client.DefaultRequestHeaders.UserAgent.ParseAdd("Phone/1.0");
        while (true)
        {
            using var response = await client.PostAsync(
                "/api/v1/auth/login",
                new
                {
                    email = user.Email,
                    password = user.Password,
                    end_session = endSession,
                }
            );
            // Passwords are computed two at a time.
            if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
            {
                return (response.StatusCode, await response.ReadAsync(response.StatusCode));
            }

            await Task.Delay(50, Cancel);
        }
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> RefreshAsync(Uri server, string token)
    {
        using var client = ChanceryFixture.Client(server);
        using var response = await client.PostAsync("/api/v1/auth/refresh", new { refresh_token = token });
        return (response.StatusCode, await response.ReadAsync(response.StatusCode));
    }

    private static async Task<Guid> CurrentAsync(TestUser user) =>
        (await (await user.Http.GetAsync("/api/v1/me/sessions", Cancel)).ReadAsync())
            .GetProperty("items")
            .EnumerateArray()
            .Single(one => one.GetProperty("is_current").GetBoolean())
            .GetProperty("id")
            .GetGuid();

    private Task<long> OpenAsync(TestUser user) => OpenAsync(chancery, user);

    internal static async Task<long> OpenAsync(ChanceryFixture chancery, TestUser user)
    {
        await using var count = chancery.Owner.CreateCommand(
            "SELECT count(*) FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now()"
        );
        count.Parameters.AddWithValue(user.UserId);
        return (long)(await count.ExecuteScalarAsync(Cancel))!;
    }

    public class Fixture : ChanceryFixture
    {
        public Fixture()
        {
            Settings.Remove("MAX_CONCURRENT_SESSIONS");
            Settings.Remove("SESSION_IDLE");
            Settings["SIGN_IN_ATTEMPTS"] = "1000";
        }
    }

    /// <summary>The same with the other setting.</summary>
    public sealed class WhereTheOldestGiveWay(WhereTheOldestGiveWay.OldestFixture chancery)
        : IClassFixture<WhereTheOldestGiveWay.OldestFixture>
    {
        [Fact]
        public async Task All_of_twenty_sign_ins_at_once_come_in_and_exactly_as_many_stay_as_there_are_places()
        {
            var other = await chancery.StartReplicaAsync();
            var olga = await chancery.SignUpAsync();

            var answers = await Task.WhenAll(
                Enumerable.Range(0, 20).Select(i => LoginAsync(i % 2 == 0 ? chancery.Address : other, olga))
            );
            var tokens = answers.Select(answer => answer.Body.GetProperty("access_token").GetString()!).ToList();

            Assert.Equal(Most, await OpenAsync(chancery, olga));
            Assert.Equal(HttpStatusCode.Unauthorized, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
            foreach (var server in new[] { chancery.Address, other })
            {
                await AccessApi.EventuallyAsync(
                    async () =>
                    {
                        var states = await Task.WhenAll(tokens.Select(token => AccessApi.StatusAsync(server, token)));
                        return states.Count(state => state == HttpStatusCode.OK) == Most;
                    },
                    TimeSpan.FromSeconds(10)
                );
            }
        }

        public sealed class OldestFixture : Fixture
        {
            public OldestFixture() => Settings["SESSION_GIVES_WAY"] = "oldest";
        }
    }
}
