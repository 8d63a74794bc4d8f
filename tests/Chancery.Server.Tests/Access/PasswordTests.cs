using System.Net;
using Chancery.Server.Access.Passwords;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class PasswordTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_hash_is_PBKDF2_HMAC_SHA512_with_210000_iterations_and_its_own_salt()
    {
        using var hashing = new PasswordHashing();

        var first = Convert.FromBase64String((await hashing.HashAsync("a password", Cancel))!);
        var second = Convert.FromBase64String((await hashing.HashAsync("a password", Cancel))!);

        // The framework's format 3: marker, function (2 is HMAC-SHA512), iterations, salt length.
        Assert.Equal("01" + "00000002" + "00033450" + "00000010", Convert.ToHexString(first.AsSpan(0, 13)));
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task A_hash_of_fewer_iterations_still_counts_and_is_replaced_at_the_next_sign_in()
    {
        using var weak = new PasswordHashing(500);
        var olga = await chancery.SignUpAsync();
        var stored = (await weak.HashAsync(olga.Password, Cancel))!;
        await SetHashAsync(olga.UserId, stored);
        using var client = chancery.Anonymous();

        var login = await client.PostAsync("/api/v1/auth/login", new { olga.Email, olga.Password });

        await login.ReadAsync();
        var replaced = await HashOfAsync(olga.UserId);
        Assert.NotEqual(stored, replaced);
        using var hashing = new PasswordHashing();
        Assert.NotEqual(PasswordCheck.Wrong, await hashing.VerifyAsync(replaced, olga.Password, Cancel));
    }

    [Fact]
    public async Task When_too_many_wait_a_check_is_refused_instead_of_queued()
    {
        using var hashing = new PasswordHashing(50_000);

        var checks = await Task.WhenAll(
            Enumerable
                .Range(0, PasswordHashing.MaxRunning + PasswordHashing.MaxWaiting + 10)
                .Select(_ => hashing.VerifyAsync(null, "a password", Cancel))
        );

        Assert.Equal(10, checks.Count(check => check == PasswordCheck.Busy));
        Assert.Equal(PasswordCheck.Wrong, await hashing.VerifyAsync(null, "a password", Cancel));
    }

    [Fact]
    public async Task Many_new_passwords_wait_in_a_queue_of_their_own_and_a_check_goes_past_them()
    {
        using var hashing = new PasswordHashing(50_000);
        var hashes = Enumerable
            .Range(0, 1 + PasswordHashing.MaxNewWaiting + 10)
            .Select(_ => hashing.HashAsync("a password", Cancel))
            .ToList();

        var check = await hashing.VerifyAsync(null, "a password", Cancel);

        Assert.Equal(PasswordCheck.Wrong, check);
        Assert.Contains(hashes, hash => !hash.IsCompleted);
        Assert.Equal(10, (await Task.WhenAll(hashes)).Count(hash => hash is null));
        Assert.NotNull(await hashing.HashAsync("a password", Cancel));
    }

    [Fact]
    public async Task Checking_nobodys_password_costs_what_checking_somebodys_costs()
    {
        using var hashing = new PasswordHashing();
        var stored = await hashing.HashAsync("a password", Cancel);

        // Taken in turn, and the quickest of each: what else the machine does comes on top of both.
        var somebody = double.MaxValue;
        var nobody = double.MaxValue;
        for (var i = 0; i < 7; i++)
        {
            somebody = Math.Min(somebody, await TimeAsync(() => hashing.VerifyAsync(stored, "wrong password", Cancel)));
            nobody = Math.Min(nobody, await TimeAsync(() => hashing.VerifyAsync(null, "wrong password", Cancel)));
        }

        Assert.InRange(nobody / somebody, 0.5, 2.0);
    }

    [Fact]
    public async Task Changing_the_password_ends_the_other_sessions_and_the_old_password()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        var other = await (await client.PostAsync("/api/v1/auth/login", new { olga.Email, olga.Password })).ReadAsync();

        var change = await olga.Http.PostAsync(
            "/api/v1/me/password",
            new Dictionary<string, string> { ["current"] = olga.Password, ["new"] = "an entirely new password" }
        );

        await change.ReadAsync(HttpStatusCode.NoContent);
        Assert.Equal(HttpStatusCode.OK, await AccessApi.StatusAsync(chancery.Address, olga.AccessToken));
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await AccessApi.StatusAsync(chancery.Address, other.GetProperty("access_token").GetString()!)
        );
        var withOld = await client.PostAsync("/api/v1/auth/login", new { olga.Email, olga.Password });
        Assert.Equal(HttpStatusCode.Unauthorized, withOld.StatusCode);
        var withNew = await client.PostAsync(
            "/api/v1/auth/login",
            new { olga.Email, password = "an entirely new password" }
        );
        Assert.Equal(HttpStatusCode.OK, withNew.StatusCode);
    }

    [Theory]
    [InlineData("not the present one", "an entirely new password", "current")]
    [InlineData(null, "too short", "new")]
    public async Task Changing_the_password_names_the_field_that_is_wrong(string? current, string next, string field)
    {
        var olga = await chancery.SignUpAsync();

        var response = await olga.Http.PostAsync(
            "/api/v1/me/password",
            new Dictionary<string, string> { ["current"] = current ?? olga.Password, ["new"] = next }
        );

        var problem = await response.ReadAsync(HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
    }

    [Fact]
    public async Task The_servers_own_role_cannot_read_a_password_hash_nor_another_tenants_people()
    {
        var olga = await chancery.SignUpAsync("Acme");
        await chancery.SignUpAsync("Globex");
        await using var app = Npgsql.NpgsqlDataSource.Create(chancery.Storage.AppConnectionString);

        await using var hashes = app.CreateCommand("SELECT password_hash FROM users");
        var refusal = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => hashes.ExecuteScalarAsync(Cancel));
        await using var unbound = app.CreateCommand("SELECT count(user_id) FROM users");
        await using var bound = app.CreateCommand(
            $"SELECT set_config('chancery.tenant', '{olga.TenantId}', true); SELECT email FROM users"
        );

        Assert.Equal(Npgsql.PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        Assert.Equal(0L, await unbound.ExecuteScalarAsync(Cancel));
        await using var reader = await bound.ExecuteReaderAsync(Cancel);
        Assert.True(await reader.NextResultAsync(Cancel));
        Assert.True(await reader.ReadAsync(Cancel));
        Assert.Equal(olga.Email, reader.GetString(0));
        Assert.False(await reader.ReadAsync(Cancel));
    }

    private static async Task<double> TimeAsync(Func<Task> act)
    {
        var started = TimeProvider.System.GetTimestamp();
        await act();
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }

    private async Task SetHashAsync(Guid userId, string hash)
    {
        await using var command = chancery.Owner.CreateCommand(
            "UPDATE users SET password_hash = $1 WHERE user_id = $2"
        );
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = hash });
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = userId });
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private async Task<string?> HashOfAsync(Guid userId)
    {
        await using var command = chancery.Owner.CreateCommand("SELECT password_hash FROM users WHERE user_id = $1");
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = userId });
        return (string?)await command.ExecuteScalarAsync(Cancel);
    }
}
