using System.Net;
using Chancery.Server.Access;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Settings;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access;

public sealed class InviteOnlyFixture : ChanceryFixture
{
    public InviteOnlyFixture() => Settings["SIGNUP"] = "invite";
}

public sealed class SignUpModeTests(InviteOnlyFixture chancery) : IClassFixture<InviteOnlyFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task By_invitation_only_the_first_person_comes_in_on_plan_OWN_and_then_only_the_invited()
    {
        using var client = chancery.Anonymous();
        var first = await Task.WhenAll(SignUpAsync(client), SignUpAsync(client), SignUpAsync(client));
        var owner = Assert.Single(first, response => response.StatusCode == HttpStatusCode.Created);
        Assert.All(
            first.Where(response => response != owner),
            response => Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode)
        );

        var late = await SignUpAsync(client);

        Assert.Equal("sign-up-closed", await late.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal(
            "OWN",
            (await owner.ReadAsync(HttpStatusCode.Created)).GetProperty("user").GetProperty("plan").GetString()
        );
    }

    [Theory]
    [InlineData(null, true, SignUpMode.Open)]
    [InlineData(null, false, SignUpMode.Invite)]
    [InlineData("OFF", true, SignUpMode.Off)]
    public void Who_may_sign_up_depends_on_the_setting_and_else_on_the_environment(
        string? setting,
        bool isLocal,
        SignUpMode expected
    ) => Assert.Equal(expected, Read("SIGNUP", setting, isLocal).SignUp);

    [Theory]
    [InlineData("900", 900)]
    [InlineData("15m", 900)]
    [InlineData("30s", 30)]
    [InlineData("2h", 7200)]
    [InlineData("7d", 604800)]
    public void A_lifetime_is_seconds_or_a_number_with_a_unit(string text, int seconds) =>
        Assert.Equal(seconds, Read("JWT_EXPIRES_IN", text).AccessTokenLife.TotalSeconds);

    [Theory]
    [InlineData("JWT_EXPIRES_IN", "soon")]
    [InlineData("JWT_EXPIRES_IN", "0")]
    [InlineData("JWT_EXPIRES_IN", "-5m")]
    [InlineData("JWT_EXPIRES_IN", "2147483647d")]
    [InlineData("SIGNUP", "maybe")]
    [InlineData("PUBLIC_URL", "chancery.example.com")]
    [InlineData("PASSWORD_MIN_LENGTH", "3")]
    [InlineData("TRUSTED_PROXIES", "10.0.0.0/99")]
    public void A_setting_that_cannot_be_understood_stops_the_start_with_its_name(string name, string value)
    {
        var fault = Assert.Throws<SettingException>(() => Read(name, value));

        Assert.Equal(name, fault.Name);
    }

    private static AccessSettings Read(string name, string? value, bool isLocal = true) =>
        AccessSettings.Read(new ConfigurationBuilder().AddInMemoryCollection([new(name, value)]).Build(), isLocal);

    private static Task<HttpResponseMessage> SignUpAsync(HttpClient client) =>
        client.PostAsync(
            "/api/v1/auth/signup",
            new
            {
                email = $"first-{Guid.CreateVersion7():n}@example.com",
                password = "long enough password",
                organization = "First",
            }
        );
}

public sealed class FirstPersonFixture : ChanceryFixture
{
    public FirstPersonFixture()
    {
        Settings["SIGNUP"] = "invite";
        Settings["TRUSTED_PROXIES"] = "127.0.0.0/8";
    }
}

public sealed class FirstPersonTests(FirstPersonFixture chancery) : IClassFixture<FirstPersonFixture>
{
    [Fact]
    public async Task The_first_person_of_an_installation_signs_up_on_the_machine_itself()
    {
        foreach (
            var (header, value, host) in new[]
            {
                ("X-Forwarded-For", "203.0.113.7", "localhost"),
                ("X-Forwarded-For", "127.0.0.9", "chancery.example.com"),
                ("X-Real-IP", "203.0.113.7", "localhost"),
                ("Via", "1.1 proxy", "localhost"),
            }
        )
        {
            using var remote = chancery.Anonymous();
            remote.DefaultRequestHeaders.Add(header, value);
            remote.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
            remote.DefaultRequestHeaders.Host = host;
            using var refused = await SignUpAsync(remote);
            var problem = await refused.ReadAsync(HttpStatusCode.Forbidden);
            Assert.Equal("sign-up-closed", problem.GetProperty("code").GetString());
            Assert.Contains(
                "on the machine itself",
                problem.GetProperty("detail").GetString(),
                StringComparison.Ordinal
            );
        }

        using var here = chancery.Anonymous();
        using var first = await SignUpAsync(here);

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
    }

    private static Task<HttpResponseMessage> SignUpAsync(HttpClient client) =>
        client.PostAsync(
            "/api/v1/auth/signup",
            new
            {
                email = $"first-{Guid.CreateVersion7():n}@example.com",
                password = "long enough password",
                organization = "First",
            }
        );
}

public sealed class TenantCreationTests : IClassFixture<TenantCreationTests.Fixture>
{
    private readonly Fixture _chancery;

    public TenantCreationTests(Fixture chancery) => _chancery = chancery;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public sealed class Fixture : ChanceryFixture
    {
        public Fixture() => ConfigureServices = services => services.AddSingleton<ITenantCreated, Refuser>();
    }

    /// <summary>Fails for one organisation, and looks at what it is given.</summary>
    private sealed class Refuser : ITenantCreated
    {
        public async Task CreatedAsync(TenantSession session, Principal owner, CancellationToken cancellationToken)
        {
            var name = await session.FindAsync<string>(
                "SELECT name FROM tenants WHERE tenant_id = @id",
                new { id = owner.Tenant.Value },
                cancellationToken
            );
            Assert.Equal(owner.TenantName, name);
            Assert.NotEqual("Unwanted", name);
        }
    }

    [Fact]
    public async Task When_a_capability_cannot_follow_nothing_of_the_sign_up_stays()
    {
        var email = $"unwanted-{Guid.CreateVersion7():n}@example.com";
        using var client = _chancery.Anonymous();

        var response = await client.PostAsync(
            "/api/v1/auth/signup",
            new
            {
                email,
                password = "long enough password",
                organization = "Unwanted",
            }
        );

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        await using var count = _chancery.Owner.CreateCommand($"SELECT count(*) FROM users WHERE email = '{email}'");
        Assert.Equal(0L, await count.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task Each_tenant_has_a_data_key_of_its_own_that_the_database_holds_only_wrapped()
    {
        var acme = await _chancery.SignUpAsync("Acme");
        var globex = await _chancery.SignUpAsync("Globex");
        var keys = _chancery.Services.GetRequiredService<TenantKeys>();

        var first = await keys.GetAsync(new TenantId(acme.TenantId), Cancel);
        var second = await keys.GetAsync(new TenantId(globex.TenantId), Cancel);

        Assert.Equal(TenantKeys.SizeBytes, first.Length);
        Assert.NotEqual(first, second);
        await using var wrapped = _chancery.Owner.CreateCommand(
            $"SELECT wrapped_key FROM tenants WHERE tenant_id = '{acme.TenantId}'"
        );
        var stored = (byte[])(await wrapped.ExecuteScalarAsync(Cancel))!;
        Assert.Equal(first, _chancery.Storage.MasterKey.Unwrap(stored, $"tenant-key/{acme.TenantId}"));
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            keys.GetAsync(new TenantId(Guid.CreateVersion7()), Cancel)
        );
    }
}
