using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Chancery.Server.Tests.Architecture;
using Chancery.Testing;

namespace Chancery.Server.Tests.Access.OAuth;

/// <summary>
/// The certified clients <c>openid-client</c> and <c>oauth4webapi</c>, unchanged, against this server. <c>./test</c> installs
/// them (<c>eng/install.sh</c>), or <c>CHANCERY_TEST_OAUTH_CLIENTS</c> names the folder of their modules.
/// </summary>
public sealed class StandardClientsTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_certified_clients_sign_in_refresh_ask_take_back_and_wait_for_a_device()
    {
        var olga = await chancery.SignUpAsync();
        var app = await olga.RegisterAsync(
            grants: ["authorization_code", "refresh_token", "client_credentials"],
            scopes: ["openid", "profile", "email", "offline_access", "documents:read"],
            role: "viewer"
        );
        using var visitor = await Visitor.SignInAsync(chancery, olga);

        var said = await RunAsync(app, visitor);

        Assert.False(said.TryGetValue("failed", out var failure), failure.ToString());
        Assert.Equal(olga.Email, said["openid-client signed in"].GetString());
        Assert.True(said["openid-client introspected"].GetBoolean());
        Assert.False(said["openid-client revoked"].GetBoolean());
        Assert.Equal("refused", said["openid-client mixed up"].GetString());
        Assert.Equal(app.Id.ToString(), said["oauth4webapi checked the access token"].GetString());
        Assert.Equal(olga.UserId.ToString(), said["oauth4webapi checked the ID token"].GetString());
        Assert.Equal(
            HttpStatusCode.OK,
            await chancery.GetStatusAsync(said["openid-client as itself"].GetString()!, "/api/v1/docs")
        );
        Assert.Equal(
            HttpStatusCode.OK,
            await chancery.GetStatusAsync(said["openid-client on a device"].GetString()!, "/api/v1/docs")
        );
        Assert.True(said["done"].GetBoolean());
    }

    private async Task<Dictionary<string, JsonElement>> RunAsync(App app, Visitor visitor)
    {
        var script = Path.Combine(
            SourceTree.Root,
            "tests",
            "Chancery.Server.Tests",
            "Access",
            "OAuth",
            "node",
            "clients.mjs"
        );
        var start = new ProcessStartInfo("node", [script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MODULES"] = Modules();
        start.Environment["ISSUER"] = "http://localhost:8000";
        start.Environment["SERVER"] = chancery.Address.GetLeftPart(UriPartial.Authority);
        start.Environment["CLIENT_ID"] = app.Id.ToString();
        start.Environment["CLIENT_SECRET"] = app.Secret;
        start.Environment["REDIRECT_URI"] = App.Callback;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(Patience);
        using var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync(patience.Token);
        var said = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        try
        {
            while (await node.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                var one = JsonSerializer.Deserialize<JsonElement>(line);
                if (one.Text("name") == "visit")
                {
                    await node.StandardInput.WriteLineAsync(await VisitAsync(visitor, one.Text("value")));
                    await node.StandardInput.FlushAsync(patience.Token);
                }
                else
                {
                    said[one.Text("name")] = one.GetProperty("value");
                }
            }

            await node.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill(entireProcessTree: true);
            }
        }

        Assert.True(said.Count > 0, await errors);
        return said;
    }

    /// <summary>What somebody does who is sent there: looks, allows, and is sent on.</summary>
    private static async Task<string> VisitAsync(Visitor visitor, string address)
    {
        using var page = await visitor.GetAsync(address);
        var isDevice = new Uri(address).AbsolutePath == "/device";
        using var answer = await visitor.SubmitAsync(
            page,
            isDevice ? "/device" : "/oauth/consent",
            ("decision", "allow")
        );
        return isDevice ? "http://localhost/done" : answer.Headers.Location!.OriginalString;
    }

    private static string Modules()
    {
        var folder = Environment.GetEnvironmentVariable("CHANCERY_TEST_OAUTH_CLIENTS") is { Length: > 0 } given
            ? given
            : Path.Combine(SourceTree.Root, "artifacts", "tools", "oauth-clients", "node_modules");
        Assert.True(
            Directory.Exists(Path.Combine(folder, "openid-client")),
            $"openid-client and oauth4webapi are not in {folder}: ./test installs them with npm, or CHANCERY_TEST_OAUTH_CLIENTS names their folder."
        );
        return folder;
    }
}
