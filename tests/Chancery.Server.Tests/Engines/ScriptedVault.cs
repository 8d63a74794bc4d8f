using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Chancery.Server.Tests.Engines;

/// <summary>
/// A vault, Microsoft Entra and the endpoint of a machine's identity in one process, told apart by the host that is asked for. The
/// client is the real one, and believes that it speaks to Azure.
/// </summary>
internal sealed class ScriptedVault : IAsyncDisposable
{
    public const string Secret = "client-secret-that-must-not-be-told";

    private readonly WebApplication _app;

    /// <summary>Whose vault it is. Each has its own, and its own name: the client library remembers both for the process.</summary>
    public Guid Directory { get; } = Guid.CreateVersion7();

    public string Host => $"acme-{Directory:n}.vault.azure.net";

    public string Place => "https://" + Host;

    private ScriptedVault(WebApplication app) => _app = app;

    /// <summary>What it holds; value, and what else its properties say.</summary>
    public Dictionary<string, (string Value, object Attributes)> Secrets { get; } = [];

    /// <summary>Answers a call to the vault in its place, once the caller is signed in; false goes on as usual.</summary>
    public Func<HttpContext, Task<bool>> Intercept { get; set; } = _ => Task.FromResult(false);

    /// <summary>Answers a call for a token in its place.</summary>
    public Func<HttpContext, Task<bool>> InterceptSignIn { get; set; } = _ => Task.FromResult(false);

    /// <summary>The bodies of what was asked at Entra.</summary>
    public ConcurrentQueue<string> SignIns { get; } = [];

    /// <summary>The paths that were asked for at the vault with a token.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    public static async Task<ScriptedVault> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var vault = new ScriptedVault(app);
        app.Run(vault.AnswerAsync);
        await app.StartAsync();
        return vault;
    }

    /// <summary>Sends everything here, whatever host it is for.</summary>
    public HttpClient Client() => new(new Rerouting(new Uri(_app.Urls.First())));

    private Task AnswerAsync(HttpContext context) =>
        context.Request.Host.Host == Host ? VaultAsync(context)
        : context.Request.Host.Host == "169.254.169.254" ? MachineAsync(context)
        : EntraAsync(context);

    private async Task EntraAsync(HttpContext context)
    {
        if (context.Request.Path.Value!.EndsWith("/token", StringComparison.Ordinal))
        {
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            SignIns.Enqueue(body);
            if (await InterceptSignIn(context))
            {
                return;
            }

            if (
                !body.Contains(Secret, StringComparison.Ordinal)
                && !body.Contains("client_assertion", StringComparison.Ordinal)
            )
            {
                context.Response.StatusCode = 401;
                await context.Response.WriteAsJsonAsync(
                    new
                    {
                        error = "invalid_client",
                        error_description = "AADSTS7000215: Invalid client secret provided. It was: " + body,
                        error_codes = new[] { 7000215 },
                    }
                );
                return;
            }

            await context.Response.WriteAsJsonAsync(
                new
                {
                    token_type = "Bearer",
                    expires_in = 3600,
                    access_token = "token-of-entra",
                }
            );
            return;
        }

        if (context.Request.Path.Value.EndsWith("/discovery/instance", StringComparison.Ordinal))
        {
            await context.Response.WriteAsJsonAsync(
                new
                {
                    tenant_discovery_endpoint = "https://login.microsoftonline.com/acme/v2.0/.well-known/openid-configuration",
                    metadata = Array.Empty<object>(),
                }
            );
            return;
        }

        context.Response.StatusCode = 404;
    }

    private static async Task MachineAsync(HttpContext context)
    {
        if (context.Request.Headers["Metadata"] != "true")
        {
            context.Response.StatusCode = 400;
            return;
        }

        var until = DateTimeOffset.Parse("2099-01-01T00:00:00Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds();
        await context.Response.WriteAsJsonAsync(
            new
            {
                access_token = "token-of-the-machine",
                expires_on = until.ToString(CultureInfo.InvariantCulture),
                resource = "https://vault.azure.net",
                token_type = "Bearer",
            }
        );
    }

    private async Task VaultAsync(HttpContext context)
    {
        if (!context.Request.Headers.Authorization.ToString().StartsWith("Bearer token-of-", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate =
                $"Bearer authorization=\"https://login.microsoftonline.com/{Directory}\", resource=\"https://vault.azure.net\"";
            return;
        }

        Asked.Enqueue(context.Request.Path);
        if (await Intercept(context))
        {
            return;
        }

        var name = context.Request.Path.Value!.Trim('/').Split('/') is ["secrets", var given, ..] ? given : null;
        if (name is null)
        {
            // Two pages, so that the second is asked for.
            var second = context.Request.Query.ContainsKey("$skiptoken");
            var half = Secrets.Count / 2;
            var items = (second ? Secrets.Skip(half) : Secrets.Take(half)).Select(secret => new
            {
                id = $"https://{Host}/secrets/{secret.Key}",
                attributes = secret.Value.Attributes,
            });
            await context.Response.WriteAsJsonAsync(
                new
                {
                    value = items.ToArray(),
                    nextLink = second ? null : $"https://{Host}/secrets?api-version=7.4&$skiptoken=2",
                }
            );
        }
        else if (Secrets.TryGetValue(name, out var secret))
        {
            await context.Response.WriteAsJsonAsync(
                new
                {
                    value = secret.Value,
                    id = $"https://{Host}/secrets/{name}/1",
                    attributes = secret.Attributes,
                }
            );
        }
        else
        {
            await RefuseAsync(context, 404, "SecretNotFound");
        }
    }

    /// <summary>An answer in the vault's own form, that quotes something secret as no vault should.</summary>
    public static async Task<bool> RefuseAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(new { error = new { code, message = "It was: value-of-the-key" } });
        return true;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Everything to one address, with the host that was meant.</summary>
    internal sealed class Rerouting(Uri address) : DelegatingHandler(new HttpClientHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            request.Headers.Host = request.RequestUri!.Host;
            request.RequestUri = new Uri(address, request.RequestUri.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
