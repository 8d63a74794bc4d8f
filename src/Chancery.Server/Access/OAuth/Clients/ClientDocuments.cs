using System.Net;
using System.Text.Json;
using Chancery.Server.Platform.Http;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary>
/// Clients whose name is an address where they say what they are (Client ID Metadata Documents). Safe for concurrent use.
/// </summary>
/// <remarks>
/// The address comes from a stranger: it is fetched for people who are signed in only, through <see cref="GuardedHttp"/>,
/// and what came of it is kept for a while, failures too.
/// </remarks>
internal sealed class ClientDocuments(GuardedHttp http, AccessSettings settings, TimeProvider time)
{
    private const int MaxBytes = 16 * 1024;
    private const int MaxAddress = 300;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };

    private readonly ExpiringCache<string, OAuthClient> _known = new(time, TimeSpan.FromMinutes(5), capacity: 1_000);
    private readonly ExpiringCache<string, bool> _failed = new(time, TimeSpan.FromSeconds(30), capacity: 1_000);

    /// <summary>Whether an id is an address of the kind that may be a client's name.</summary>
    public bool IsName(string id) =>
        settings.TakesClientDocuments
        && id.Length <= MaxAddress
        && (id.StartsWith("https://", StringComparison.Ordinal) || IsAllowedHere(id))
        && !id.Contains('#', StringComparison.Ordinal)
        && Uri.TryCreate(id, UriKind.Absolute, out var address)
        && address.UserInfo.Length == 0
        && address.AbsolutePath.Length > 1
        // As it stands and as it is fetched are the same: no dots that lead up, no host in capitals.
        && address.AbsoluteUri == id;

    /// <summary>Without TLS only on this machine, where the operator allowed it by name: while something is made.</summary>
    private bool IsAllowedHere(string id) =>
        id.StartsWith("http://", StringComparison.Ordinal)
        && Uri.TryCreate(id, UriKind.Absolute, out var address)
        && address.IsLoopback
        && http.Rules.Check(id).Address is not null;

    /// <summary>
    /// The client as the token endpoint sees it, which needs no more than its name: what was allowed stands with the code
    /// or the refresh token, and is that client's.
    /// </summary>
    public static OAuthClient Unread(string id) =>
        ClientOf(id, new Uri(id).Host, [], [Grant.Code, Grant.Refresh], Scope.ForStrangers);

    /// <summary>What the client says of itself; <c>null</c> when it cannot be read or does not hold.</summary>
    public async Task<OAuthClient?> ReadAsync(string id, CancellationToken cancellationToken)
    {
        if (_known.TryGet(id, out var known))
        {
            return known;
        }

        if (_failed.TryGet(id, out _))
        {
            return null;
        }

        if (await FetchAsync(id, cancellationToken) is { } client)
        {
            _known.Set(id, client, _known.Generation);
            return client;
        }

        _failed.Set(id, true, _failed.Generation);
        return null;
    }

    private async Task<OAuthClient?> FetchAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await using var answer = await http.GetAsync(
                new GuardedRequest(new Uri(id), "application/json", MaxBytes),
                cancellationToken
            );
            // A document at another address is another client's.
            if (answer.Status != HttpStatusCode.OK || answer.Address.AbsoluteUri != id)
            {
                return null;
            }

            using var document = await JsonDocument.ParseAsync(answer.Body, Strict, cancellationToken);
            var json = document.RootElement;
            return
                json.ValueKind == JsonValueKind.Object
                && json.TryGetProperty("client_id", out var named)
                && named.ValueKind == JsonValueKind.String
                && named.ValueEquals(id)
                && !json.TryGetProperty("client_secret", out _)
                // Everybody can read the document, so no secret can be agreed on by it.
                && json.TryGetProperty("token_endpoint_auth_method", out var method) is var says
                && (!says || (method.ValueKind == JsonValueKind.String && method.ValueEquals("none")))
                && ClientMetadata.Read(json).Metadata is { } metadata
                ? ClientOf(id, metadata.Name, metadata.RedirectUris, metadata.Grants, metadata.Scopes)
                : null;
        }
        catch (Exception exception) when (exception is GuardedHttpException or JsonException)
        {
            return null;
        }
    }

    private static OAuthClient ClientOf(
        string id,
        string name,
        IReadOnlyList<string> addresses,
        IReadOnlyList<string> grants,
        IReadOnlyList<string> scopes
    ) => new(id, ClientSource.Document, Tenant: null, name, SecretMac: null, addresses, grants, scopes);
}
