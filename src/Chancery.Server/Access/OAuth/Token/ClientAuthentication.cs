using System.Text;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Platform.Edge;

namespace Chancery.Server.Access.OAuth.Token;

/// <summary>
/// Which client calls (RFC 6749, 2.3): by the header, by the form, by the certificate of the connection (RFC 8705, 2.1), or, for
/// public ones, by their name alone. Safe for concurrent use.
/// </summary>
internal sealed class ClientAuthentication(ClientDirectory clients, ClientSecret secrets)
{
    private const string Basic = "Basic ";

    public async Task<(OAuthClient? Client, OAuthError? Error)> FindAsync(
        HttpContext context,
        OAuthForm form,
        CancellationToken cancellationToken
    )
    {
        var header = context.Request.Headers.Authorization.ToString();
        var byHeader = header.Length > 0;
        var (id, secret) = (form["client_id"], form["client_secret"]);
        if (byHeader)
        {
            if (secret is not null)
            {
                return (null, OAuthError.InvalidRequest("The client authenticates in one way only."));
            }

            if (Read(header) is not var (name, password) || (id is not null && id != name))
            {
                return (null, OAuthError.InvalidClient(byHeader));
            }

            (id, secret) = (name, password);
        }

        if (id is null)
        {
            return (null, OAuthError.InvalidClient(byHeader));
        }

        var client = await clients.FindAsync(id, cancellationToken);
        var isGenuine =
            client is not null
            && (
                client.Certificate is { } registered
                    ? secret is null && CallerCertificate.Of(context) is { } shown && registered.IsOn(shown)
                : client.IsConfidential ? secret is not null && secrets.Fits(client, secret)
                : string.IsNullOrEmpty(secret)
            );
        return isGenuine ? (client, null) : (null, OAuthError.InvalidClient(byHeader));
    }

    /// <summary>Name and secret were form-encoded before they were joined (RFC 6749, 2.3.1).</summary>
    private static (string Id, string Secret)? Read(string header)
    {
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(header[Basic.Length..].Trim()));
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            return colon > 0 ? (Decode(text[..colon]), Decode(text[(colon + 1)..])) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
