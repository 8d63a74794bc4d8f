using System.Net;
using System.Text.Json;
using System.Web;
using Chancery.Server.Access.Decoys;
using Chancery.Server.Access.Mail;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.Lifecycle;

/// <summary>An operator makes an organisation, whose owner comes in by an invitation.</summary>
public sealed class CreationTests(CreationTests.Fixture chancery) : IClassFixture<CreationTests.Fixture>
{
    private const string Password = "another long password";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string NewEmail() => $"owner-{Guid.CreateVersion7():n}@example.com";

    [Fact]
    public async Task An_organisation_is_made_where_nobody_may_sign_up_and_its_owner_comes_in_by_the_link_once()
    {
        using var http = chancery.Anonymous();
        var (email, name) = (NewEmail(), $"Made {Guid.CreateVersion7():n}");

        var made = await CreatedAsync(
            http,
            new
            {
                name,
                email,
                plan = "FREE",
            }
        );
        var before = await FindAsync(http, made.GetProperty("tenant_id").GetGuid());
        using var closed = await http.PostAsync(
            "/api/v1/auth/signup",
            new
            {
                email = NewEmail(),
                password = Password,
                organization = "Closed",
            }
        );
        var joined = await (await AcceptAsync(made)).ReadAsync();
        using var again = await AcceptAsync(made);
        var after = await FindAsync(http, made.GetProperty("tenant_id").GetGuid());

        Assert.Equal("sign-up-closed", await closed.CodeAsync(HttpStatusCode.Forbidden));
        Assert.Equal(0, before.GetProperty("members").GetInt64());
        Assert.Equal("FREE", before.Text("plan"));
        var user = joined.GetProperty("user");
        Assert.Equal("owner", user.Text("role"));
        Assert.Equal(email, user.Text("email"));
        Assert.Equal(made.GetProperty("tenant_id").GetGuid(), user.GetProperty("tenant_id").GetGuid());
        Assert.Equal("invitation-gone", await again.CodeAsync(HttpStatusCode.NotFound));
        Assert.Equal(1, after.GetProperty("members").GetInt64());
    }

    [Fact]
    public async Task What_was_made_works_like_one_that_signed_up()
    {
        using var http = chancery.Anonymous();
        var made = await CreatedAsync(http, new { name = "Works", email = NewEmail() });
        var joined = await (await AcceptAsync(made)).ReadAsync();
        using var owner = chancery.Anonymous();
        owner.DefaultRequestHeaders.Authorization = new("Bearer", joined.Text("access_token"));

        using var collections = await owner.GetAsync("/api/v1/collections", Cancel);
        using var invitations = await owner.GetAsync("/api/v1/invitations", Cancel);
        using var content = new MultipartFormDataContent
        {
            { new ByteArrayContent("# Lapwing\n\nIt is ringed in May."u8.ToArray()), "file", "lapwing.md" },
        };
        using var uploaded = await owner.PostAsync("/api/v1/docs", content, Cancel);

        Assert.Single((await collections.ReadAsync()).Items());
        Assert.Empty((await invitations.ReadAsync()).Items());
        Assert.True(uploaded.IsSuccessStatusCode, await uploaded.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task The_same_call_makes_one_organisation_and_the_last_link_counts()
    {
        var key = Guid.CreateVersion7().ToString();
        using var http = Keyed(key);
        var body = new { name = "Once", email = NewEmail() };

        var first = await CreatedAsync(http, body);
        var second = await CreatedAsync(http, body);
        using var other = await http.PostAsync("/operator/tenants", body with { name = "Twice" });
        using var stopped = await AcceptAsync(first);
        using var joined = await AcceptAsync(second);
        using var late = await http.PostAsync("/operator/tenants", body);

        Assert.Equal(first.GetProperty("tenant_id").GetGuid(), second.GetProperty("tenant_id").GetGuid());
        Assert.Equal("idempotency-key-reused", await other.CodeAsync(HttpStatusCode.UnprocessableEntity));
        Assert.Equal("invitation-gone", await stopped.CodeAsync(HttpStatusCode.NotFound));
        Assert.Equal(HttpStatusCode.OK, joined.StatusCode);
        Assert.Equal("organization-has-owner", await late.CodeAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task The_same_call_at_the_same_moment_makes_one_organisation()
    {
        using var http = Keyed(Guid.CreateVersion7().ToString());
        var body = new { name = "At once", email = NewEmail() };

        var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => CreatedAsync(http, body)));

        Assert.Single(made.Select(one => one.GetProperty("tenant_id").GetGuid()).Distinct());
    }

    [Fact]
    public async Task While_there_is_no_owner_another_link_takes_the_place_of_the_first()
    {
        using var http = chancery.Anonymous();
        var made = await CreatedAsync(http, new { name = "Waits", email = NewEmail() });
        var address = $"/operator/tenants/{made.GetProperty("tenant_id").GetGuid()}/invitation";
        var email = NewEmail();

        var anew = await (await http.PostAsync(address, new { email })).ReadAsync(HttpStatusCode.Created);
        using var stopped = await AcceptAsync(made);
        using var joined = await AcceptAsync(anew);
        using var refused = await http.PostAsync(address, new { email });
        using var nobody = await http.PostAsync($"/operator/tenants/{Guid.CreateVersion7()}/invitation", new { email });

        Assert.Equal("invitation-gone", await stopped.CodeAsync(HttpStatusCode.NotFound));
        Assert.Equal(email, (await joined.ReadAsync()).GetProperty("user").Text("email"));
        Assert.Equal("organization-has-owner", await refused.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("not-found", await nobody.CodeAsync(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task Once_people_are_in_only_one_of_them_becomes_the_owner()
    {
        using var http = chancery.Anonymous();
        var made = await CreatedAsync(http, new { name = "Filled", email = NewEmail() });
        var tenant = made.GetProperty("tenant_id").GetGuid();
        var address = $"/operator/tenants/{tenant}/invitation";
        var home = await CreatedAsync(http, new { name = "Home", email = NewEmail() });
        var olga = (await (await AcceptAsync(home)).ReadAsync()).GetProperty("user");
        // As whoever comes by way of an issuer of the operator's.
        await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
        {
            await Dapper.SqlMapper.ExecuteAsync(
                connection,
                "INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES (@tenant, @user, 'viewer', now())",
                new { tenant, user = olga.Id() }
            );
        }

        using var late = await AcceptAsync(made);
        using var foreign = await http.PostAsync(address, new { email = NewEmail() });
        var anew = await (
            await http.PostAsync(address, new { email = olga.Text("email").ToUpperInvariant() })
        ).ReadAsync(HttpStatusCode.Created);
        using var joined = await AcceptAsync(anew);
        var session = await joined.ReadAsync();
        using var again = await http.PostAsync(address, new { email = olga.Text("email") });

        Assert.Equal("invitation-gone", await late.CodeAsync(HttpStatusCode.NotFound));
        Assert.Equal("organization-has-people", await foreign.CodeAsync(HttpStatusCode.Conflict));
        Assert.Equal("owner", session.GetProperty("user").Text("role"));
        Assert.Equal(tenant, session.GetProperty("user").GetProperty("tenant_id").GetGuid());
        Assert.Equal("organization-has-owner", await again.CodeAsync(HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task The_decoy_of_the_red_team_gets_no_owner()
    {
        await chancery.Services.GetRequiredService<DecoyOrganisation>().EnsureAsync(Cancel);
        using var http = chancery.Anonymous();

        using var refused = await http.PostAsync(
            $"/operator/tenants/{DecoyOrganisation.Id}/invitation",
            new { email = NewEmail() }
        );

        Assert.Equal("not-found", await refused.CodeAsync(HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task A_letter_with_the_link_goes_to_the_owner()
    {
        using var http = chancery.Anonymous();
        var email = NewEmail();

        var made = await CreatedAsync(http, new { name = "Lettered", email });

        Assert.True(made.GetProperty("mailed").GetBoolean());
        var letter = Assert.Single(chancery.Letters(email));
        Assert.Contains("/invite?token=ci_", letter, StringComparison.Ordinal);
        Assert.Contains("Lettered", letter, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", "   ", "a@example.com", null)]
    [InlineData("name", "two\nlines", "a@example.com", null)]
    [InlineData("email", "Acme", "nobody", null)]
    [InlineData("plan", "Acme", "a@example.com", "NONE")]
    public async Task What_cannot_be_made_is_refused_by_its_field(string field, string name, string email, string? plan)
    {
        using var http = chancery.Anonymous();

        using var refused = await http.PostAsync(
            "/operator/tenants",
            new
            {
                name,
                email,
                plan,
            }
        );
        var problem = await refused.ReadAsync(HttpStatusCode.BadRequest);

        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
    }

    private HttpClient Keyed(string key)
    {
        var http = chancery.Anonymous();
        http.DefaultRequestHeaders.Add("Idempotency-Key", key);
        return http;
    }

    private async Task<HttpResponseMessage> AcceptAsync(JsonElement made)
    {
        using var client = chancery.Anonymous();
        var token = HttpUtility.ParseQueryString(new Uri(made.Text("url")).Query)["token"];
        return await client.PostAsync(
            "/api/v1/invitations/accept",
            new
            {
                token,
                name = "Olga",
                password = Password,
            }
        );
    }

    private static async Task<JsonElement> CreatedAsync(HttpClient http, object body) =>
        await (await http.PostAsync("/operator/tenants", body)).ReadAsync(HttpStatusCode.Created);

    private static async Task<JsonElement> FindAsync(HttpClient http, Guid tenant) =>
        Assert.Single((await (await http.GetAsync($"/operator/tenants?q={tenant}", Cancel)).ReadAsync()).Items());

    /// <summary>Nobody may sign up, and letters become files.</summary>
    public sealed class Fixture : ChanceryFixture
    {
        public Fixture() => Settings["SIGNUP"] = "off";

        public IReadOnlyList<string> Letters(string email) =>
            [
                .. Directory
                    .EnumerateFiles(
                        Directory.CreateDirectory(Services.GetRequiredService<MailSettings>().Directory!).FullName,
                        "*.eml"
                    )
                    .Select(File.ReadAllText)
                    .Where(text => text.Contains($"To: {email}\n", StringComparison.Ordinal)),
            ];
    }
}
