using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Chancery.Server.Access;
using Chancery.Server.Platform.Redis;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Chancery.Server.Tests.Access;

/// <summary>Three attempts for a person, five failures for an address, and loopback is a trusted proxy.</summary>
public sealed class StrictFixture : ChanceryFixture
{
    public StrictFixture()
    {
        Settings["SIGN_IN_ATTEMPTS"] = "3";
        Settings["SIGN_IN_ATTEMPTS_PER_ADDRESS"] = "5";
        Settings["SIGN_UPS_PER_ADDRESS"] = "3";
        Settings["TRUSTED_PROXIES"] = "127.0.0.0/8";
    }
}

public sealed class ThrottleTests(StrictFixture chancery) : IClassFixture<StrictFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_too_many_attempts_even_the_right_password_waits_and_is_told_how_long()
    {
        var olga = await chancery.SignUpAsync();
        var address = NewAddress();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(
                HttpStatusCode.Unauthorized,
                (await LoginAsync(address, olga.Email, "wrong password")).StatusCode
            );
        }

        var response = await LoginAsync(address, olga.Email, olga.Password);

        Assert.Equal("too-many-requests", await response.CodeAsync(HttpStatusCode.TooManyRequests));
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(15));
    }

    [Fact]
    public async Task Somebody_elses_attempts_do_not_lock_a_person_out()
    {
        var olga = await chancery.SignUpAsync();
        var attacker = NewAddress();
        for (var i = 0; i < 4; i++)
        {
            await LoginAsync(attacker, olga.Email, "wrong password");
        }

        var response = await LoginAsync(NewAddress(), olga.Email, olga.Password);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_neighbour_behind_the_same_address_keeps_nobody_out_of_a_browser_that_they_signed_in_with_before()
    {
        var olga = await chancery.SignUpAsync();
        var paul = await chancery.SignUpAsync();
        var office = NewAddress();
        using var known = Browser(office);
        using var first = await SubmitAsync(known, olga.Email, olga.Password);
        Assert.Equal("/", first.Headers.Location!.OriginalString);
        for (var i = 0; i < 6; i++)
        {
            await LoginAsync(office, i < 4 ? olga.Email : $"guess{i}@example.com", "wrong password");
        }

        using var again = await SubmitAsync(known, olga.Email, olga.Password);
        using var asPaul = await SubmitAsync(known, paul.Email, paul.Password);
        using var stranger = Browser(office);
        using var unknown = await SubmitAsync(stranger, olga.Email, olga.Password);

        Assert.Equal("/", again.Headers.Location!.OriginalString);
        Assert.Contains("too-many-requests", asPaul.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Contains("too-many-requests", unknown.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_known_browser_guesses_no_more_often_than_any_other()
    {
        var olga = await chancery.SignUpAsync();
        using var known = Browser(NewAddress());
        using var first = await SubmitAsync(known, olga.Email, olga.Password);
        for (var i = 0; i < 3; i++)
        {
            using var wrong = await SubmitAsync(known, olga.Email, "wrong password");
        }

        using var last = await SubmitAsync(known, olga.Email, olga.Password);

        Assert.Contains("too-many-requests", last.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    private OAuth.Visitor Browser(string address)
    {
        var http = chancery.Anonymous();
        http.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        return new OAuth.Visitor(http);
    }

    private static async Task<HttpResponseMessage> SubmitAsync(OAuth.Visitor visitor, string email, string password)
    {
        using var page = await visitor.GetAsync("/login?again=1");
        return await visitor.SubmitAsync(page, "/login", ("email", email), ("password", password));
    }

    [Fact]
    public async Task A_right_password_forgives_earlier_typing_errors()
    {
        var olga = await chancery.SignUpAsync();
        var address = NewAddress();

        foreach (var password in new[] { "wrong", "wrong", olga.Password, "wrong", "wrong" })
        {
            await LoginAsync(address, olga.Email, password);
        }

        Assert.Equal(HttpStatusCode.OK, (await LoginAsync(address, olga.Email, olga.Password)).StatusCode);
    }

    [Fact]
    public async Task One_address_that_tries_many_e_mails_is_slowed()
    {
        var address = NewAddress();
        for (var i = 0; i < 5; i++)
        {
            var response = await LoginAsync(address, $"guess{i}@example.com", "a password");
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }

        var sixth = await LoginAsync(address, "guess6@example.com", "a password");

        Assert.Equal(HttpStatusCode.TooManyRequests, sixth.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_way_to_write_or_choose_an_address_of_ones_network_is_no_other_address(bool isVersion4)
    {
        var network = NewAddress()[..^1];
        var host = $"198.51.{RandomNumberGenerator.GetInt32(256)}.{RandomNumberGenerator.GetInt32(256)}";
        for (var i = 0; i < 5; i++)
        {
            await LoginAsync(isVersion4 ? host : $"{network}{i}:{i}", $"guess{i}@example.com", "a password");
        }

        var sixth = await LoginAsync(isVersion4 ? $"::ffff:{host}" : $"{network}beef", "a@example.com", "a password");

        Assert.Equal(HttpStatusCode.TooManyRequests, sixth.StatusCode);
    }

    [Fact]
    public async Task One_address_makes_only_so_many_organisations_in_an_hour()
    {
        var address = NewAddress();
        for (var i = 0; i < 3; i++)
        {
            using var made = await SignUpAsync(address);
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        }

        using var fourth = await SignUpAsync(address);
        using var elsewhere = await SignUpAsync(NewAddress());

        Assert.Equal("too-many-requests", await fourth.CodeAsync(HttpStatusCode.TooManyRequests));
        Assert.InRange(fourth.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.Created, elsewhere.StatusCode);
    }

    [Theory]
    [InlineData(true, 10_000)]
    [InlineData(false, 20)]
    public void This_machine_signs_up_more_only_in_Local(bool isLocal, int expected) =>
        Assert.Equal(expected, AccessSettings.Read(new ConfigurationBuilder().Build(), isLocal).SignUpsFromThisMachine);

    [Fact]
    public async Task With_Redis_gone_each_server_counts_for_itself()
    {
        var server = await chancery.StartReplicaAsync(services =>
            services.AddSingleton(_ => new RedisGateway(
                "127.0.0.1:1,connectTimeout=100,syncTimeout=100",
                NullLogger<RedisGateway>.Instance
            ))
        );
        var olga = await chancery.SignUpAsync();
        var address = NewAddress();
        for (var i = 0; i < 3; i++)
        {
            await LoginAsync(address, olga.Email, "wrong password", server);
        }

        var response = await LoginAsync(address, olga.Email, olga.Password, server);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
    }

    [Theory]
    [InlineData("203.0.113.7", null, null, HttpStatusCode.Forbidden)]
    [InlineData("203.0.113.7", "https", null, HttpStatusCode.OK)]
    [InlineData(null, null, "chancery.example.com", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.9", null, "localhost", HttpStatusCode.OK)]
    public async Task A_password_travels_over_TLS_or_does_not_leave_the_machine(
        string? address,
        string? scheme,
        string? host,
        HttpStatusCode expected
    )
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        Add(client, "X-Forwarded-For", address);
        Add(client, "X-Forwarded-Proto", scheme);
        client.DefaultRequestHeaders.Host = host;

        var response = await client.PostAsync("/api/v1/auth/login", new { olga.Email, olga.Password });

        var body = await response.ReadAsync(expected);
        Assert.Equal(
            expected == HttpStatusCode.OK ? null : "insecure-transport",
            body.TryGetProperty("code", out var code) ? code.GetString() : null
        );
    }

    private static void Add(HttpClient client, string header, string? value)
    {
        if (value is not null)
        {
            client.DefaultRequestHeaders.Add(header, value);
        }
    }

    private static string NewAddress() =>
        $"2001:db8:{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(2))}:{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(2))}::1";

    private async Task<HttpResponseMessage> SignUpAsync(string address)
    {
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        var email = $"many-{Guid.CreateVersion7():n}@example.com";
        return await client.PostAsync(
            "/api/v1/auth/signup",
            new
            {
                email,
                password = "long enough password",
                organization = "Many",
            }
        );
    }

    private async Task<HttpResponseMessage> LoginAsync(
        string address,
        string email,
        string password,
        Uri? server = null
    )
    {
        using var client = ChanceryFixture.Client(server ?? chancery.Address);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        return await client.PostAsJsonAsync("/api/v1/auth/login", new { email, password }, Cancel);
    }
}

/// <summary>Without TRUSTED_PROXIES nobody may say that they came over TLS or from elsewhere.</summary>
public sealed class UndeclaredProxyTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    [Fact]
    public async Task The_word_of_an_undeclared_proxy_does_not_count()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Host = "chancery.example.com";
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "127.0.0.1");

        var response = await client.PostAsync("/api/v1/auth/login", new { olga.Email, olga.Password });

        Assert.Equal("insecure-transport", await response.CodeAsync(HttpStatusCode.Forbidden));
    }
}
