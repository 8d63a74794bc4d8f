using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>One server, and who we are there.</summary>
internal sealed class ServerSession : IDisposable
{
    private const string DefaultServer = "http://localhost:8000";

    private readonly HttpClient _http;

    private ServerSession(string server, HttpMessageHandler handler, string owner)
    {
        Server = server;
        Owner = owner;
#pragma warning disable RS0030 // The person who types the command names the server.
        _http = new HttpClient(handler) { BaseAddress = new Uri(server + "/"), Timeout = Timeout.InfiniteTimeSpan };
#pragma warning restore RS0030
        Client = new ChanceryClient(_http);
    }

    public string Server { get; }

    /// <summary>Tells apart whose documents are meant, without telling who it is.</summary>
    public string Owner { get; }

    public ChanceryClient Client { get; }

    /// <summary>For what the client has no method for: other people's protocols.</summary>
    public HttpClient Http => _http;

    /// <summary>The server that is meant: as given, as in the environment, as signed in to last.</summary>
    public static string AddressOf(string? given, Credentials credentials)
    {
        var text =
            given
            ?? (
                Environment.GetEnvironmentVariable("CHANCERY_SERVER") is { Length: > 0 } named
                    ? named
                    : credentials.Current ?? DefaultServer
            );
        text = text.Contains("://", StringComparison.Ordinal) ? text : SchemeFor(text) + text;
        return
            Uri.TryCreate(text, UriKind.Absolute, out var address)
            && address.Scheme is "http" or "https"
            && address.UserInfo.Length == 0
            ? address.GetLeftPart(UriPartial.Path).TrimEnd('/')
            : throw new RemoteException(
                Exit.Usage,
                $"\"{text}\" is not the address of a server: give it as https://chancery.example.com."
            );
    }

    // A password or a key that was typed for another machine does not cross the network in the clear because of what was left out.
    private static string SchemeFor(string host) =>
        Uri.TryCreate("http://" + host, UriKind.Absolute, out var address) && address.IsLoopback
            ? "http://"
            : "https://";

    /// <summary>Without a credential, to get one.</summary>
    public static ServerSession Anonymous(string server) => new(server, Wire(), "");

    public static ServerSession With(string server, string apiKey) =>
        new(server, new KeyHandler(apiKey, Wire()), OwnerOf(server, apiKey));

    /// <summary>As whoever is signed in.</summary>
    /// <exception cref="RemoteException">Nobody is.</exception>
    public static ServerSession Open(string? given, Credentials credentials)
    {
        var server = AddressOf(given, credentials);
        if (Environment.GetEnvironmentVariable("CHANCERY_API_KEY") is { Length: > 0 } key)
        {
            return With(server, key.Trim());
        }

        var credential =
            credentials.Of(server)
            ?? throw new RemoteException(
                Exit.NotSignedIn,
                $"You are not signed in to {server}: chancery login --server {server}, or set CHANCERY_API_KEY."
            );
        return credential.ApiKey is { } kept
            ? With(server, kept)
            : new ServerSession(
                server,
                new TokenHandler(server, credentials, Wire()),
                OwnerOf(server, credential.TenantId.ToString())
            );
    }

    /// <summary>Calls what takes a form and answers in the words of OAuth: a body, or the code of an error.</summary>
    public async Task<(JsonElement? Body, string? Error)> PostFormAsync(
        string path,
        IEnumerable<KeyValuePair<string, string>> fields,
        CancellationToken cancellationToken
    )
    {
        using var form = new FormUrlEncodedContent(fields);
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), form, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            var body = JsonSerializer.Deserialize<JsonElement>(text);
            return response.IsSuccessStatusCode
                ? (body, null)
                : (
                    null,
                    body.TryGetProperty("error", out var error) ? error.GetString() : $"{(int)response.StatusCode}"
                );
        }
        catch (JsonException)
        {
            return (null, $"{(int)response.StatusCode}");
        }
    }

    /// <summary>Posts JSON, and reads the answer whatever it is: for what is asked back before there are tokens.</summary>
    /// <param name="bearer">An access token; null for none.</param>
    public async Task<(HttpStatusCode Status, string Body)> PostJsonAsync<T>(
        string path,
        T body,
        CancellationToken cancellationToken,
        string? bearer = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Content = JsonContent.Create(body, options: ChanceryClient.Json);
        if (bearer is not null)
        {
            request.Headers.Authorization = new("Bearer", bearer);
        }

        using var response = await _http.SendAsync(request, cancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>What stands at an address, as it comes.</summary>
    /// <exception cref="RemoteException">The server refused.</exception>
    public async Task<Stream> GetAsync(string path, CancellationToken cancellationToken)
    {
        var response = await _http.GetAsync(
            new Uri(path, UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken
        );
        if (response.IsSuccessStatusCode)
        {
            return await response.Content.ReadAsStreamAsync(cancellationToken);
        }

        using (response)
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            throw response.StatusCode == HttpStatusCode.Unauthorized
                ? new RemoteException(Exit.NotSignedIn, "Sign in first: chancery login.")
                : new RemoteException(Exit.Failed, $"The server refused ({(int)response.StatusCode}): {text}");
        }
    }

    /// <summary>Sends JSON and reads what is answered.</summary>
    /// <exception cref="RemoteException">The server refused.</exception>
    public async Task<T> PostAsync<T>(
        string path,
        object body,
        JsonSerializerOptions json,
        CancellationToken cancellationToken
    )
    {
        using var content = new StringContent(JsonSerializer.Serialize(body, json), Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode && JsonSerializer.Deserialize<T>(text, json) is { } answer ? answer
            : response.StatusCode == HttpStatusCode.Unauthorized
                ? throw new RemoteException(Exit.NotSignedIn, "Sign in first: chancery login.")
            : throw new RemoteException(Exit.Failed, $"The server refused ({(int)response.StatusCode}): {text}");
    }

    public void Dispose() => _http.Dispose();

    private static string OwnerOf(string server, string who) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{server}\n{who}")))[..32];

    private static SocketsHttpHandler Wire() =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        };

    private sealed class KeyHandler(string key, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            return base.SendAsync(request, cancellationToken);
        }
    }

    /// <summary>Carries the access token, and exchanges the refresh token in time.</summary>
    private sealed class TokenHandler(string server, Credentials credentials, HttpMessageHandler inner)
        : DelegatingHandler(inner)
    {
        private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

        private Credential? _known;

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            var credential = _known ??= credentials.Of(server);
            if (credential is null || credential.ExpiresAt < TimeProvider.System.GetUtcNow() + Margin)
            {
                credential = await RefreshAsync(credential?.AccessToken, cancellationToken);
            }

            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential.AccessToken);
            var response = await base.SendAsync(request, cancellationToken);
            if (response.StatusCode != HttpStatusCode.Unauthorized)
            {
                return response;
            }

            // Ended early, by a clock that differs or on the server's side. A file was read: its upload is the caller's to repeat.
            credential = await RefreshAsync(credential.AccessToken, cancellationToken);
            if (request.Content is MultipartFormDataContent)
            {
                return response;
            }

            response.Dispose();
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", credential.AccessToken);
            return await base.SendAsync(request, cancellationToken);
        }

        /// <summary>
        /// A refresh token works once, and a second use ends the session: whoever comes second takes what the first one got.
        /// </summary>
        private async Task<Credential> RefreshAsync(string? spent, CancellationToken cancellationToken)
        {
            var refreshed = await credentials.ChangeAsync(
                server,
                async now => now is null || now.AccessToken != spent ? now : await ExchangeAsync(now),
                cancellationToken
            );
            return _known =
                refreshed
                ?? throw new RemoteException(
                    Exit.NotSignedIn,
                    $"Your session on {server} has ended: chancery login --server {server}."
                );
        }

        // Not to be interrupted: the old token is spent as soon as the server has it.
        private async Task<Credential?> ExchangeAsync(Credential old)
        {
            using var session = Anonymous(server);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                if (old.ClientId is not null)
                {
                    return await DeviceLogin.RefreshAsync(server, old, patience.Token);
                }

                var tokens = await session.Client.RefreshTokensAsync(
                    new RefreshRequest { RefreshToken = old.RefreshToken ?? "" },
                    cancellationToken: patience.Token
                );
                return LoginCommand.CredentialOf(tokens);
            }
            catch (ChanceryException refused)
                when (refused.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest)
            {
                return null;
            }
        }
    }
}
