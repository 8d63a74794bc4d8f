using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Access.OAuth;
using Chancery.Server.Tests.Mcp;
using Chancery.Testing;

namespace Chancery.Server.Tests.Tls;

/// <summary>Applications that show a certificate instead of a secret, and tokens that count beside it only (RFC 8705).</summary>
public sealed class CertificateTokenTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private const string Billing = "spiffe://corp.example/billing";

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_that_a_certificate_got_counts_beside_that_certificate_only()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var billing = authority.Issue("billing", uri: Billing);
        using var shipping = authority.Issue("shipping", uri: "spiffe://corp.example/shipping");
        await using var server = await StartAsync(files, authority);
        var user = await chancery.SignUpAsync();
        var made = await RegisterAsync(server, user, new { kind = "uri", name = Billing });
        using var caller = MutualTlsServer.Caller(billing);
        using var another = MutualTlsServer.Caller(shipping);
        using var nobody = MutualTlsServer.Caller(certificate: null);

        var tokens = await (await TokenAsync(caller, server, made)).ReadAsync();
        var token = tokens.Text("access_token");

        Assert.False(made.TryGetProperty("secret", out _));
        Assert.Equal("uri", made.GetProperty("certificate").Text("kind"));
        Assert.Equal(
            CallerCertificate.ThumbprintOf(billing),
            OAuthApi.Claims(token).GetProperty("cnf").Text("x5t#S256")
        );
        Assert.Equal(HttpStatusCode.OK, await DocumentsAsync(caller, server.Address, token));
        Assert.Equal(HttpStatusCode.Unauthorized, await DocumentsAsync(another, server.Address, token));
        Assert.Equal(HttpStatusCode.Unauthorized, await DocumentsAsync(nobody, server.Address, token));
        // A server of the same installation that asks nobody for certificates.
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await DocumentsAsync(nobody, chancery.Address.GetLeftPart(UriPartial.Authority), token)
        );
        var told = await PostAsync(caller, server, "/oauth/introspect", made, ("token", token));
        Assert.Equal(
            CallerCertificate.ThumbprintOf(billing),
            (await told.ReadAsync()).GetProperty("cnf").Text("x5t#S256")
        );
    }

    [Fact]
    public async Task Without_the_right_certificate_there_is_no_token_whatever_else_is_said()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var billing = authority.Issue("billing", uri: Billing);
        using var shipping = authority.Issue(Billing, dns: "corp.example", uri: "spiffe://corp.example/billing/other");
        await using var server = await StartAsync(files, authority);
        var user = await chancery.SignUpAsync();
        var made = await RegisterAsync(server, user, new { kind = "uri", name = Billing });
        using var another = MutualTlsServer.Caller(shipping);
        using var nobody = MutualTlsServer.Caller(certificate: null);
        using var forwarded = MutualTlsServer.Caller(certificate: null);
        var pem = Uri.EscapeDataString(billing.ExportCertificatePem());
        foreach (var header in new[] { "X-Client-Cert", "X-Forwarded-Client-Cert", "X-ARR-ClientCert", "Client-Cert" })
        {
            forwarded.DefaultRequestHeaders.Add(header, pem);
        }

        foreach (var caller in new[] { another, nobody, forwarded })
        {
            using var refused = await TokenAsync(caller, server, made);
            Assert.Equal("invalid_client", await refused.ErrorAsync(HttpStatusCode.Unauthorized));
        }

        using var right = MutualTlsServer.Caller(billing);
        using var withSecret = await PostAsync(
            right,
            server,
            "/oauth/token",
            made,
            ("grant_type", "client_credentials"),
            ("client_secret", "anything")
        );
        Assert.Equal("invalid_client", await withSecret.ErrorAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_name_is_compared_as_a_whole_with_what_the_certificate_says()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var billing = authority.Issue("billing,O=Acme", dns: "billing.corp.example", uri: Billing);
        await using var server = await StartAsync(files, authority);
        var user = await chancery.SignUpAsync();
        using var caller = MutualTlsServer.Caller(billing);
        (string Kind, string Name)[] right =
        [
            ("dns", "billing.corp.example"),
            ("dns", "BILLING.corp.example"),
            ("subject", "CN=billing,O=Acme"),
            ("subject", "CN = billing, O = Acme"),
            ("uri", Billing),
        ];
        (string Kind, string Name)[] wrong =
        [
            ("dns", "corp.example"),
            ("subject", "CN=billing"),
            ("subject", "O=Acme,CN=billing"),
            ("uri", "spiffe://corp.example/Billing"),
            ("uri", "spiffe://corp.example/bill"),
        ];

        var fitting = new List<(string Kind, string Name)>();
        foreach (var (kind, name) in right.Concat(wrong))
        {
            var made = await RegisterAsync(server, user, new { kind, name });
            using var answered = await TokenAsync(caller, server, made);
            if (answered.StatusCode == HttpStatusCode.OK)
            {
                fitting.Add((kind, name));
            }
            else
            {
                Assert.Equal("invalid_client", await answered.ErrorAsync(HttpStatusCode.Unauthorized));
            }
        }

        Assert.Equal(right, fitting);
    }

    [Fact]
    public async Task A_certificate_that_is_taken_back_gets_no_token_any_more_and_its_tokens_end_on_open_connections_too()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var billing = authority.Issue("billing", uri: Billing);
        await using var server = await StartAsync(
            files,
            authority,
            ("MTLS_CRL_FILE", files.Write("crl.pem", authority.Revoke(Now.AddDays(1))))
        );
        var user = await chancery.SignUpAsync();
        var made = await RegisterAsync(server, user, new { kind = "uri", name = Billing });
        using var caller = MutualTlsServer.Caller(billing);
        var token = (await (await TokenAsync(caller, server, made)).ReadAsync()).Text("access_token");
        Assert.Equal(HttpStatusCode.OK, await DocumentsAsync(caller, server.Address, token));

        files.Write("crl.pem", authority.Revoke(Now.AddDays(1), billing));

        await AccessApi.EventuallyAsync(
            async () => await DocumentsAsync(caller, server.Address, token) == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(30)
        );
        using var refused = await TokenAsync(caller, server, made);
        Assert.Equal("invalid_client", await refused.ErrorAsync(HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_token_ends_with_the_authority_of_its_certificate_though_the_connection_goes_on()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var between = new TestAuthority("Intermediate of the tests", authority);
        using var next = new TestAuthority("The next authority");
        using var billing = between.Issue("billing", uri: Billing);
        await using var server = await StartAsync(files, authority);
        var user = await chancery.SignUpAsync();
        var made = await RegisterAsync(server, user, new { kind = "uri", name = Billing });
        using var caller = MutualTlsServer.Caller(billing, between.Certificate);
        var token = (await (await TokenAsync(caller, server, made)).ReadAsync()).Text("access_token");

        // Judged anew, by what the connection brought along.
        files.Write("ca.pem", authority.Pem + next.Pem);
        await AccessApi.EventuallyAsync(async () => (await server.IssuersAsync()).Count == 2, TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.OK, await DocumentsAsync(caller, server.Address, token));
        files.Write("ca.pem", next.Pem);

        await AccessApi.EventuallyAsync(
            async () => await DocumentsAsync(caller, server.Address, token) == HttpStatusCode.Unauthorized,
            TimeSpan.FromSeconds(30)
        );
        Assert.True(await MutualTlsServer.AnswersAsync(caller, server.Address));
    }

    [Fact]
    public async Task An_assistant_with_a_certificate_calls_tools_with_its_token()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        using var billing = authority.Issue("billing", uri: Billing);
        await using var server = await StartAsync(files, authority);
        var user = await chancery.SignUpAsync();
        var made = await RegisterAsync(server, user, new { kind = "uri", name = Billing });
        using var caller = MutualTlsServer.Caller(billing);
        var token = (await (await TokenAsync(caller, server, made)).ReadAsync()).Text("access_token");
        using var request = McpApi.Request(
            token,
            McpApi.Before,
            "tools/call",
            new JsonObject
            {
                ["name"] = "search",
                ["arguments"] = new JsonObject { ["query"] = "notice period" },
            }
        );
        request.RequestUri = new Uri(server.Address + "/mcp");

        using var response = await caller.SendAsync(request, Cancel);

        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        Assert.DoesNotContain("\"isError\":true", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_no_certificate_has_or_a_client_without_a_server_is_not_registered()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        await using var server = await StartAsync(files, authority);
        var user = await chancery.SignUpAsync();
        (string Type, string Kind, string Name)[] all =
        [
            ("public", "uri", Billing),
            ("confidential", "dns", "*.corp.example"),
            ("confidential", "uri", "billing"),
            ("confidential", "subject", "billing"),
            ("confidential", "email", "billing@corp.example"),
        ];

        foreach (var (type, kind, name) in all)
        {
            using var refused = await RegisterAsync(server.Address, user, type, new { kind, name });
            Assert.True(refused.StatusCode == HttpStatusCode.BadRequest, $"{type} {kind} {name}: {refused.StatusCode}");
        }
    }

    [Fact]
    public async Task A_server_that_asks_for_no_certificates_registers_none_and_says_so_in_its_metadata()
    {
        using var files = new RenewedFolder();
        using var authority = new TestAuthority();
        var port = MutualTlsServer.FreePort();
        await using var server = await StartAsync(files, authority, ("MTLS_PORT", $"{port}"));
        var user = await chancery.SignUpAsync();
        var plain = chancery.Address.GetLeftPart(UriPartial.Authority);

        using var refused = await RegisterAsync(plain, user, "confidential", new { kind = "uri", name = Billing });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        using var caller = MutualTlsServer.Caller(certificate: null);
        var without = await MetadataAsync(caller, plain);
        var with = await MetadataAsync(caller, server.Address);

        Assert.DoesNotContain("tls_client_auth", Methods(without));
        Assert.False(without.GetProperty("tls_client_certificate_bound_access_tokens").GetBoolean());
        Assert.Contains("tls_client_auth", Methods(with));
        Assert.True(with.GetProperty("tls_client_certificate_bound_access_tokens").GetBoolean());
        Assert.EndsWith(
            $":{port}/oauth/token",
            with.GetProperty("mtls_endpoint_aliases").Text("token_endpoint"),
            StringComparison.Ordinal
        );
    }

    private Task<MutualTlsServer> StartAsync(
        RenewedFolder files,
        TestAuthority authority,
        params (string Name, string? Value)[] settings
    ) =>
        MutualTlsServer.StartAsync(
            chancery,
            files,
            authority,
            [("MTLS", "optional"), ("MTLS_CA_FILE", files.Write("ca.pem", authority.Pem)), .. settings]
        );

    private static async Task<JsonElement> RegisterAsync(MutualTlsServer server, TestUser user, object certificate)
    {
        using var response = await RegisterAsync(server.Address, user, "confidential", certificate);
        return await response.ReadAsync(HttpStatusCode.Created);
    }

    private static async Task<HttpResponseMessage> RegisterAsync(
        string address,
        TestUser user,
        string type,
        object certificate
    )
    {
        using var http = MutualTlsServer.Caller(certificate: null);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", user.AccessToken);
        string[] grants = type == "public" ? ["authorization_code"] : ["client_credentials"];
        return await http.PostAsJsonAsync(
            address + "/api/v1/oauth/clients",
            new
            {
                name = "Billing",
                type,
                grants,
                redirect_uris = new[] { App.Callback },
                role = "viewer",
                scopes = new[] { "documents:read" },
                certificate,
            },
            Cancel
        );
    }

    private static Task<HttpResponseMessage> TokenAsync(
        HttpClient caller,
        MutualTlsServer server,
        JsonElement client
    ) => PostAsync(caller, server, "/oauth/token", client, ("grant_type", "client_credentials"));

    private static async Task<HttpResponseMessage> PostAsync(
        HttpClient caller,
        MutualTlsServer server,
        string path,
        JsonElement client,
        params (string Name, string Value)[] fields
    )
    {
        using var form = new FormUrlEncodedContent([
            KeyValuePair.Create("client_id", client.Text("id")),
            .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value)),
        ]);
        return await caller.PostAsync(server.Address + path, form, Cancel);
    }

    private static async Task<HttpStatusCode> DocumentsAsync(HttpClient caller, string address, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address + "/api/v1/docs");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await caller.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private static async Task<JsonElement> MetadataAsync(HttpClient caller, string address)
    {
        using var response = await caller.GetAsync(address + "/.well-known/oauth-authorization-server", Cancel);
        return await response.ReadAsync();
    }

    private static List<string?> Methods(JsonElement metadata) =>
        [
            .. metadata
                .GetProperty("token_endpoint_auth_methods_supported")
                .EnumerateArray()
                .Select(one => one.GetString()),
        ];
}
