using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Testing;
using Chancery.Testing.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chancery.Server.Tests.Access.Federation;

/// <summary>A server whose operator trusts a scripted issuer: its people join one organisation, as their groups say.</summary>
public sealed class OperatorIssuerFixture : ChanceryFixture
{
    public const string Audience = "https://api.example.com/chancery";

    public OperatorIssuerFixture()
    {
        ConfigureServices = services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            services.AddSingleton<ILoggerProvider>(Log);
        };
        Settings["LOG_LEVEL"] = "Information";
    }

    public MovedClock Clock { get; } = new();

    internal HeardLog Log { get; } = new();

    public ForeignIssuer Issuer { get; private set; } = null!;

    /// <summary>Of the organisation that the issuer's people join.</summary>
    public TestUser Owner1 { get; private set; } = null!;

    /// <summary>The server with the issuer in its settings.</summary>
    public Uri Server { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        Issuer = await ForeignIssuer.StartAsync();
        Issuer.Time = Clock;
        await base.InitializeAsync();
        Owner1 = await SignUpAsync("Acme");
        foreach (
            var (name, value) in new Dictionary<string, string?>
            {
                ["OIDC_ISSUER"] = Issuer.Address,
                ["OIDC_LABEL"] = "Example login",
                ["OIDC_CLIENT_ID"] = ForeignIssuer.ClientId,
                ["OIDC_CLIENT_SECRET"] = ForeignIssuer.ClientSecret,
                ["OIDC_ALGORITHM"] = "ES256",
                ["OIDC_JOIN"] = "true",
                ["OIDC_DOMAINS"] = "example.com, sub.example.com",
                ["OIDC_TENANT"] = Owner1.TenantId.ToString(),
                ["OIDC_ROLE_CLAIM"] = "realm_access.roles",
                ["OIDC_ROLES"] = "legal=editor, urn:heads=admin",
                ["OIDC_AUDIENCE"] = Audience,
            }
        )
        {
            Settings[name] = value;
        }

        Server = await StartReplicaAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Issuer.DisposeAsync();
    }

    /// <summary>As if nothing of the issuer was ever read.</summary>
    public void ForgetIssuer() => Clock.Ahead += TimeSpan.FromHours(25);

    /// <summary>The owner, signed in anew: the clock has moved since.</summary>
    public async Task<HttpClient> OwnerAsync()
    {
        var client = Client(Server);
        using var answer = await client.PostAsJsonAsync(
            "/api/v1/auth/login",
            new { email = Owner1.Email, password = Owner1.Password },
            Json
        );
        answer.EnsureSuccessStatusCode();
        var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>The same server where a person is signed in as often as that at most.</summary>
    public async Task<Uri> StartWithPlacesAsync(int most)
    {
        var before = Settings["MAX_CONCURRENT_SESSIONS"];
        Settings["MAX_CONCURRENT_SESSIONS"] = most.ToString(System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            return await StartReplicaAsync();
        }
        finally
        {
            Settings["MAX_CONCURRENT_SESSIONS"] = before;
        }
    }

    /// <summary>The same server where a claim says to which organisation somebody belongs, and those without one belong nowhere.</summary>
    public async Task<Uri> StartWithClaimAsync(string claim, string tenants)
    {
        var before = Settings["OIDC_TENANT"];
        (Settings["OIDC_TENANT"], Settings["OIDC_TENANT_CLAIM"], Settings["OIDC_TENANTS"]) = (null, claim, tenants);
        try
        {
            return await StartReplicaAsync();
        }
        finally
        {
            (Settings["OIDC_TENANT"], Settings["OIDC_TENANT_CLAIM"], Settings["OIDC_TENANTS"]) = (before, null, null);
        }
    }

    internal Visitor Browser() => Browser(Server);

    internal static Visitor Browser(Uri server) => new(Client(server));

    public static ForeignPerson Somebody(string domain = "example.com") =>
        new($"s-{Guid.CreateVersion7():n}", $"ina-{Guid.CreateVersion7():n}@{domain}");
}
