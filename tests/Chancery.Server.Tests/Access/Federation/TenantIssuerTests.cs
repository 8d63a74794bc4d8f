using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Testing;
using Chancery.Testing.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.Federation;

/// <summary>Issuers that organisations trust for themselves.</summary>
public sealed class TenantIssuerTests : IClassFixture<TenantIssuerTests.Fixture>
{
    private readonly Fixture _chancery;

    public TenantIssuerTests(Fixture chancery)
    {
        _chancery = chancery;
        _chancery.Issuer.Reset();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_owner_trusts_an_issuer_and_its_people_join_as_its_claims_say()
    {
        var olga = await _chancery.SignUpAsync();
        var issuer = await TrustAsync(
            olga,
            new
            {
                joins = true,
                role_claim = "groups",
                roles = new Dictionary<string, string> { ["legal"] = "editor" },
            }
        );
        var ina = Somebody() with { Claims = new JsonObject { ["groups"] = new JsonArray("legal") } };
        using var browser = _chancery.Browser();

        using var arrived = await ComeAsync(browser, issuer, ina);
        var me = await MeAsync(browser);

        Assert.Equal("/", arrived.Headers.Location!.OriginalString);
        Assert.Equal(olga.TenantId, me.GetProperty("user").GetProperty("tenant_id").GetGuid());
        Assert.Equal("editor", me.GetProperty("user").GetProperty("role").GetString());
    }

    [Fact]
    public async Task A_secret_is_kept_encrypted_never_shown_and_stays_when_it_is_not_given_again()
    {
        var olga = await _chancery.SignUpAsync();
        var id = await TrustAsync(olga, new { joins = true });

        using var shown = await olga.Http.GetAsync($"/api/v1/identity/issuers/{id}", Cancel);
        var text = await shown.Content.ReadAsStringAsync(Cancel);
        using var changed = await olga.Http.PutAsync(
            $"/api/v1/identity/issuers/{id}",
            JsonContentOf(
                new
                {
                    label = "Renamed",
                    issuer = _chancery.Issuer.Address,
                    client_id = ForeignIssuer.ClientId,
                    algorithm = "ES256",
                    joins = true,
                }
            ),
            Cancel
        );
        using var browser = _chancery.Browser();
        using var arrived = await ComeAsync(browser, id, Somebody());

        Assert.DoesNotContain("a-secret", text, StringComparison.Ordinal);
        Assert.True(JsonSerializer.Deserialize<JsonElement>(text).GetProperty("has_secret").GetBoolean());
        Assert.Equal("Renamed", (await changed.ReadAsync()).GetProperty("label").GetString());
        Assert.Equal("/", arrived.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Only_owners_trust_issuers()
    {
        var olga = await _chancery.SignUpAsync();
        var admin = await _chancery.InviteAsync(olga, "admin");
        var editor = await _chancery.InviteAsync(olga, "editor");
        var id = await TrustAsync(olga, new { joins = true });

        using var made = await admin.Http.PostAsync("/api/v1/identity/issuers", Request(new { joins = true }));
        using var deleted = await admin.Http.DeleteAsync($"/api/v1/identity/issuers/{id}", Cancel);
        using var seen = await editor.Http.GetAsync("/api/v1/identity/issuers", Cancel);

        Assert.Equal("owners-only", await made.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("owners-only", await deleted.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal("forbidden", await seen.CodeAsync(HttpStatusCode.Forbidden));
    }

    [Theory]
    [InlineData("issuer", "http://169.254.169.254")]
    [InlineData("issuer", "https://10.0.0.7/realms/x")]
    [InlineData("issuer", "https://login.internal")]
    [InlineData("issuer", "http://login.example.com")]
    [InlineData("issuer", "https://login.example.com/?tenant=1")]
    [InlineData("algorithm", "HS256")]
    [InlineData("algorithm", "none")]
    [InlineData("scopes", "profile email")]
    [InlineData("audience", ForeignIssuer.ClientId)]
    [InlineData("default_role", "owner")]
    public async Task What_cannot_be_trusted_is_refused_by_field(string field, string value)
    {
        var olga = await _chancery.SignUpAsync();
        var request = Request(new { joins = true });
        request[field] = value;

        using var refused = await olga.Http.PostAsync("/api/v1/identity/issuers", request);
        var problem = await refused.ReadAsync(HttpStatusCode.BadRequest);

        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Fact]
    public async Task A_member_of_this_organisation_is_known_by_their_address_and_comes_into_no_other_of_theirs()
    {
        var victor = await _chancery.SignUpAsync("Of Victor");
        var mallory = await _chancery.SignUpAsync("Of Mallory");
        await JoinAsync(mallory, victor);
        var issuer = await TrustAsync(mallory, new { joins = true });
        using var browser = _chancery.Browser();

        using var arrived = await ComeAsync(
            browser,
            issuer,
            new ForeignPerson($"s-{Guid.CreateVersion7():n}", victor.Email)
        );
        var me = await MeAsync(browser);
        using var switched = await SwitchAsync(browser, victor.TenantId);
        using var sessions = await browser.GetAsync("/api/v1/me/sessions");
        var seen = (await sessions.ReadAsync()).GetProperty("items").EnumerateArray().ToList();
        using var within = await SwitchAsync(browser, mallory.TenantId);
        using var after = await SwitchAsync(browser, victor.TenantId);

        Assert.Equal("/", arrived.Headers.Location!.OriginalString);
        Assert.Equal(victor.UserId, me.GetProperty("user").GetProperty("id").GetGuid());
        Assert.Equal(
            [mallory.TenantId],
            me.GetProperty("tenants").EnumerateArray().Select(tenant => tenant.GetProperty("id").GetGuid())
        );
        Assert.Equal(HttpStatusCode.NotFound, switched.StatusCode);
        Assert.Equal(["Of Mallory"], seen.Select(one => one.GetProperty("tenant_name").GetString()).Distinct());
        Assert.Equal(HttpStatusCode.OK, within.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
    }

    [Fact]
    public async Task Somebody_of_another_organisation_is_not_taken_over()
    {
        var victor = await _chancery.SignUpAsync("Of Victor");
        var mallory = await _chancery.SignUpAsync("Of Mallory");
        var issuer = await TrustAsync(mallory, new { joins = true, trusts_email = true });
        using var browser = _chancery.Browser();

        using var arrived = await ComeAsync(
            browser,
            issuer,
            new ForeignPerson($"s-{Guid.CreateVersion7():n}", victor.Email)
        );

        Assert.StartsWith("/login?done=link&", arrived.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.False(browser.IsSignedIn);
    }

    [Fact]
    public async Task One_issuers_subject_is_nobody_at_another_organisations_issuer_of_the_same_address()
    {
        var olga = await _chancery.SignUpAsync("Acme");
        var gina = await _chancery.SignUpAsync("Globex");
        var first = await TrustAsync(olga, new { joins = true });
        var second = await TrustAsync(gina, new { joins = false });
        var ina = Somebody();
        using var browser = _chancery.Browser();
        using var joined = await ComeAsync(browser, first, ina);
        using var other = _chancery.Browser();

        using var refused = await ComeAsync(other, second, ina);

        Assert.Equal("/", joined.Headers.Location!.OriginalString);
        Assert.False(other.IsSignedIn);
        Assert.StartsWith("/login?done=link&", refused.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_issuer_that_is_trusted_no_more_signs_nobody_in()
    {
        var olga = await _chancery.SignUpAsync();
        var id = await TrustAsync(olga, new { joins = true });
        using var browser = _chancery.Browser();
        using var begun = await browser.GetAsync($"/login/with/{id}");
        var callback = _chancery.Issuer.Authorize(begun.Headers.Location!.OriginalString, Somebody());

        using var deleted = await olga.Http.DeleteAsync($"/api/v1/identity/issuers/{id}", Cancel);
        using var arrived = await browser.GetAsync(callback);
        using var again = await browser.GetAsync($"/login/with/{id}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal("/login?error=form-expired", arrived.Headers.Location!.OriginalString);
        Assert.Equal("/login?error=issuer-unknown", again.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("redirect", "RedirectTarget")]
    [InlineData("keys inside", "its jwks_uri is no address that can be used")]
    [InlineData("huge", "TooLarge")]
    [InlineData("no key", "It publishes no key for RS256.")]
    public async Task A_check_says_what_is_in_the_way_and_no_address_inside_is_asked(string fault, string why)
    {
        var olga = await _chancery.SignUpAsync();
        var id = await TrustAsync(olga, fault == "no key" ? new { algorithm = "RS256" } : new { algorithm = "ES256" });
        switch (fault)
        {
            case "redirect":
                _chancery.Issuer.OnDiscovery = context =>
                {
                    context.Response.Redirect("http://169.254.169.254/latest/meta-data");
                    return Task.CompletedTask;
                };
                break;
            case "keys inside":
                _chancery.Issuer.Discovery = document => document["jwks_uri"] = "https://192.168.1.1/keys";
                break;
            case "huge":
                _chancery.Issuer.OnKeys = context => context.Response.WriteAsync(new string(' ', 900_000), Cancel);
                break;
        }

        using var answer = await olga.Http.PostAsync($"/api/v1/identity/issuers/{id}/check", null, Cancel);
        var check = await answer.ReadAsync();

        Assert.False(check.GetProperty("reachable").GetBoolean());
        Assert.Equal(why, check.GetProperty("problem").GetString());
    }

    [Fact]
    public async Task Another_Chancery_is_an_issuer_and_signs_a_person_in_end_to_end()
    {
        await using var other = new IssuerInstance();
        await other.InitializeAsync();
        var ida = await other.SignUpAsync("Issuing");
        var app = await ida.RegisterAsync(
            scopes: ["openid", "profile", "email"],
            addresses: ["http://localhost:8000/login/callback"]
        );
        await using var trusting = new Fixture { Allowed = other.PublicUrl };
        await trusting.InitializeAsync();
        var owner = await trusting.SignUpAsync("Trusting");
        using var made = await owner.Http.PostAsync(
            "/api/v1/identity/issuers",
            new
            {
                label = "The other Chancery",
                issuer = other.PublicUrl,
                client_id = app.Id.ToString(),
                client_secret = app.Secret,
                algorithm = "ES256",
                joins = true,
                // It verifies no addresses, and says so by saying nothing.
                trusts_email = true,
            }
        );
        var id = (await made.ReadAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
        using var atIssuer = await Visitor.SignInAsync(other, ida);
        using var browser = trusting.Browser();

        using var begun = await browser.GetAsync($"/login/with/{id}?return_url=%2Fdocuments");
        var location = begun.Headers.Location!.OriginalString;
        Assert.StartsWith(other.PublicUrl + "/oauth/authorize?", location, StringComparison.Ordinal);
        var returned = await atIssuer.AllowAsync(location[(location.IndexOf('?', StringComparison.Ordinal) + 1)..]);
        var back = string.Join('&', returned.Answer.Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value)}"));
        using var arrived = await browser.GetAsync($"/login/callback?{back}");
        var me = await MeAsync(browser);

        Assert.Equal("/documents", arrived.Headers.Location!.OriginalString);
        Assert.Equal(ida.Email, me.GetProperty("user").GetProperty("email").GetString());
        Assert.Equal("Olga Owner", me.GetProperty("user").GetProperty("name").GetString());
        Assert.Equal(owner.TenantId, me.GetProperty("user").GetProperty("tenant_id").GetGuid());
        Assert.Equal("viewer", me.GetProperty("user").GetProperty("role").GetString());
    }

    private static ForeignPerson Somebody() =>
        new($"s-{Guid.CreateVersion7():n}", $"ina-{Guid.CreateVersion7():n}@example.com");

    private JsonObject Request(object more)
    {
        var request = new JsonObject
        {
            ["label"] = "Example login",
            ["issuer"] = _chancery.Issuer.Address,
            ["client_id"] = ForeignIssuer.ClientId,
            ["client_secret"] = ForeignIssuer.ClientSecret,
            ["algorithm"] = "ES256",
        };
        foreach (var (name, value) in JsonSerializer.SerializeToNode(more)!.AsObject())
        {
            request[name] = value?.DeepClone();
        }

        return request;
    }

    private static StringContent JsonContentOf(object body) =>
        new(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json");

    private async Task<Guid> TrustAsync(TestUser owner, object more)
    {
        using var made = await owner.Http.PostAsync("/api/v1/identity/issuers", Request(more));
        return (await made.ReadAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }

    private async Task<HttpResponseMessage> ComeAsync(Visitor browser, Guid issuer, ForeignPerson person)
    {
        using var begun = await browser.GetAsync($"/login/with/{issuer}");
        return await browser.GetAsync(_chancery.Issuer.Authorize(begun.Headers.Location!.OriginalString, person));
    }

    private static async Task<JsonElement> MeAsync(Visitor browser)
    {
        using var me = await browser.GetAsync("/api/v1/me");
        return await me.ReadAsync();
    }

    private static async Task<HttpResponseMessage> SwitchAsync(Visitor browser, Guid tenant)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/auth/switch");
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Content = JsonContentOf(new { tenant_id = tenant });
        return await browser.SendAsync(request);
    }

    [Fact]
    public async Task An_issuer_that_is_deleted_ends_the_sign_ins_that_came_by_it()
    {
        var olga = await _chancery.SignUpAsync();
        var issuer = await TrustAsync(olga, new { joins = true });
        var kept = await TrustAsync(olga, new { joins = true, client_id = "another" });
        using var browser = _chancery.Browser();
        using var arrived = await ComeAsync(browser, issuer, Somebody());
        using var before = await browser.GetAsync("/api/v1/me");

        using var other = await olga.Http.DeleteAsync($"/api/v1/identity/issuers/{kept}", Cancel);
        using var between = await browser.GetAsync("/api/v1/me");
        using var deleted = await olga.Http.DeleteAsync($"/api/v1/identity/issuers/{issuer}", Cancel);
        using var after = await browser.GetAsync("/api/v1/me");

        Assert.Equal(HttpStatusCode.OK, before.StatusCode);
        Assert.Equal(HttpStatusCode.OK, between.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await olga.Http.GetAsync("/api/v1/me", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Whom_an_organisations_issuer_signed_in_does_not_rename_the_person()
    {
        var olga = await _chancery.SignUpAsync();
        var issuer = await TrustAsync(olga, new { joins = true });
        using var browser = _chancery.Browser();
        using var arrived = await ComeAsync(browser, issuer, Somebody());

        using var request = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/me");
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        request.Content = JsonContentOf(new { name = "Somebody Else" });
        using var renamed = await browser.SendAsync(request);

        Assert.Equal("own-sign-in-only", await renamed.CodeAsync(HttpStatusCode.Forbidden));
    }

    private static async Task JoinAsync(TestUser host, TestUser guest)
    {
        using var invited = await host.Http.PostAsync(
            "/api/v1/invitations",
            new { email = guest.Email, role = "viewer" }
        );
        var token = (await invited.ReadAsync(HttpStatusCode.Created)).GetProperty("token").GetString();
        using var accepted = await guest.Http.PostAsync(
            "/api/v1/invitations/accept",
            new { token, password = guest.Password }
        );
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
    }

    /// <summary>A server that may call a scripted issuer on this machine.</summary>
    public sealed class Fixture : ChanceryFixture
    {
        /// <summary>Another address than the scripted issuer's, which is called, too.</summary>
        internal string? Allowed { get; init; }

        public ForeignIssuer Issuer { get; private set; } = null!;

        public override async ValueTask InitializeAsync()
        {
            Issuer = await ForeignIssuer.StartAsync();
            Settings["GUARDED_HTTP_ALLOW"] = Allowed is null ? Issuer.HostAndPort : new Uri(Allowed).Authority;
            await base.InitializeAsync();
        }

        public override async ValueTask DisposeAsync()
        {
            await base.DisposeAsync();
            await Issuer.DisposeAsync();
        }

        internal Visitor Browser() => new(Anonymous());
    }

    /// <summary>A server that knows its own address, as an issuer must.</summary>
    private sealed class IssuerInstance : ChanceryFixture
    {
        public IssuerInstance()
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var port = ((IPEndPoint)probe.LocalEndpoint).Port;
            PublicUrl = $"http://127.0.0.1:{port}";
            Settings["PUBLIC_URL"] = PublicUrl;
            ConfigureServices = services =>
                services.Configure<KestrelServerOptions>(options => options.Listen(IPAddress.Loopback, port));
        }

        public string PublicUrl { get; }
    }
}
