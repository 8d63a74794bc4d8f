using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Testing;
using Dapper;

namespace Chancery.Server.Tests.Edge;

public sealed class EdgeTests(EdgeTests.Fixture chancery) : IClassFixture<EdgeTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health")]
    [InlineData("/api")]
    [InlineData("/api/no-such-route")]
    [InlineData("/no-such-page")]
    public async Task Every_answer_carries_the_security_headers(string address)
    {
        using var response = await GetAsync(address);

        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
        Assert.Equal("no-referrer", Header(response, "Referrer-Policy"));
        Assert.Equal("same-origin", Header(response, "Cross-Origin-Opener-Policy"));
        Assert.Equal("same-origin", Header(response, "Cross-Origin-Resource-Policy"));
        Assert.Contains("camera=()", Header(response, "Permissions-Policy"), StringComparison.Ordinal);
        Assert.Contains(
            "frame-ancestors 'none'",
            Header(response, "Content-Security-Policy"),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("unsafe", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
        Assert.False(response.Headers.Contains("Strict-Transport-Security"), "HSTS means something on https only");
    }

    [Fact]
    public async Task Answers_of_the_api_are_not_kept_and_may_load_nothing()
    {
        using var response = await GetAsync("/api");

        Assert.Equal("no-store", Header(response, "Cache-Control"));
        Assert.DoesNotContain("'self'", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"query\": \"a\",\n \"limit\" 5}", "The body is not well-formed JSON at line 2, byte 10.")]
    [InlineData("", "The body is missing.")]
    [InlineData(
        "{\"query\": \"a\", \"limit\": \"many\"}",
        "The body cannot be read at line 1, byte 31: limit takes another kind of value."
    )]
    [InlineData(
        "{\"query\": \"a\",\n\"documents\": [\"x\"]}",
        "at line 2, byte 18: documents[0] takes another kind of value."
    )]
    [InlineData("[]", "The body cannot be read at line 1, byte 2.")]
    public async Task A_body_that_cannot_be_read_says_where(string body, string where)
    {
        var user = await chancery.SignUpAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await user.Http.PostAsync("/api/v1/search", content, Cancel);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("malformed", problem.GetProperty("code").GetString());
        Assert.Contains(where, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_parameter_or_a_content_type_that_cannot_be_read_is_named()
    {
        var user = await chancery.SignUpAsync();
        using var text = new StringContent("query=a", Encoding.UTF8, "text/plain");

        var parameter = await user.Http.GetAsync("/api/v1/docs?collection_id=many", Cancel);
        var type = await user.Http.PostAsync("/api/v1/search", text, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, parameter.StatusCode);
        Assert.Contains(
            "The parameter collection_id cannot be read.",
            (await parameter.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("detail").GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, type.StatusCode);
        Assert.Equal(
            "unsupported-media-type",
            (await type.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("code").GetString()
        );
    }

    [Theory]
    [InlineData("abc-DEF_1.2", true)]
    [InlineData("with blank", false)]
    [InlineData("<script>", false)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789", false)]
    public async Task A_callers_request_id_is_taken_only_when_it_is_one(string given, bool taken)
    {
        using var response = await GetAsync("/health", ("X-Request-Id", given));

        var answered = Header(response, "X-Request-Id");
        Assert.Equal(taken, answered == given);
        Assert.Matches("^[A-Za-z0-9._-]{1,64}$", answered);
    }

    [Fact]
    public async Task A_named_origin_may_call_and_no_cookie_goes_with_it()
    {
        using var response = await GetAsync("/api", ("Origin", Fixture.Origin));

        Assert.Equal(Fixture.Origin, Header(response, "Access-Control-Allow-Origin"));
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task The_origin_of_the_former_backend_setting_may_call_too()
    {
        using var response = await GetAsync("/api", ("Origin", Fixture.Backend));

        Assert.Equal(Fixture.Backend, Header(response, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Another_origin_gets_no_permission()
    {
        using var response = await GetAsync("/api", ("Origin", "https://evil.example"));

        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_preflight_is_answered_before_anybody_is_asked_to_sign_in()
    {
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Options, "/api/v1/search");
        request.Headers.Add("Origin", Fixture.Origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "authorization, content-type");

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Contains("authorization", Header(response, "Access-Control-Allow-Headers"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_413_as_a_problem()
    {
        using var client = chancery.Anonymous();
        using var content = new StringContent(
            JsonSerializer.Serialize(new { email = new string('x', 1_100_000) }),
            Encoding.UTF8,
            "application/json"
        );

        using var response = await client.PostAsync("/api/v1/auth/login", content, Cancel);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("too-large", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> GetAsync(string address, params (string Name, string Value)[] headers)
    {
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request, Cancel);
    }

    private static string Header(HttpResponseMessage response, string name)
    {
        Assert.True(
            response.Headers.TryGetValues(name, out var values)
                || response.Content.Headers.TryGetValues(name, out values),
            $"{name} is missing"
        );
        return Assert.Single(values);
    }

    [Theory]
    [InlineData("DELETE", "/api/v1/search", HttpStatusCode.MethodNotAllowed, "method-not-allowed")]
    [InlineData("GET", "/api/v1/search", HttpStatusCode.MethodNotAllowed, "method-not-allowed")]
    [InlineData("GET", "/api/v1/nothing", HttpStatusCode.NotFound, "no-route")]
    public async Task A_wrong_method_is_told_from_a_wrong_address(
        string method,
        string address,
        HttpStatusCode status,
        string code
    )
    {
        using var client = chancery.Anonymous();
        using var request = new HttpRequestMessage(new HttpMethod(method), address);

        using var response = await client.SendAsync(request, Cancel);

        Assert.Equal(status, response.StatusCode);
        Assert.Contains(
            $"\"code\":\"{code}\"",
            await response.Content.ReadAsStringAsync(Cancel),
            StringComparison.Ordinal
        );
    }

    public sealed class Fixture : ChanceryFixture
    {
        public const string Origin = "https://app.example";
        public const string Backend = "http://backend.example:5000";

        public Fixture()
        {
            Settings["ALLOW_ORIGINS"] = $"https://other.example, {Origin}";
            Settings["BACKEND_URL"] = Backend;
        }
    }

    public sealed class WhenSomethingBreaks(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
    {
        [Fact]
        public async Task A_fault_is_a_problem_without_its_text_and_carries_the_headers_and_the_request_id()
        {
            await using (var connection = await chancery.Owner.OpenConnectionAsync(Cancel))
            {
                await connection.ExecuteAsync("ALTER FUNCTION door_user_by_email RENAME TO gone");
            }

            using var client = chancery.Anonymous();
            client.DefaultRequestHeaders.Add("X-Request-Id", "my-request-1");

            using var response = await client.PostAsJsonAsync(
                "/api/v1/auth/login",
                new { email = "a@example.com", password = "correct horse battery staple" },
                Cancel
            );

            var body = await response.Content.ReadAsStringAsync(Cancel);
            Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.DoesNotContain("door_user", body, StringComparison.Ordinal);
            Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
            Assert.Equal("my-request-1", Header(response, "X-Request-Id"));
        }
    }
}
