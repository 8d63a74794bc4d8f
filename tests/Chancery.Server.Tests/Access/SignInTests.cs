using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access;

public sealed class SignInTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_signs_up_may_call_with_their_token_and_is_the_owner()
    {
        var olga = await chancery.SignUpAsync("Acme");

        var me = await olga.Http.GetFromJsonAsync<JsonElement>("/api/v1/me", Cancel);

        Assert.Equal("owner", me.GetProperty("user").GetProperty("role").GetString());
        Assert.Equal("Acme", me.GetProperty("user").GetProperty("tenant_name").GetString());
        Assert.Equal(
            olga.TenantId,
            Assert.Single(me.GetProperty("tenants").EnumerateArray()).GetProperty("id").GetGuid()
        );
    }

    [Fact]
    public async Task Signing_in_takes_the_password_and_any_spelling_of_the_e_mail()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();

        var response = await LoginAsync(client, olga.Email.ToUpperInvariant() + " ", olga.Password);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var tokens = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal("Bearer", tokens.GetProperty("token_type").GetString());
        Assert.Equal(900, tokens.GetProperty("expires_in").GetInt32());
        Assert.Equal(olga.UserId, tokens.GetProperty("user").GetProperty("id").GetGuid());
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_e_mail_are_answered_alike()
    {
        var olga = await chancery.SignUpAsync();
        using var client = chancery.Anonymous();

        var wrong = await LoginAsync(client, olga.Email, "not the password");
        var unknown = await LoginAsync(client, $"nobody-{Guid.CreateVersion7():n}@example.com", "not the password");

        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        Assert.Equal(await WithoutTraceAsync(wrong), await WithoutTraceAsync(unknown));
    }

    [Theory]
    [InlineData("", "long enough password", "Acme", "email")]
    [InlineData("no-address", "long enough password", "Acme", "email")]
    [InlineData("two@at@example.com", "long enough password", "Acme", "email")]
    [InlineData("a@example.com", "too short", "Acme", "password")]
    [InlineData("long.address@example.com", "LONG.address@example.com", "Acme", "password")]
    [InlineData("a@example.com", "long enough password", "", "organization")]
    public async Task Signing_up_names_the_field_that_is_wrong(
        string email,
        string password,
        string organization,
        string field
    )
    {
        using var client = chancery.Anonymous();

        var response = await client.PostAsJsonAsync(
            "/api/v1/auth/signup",
            new
            {
                email,
                password,
                organization,
            },
            Cancel
        );

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal("invalid", problem.GetProperty("code").GetString());
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
    }

    [Fact]
    public async Task One_e_mail_signs_up_once_even_when_two_do_at_the_same_moment()
    {
        var email = $"race-{Guid.CreateVersion7():n}@example.com";
        using var client = chancery.Anonymous();

        var responses = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    client.PostAsJsonAsync(
                        "/api/v1/auth/signup",
                        new
                        {
                            email,
                            password = "long enough password",
                            organization = "Race",
                        },
                        Cancel
                    )
                )
        );

        Assert.Single(responses, response => response.StatusCode == HttpStatusCode.Created);
        Assert.Equal(3, responses.Count(response => response.StatusCode == HttpStatusCode.Conflict));
        await using var count = chancery.Owner.CreateCommand($"SELECT count(*) FROM users WHERE email = '{email}'");
        Assert.Equal(1L, await count.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task Without_a_credential_a_protected_route_asks_for_one()
    {
        using var client = chancery.Anonymous();

        var response = await client.GetAsync("/api/v1/me", Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
    }

    private static Task<HttpResponseMessage> LoginAsync(HttpClient client, string email, string password) =>
        client.PostAsJsonAsync("/api/v1/auth/login", new { email, password }, Cancel);

    private static async Task<string> WithoutTraceAsync(HttpResponseMessage response)
    {
        var problem = await response.Content.ReadFromJsonAsync<Dictionary<string, JsonElement>>(Cancel);
        return JsonSerializer.Serialize(problem!.Where(pair => pair.Key != "traceId").OrderBy(pair => pair.Key));
    }
}
