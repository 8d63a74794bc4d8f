using System.Text.Json;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>
/// Signs in without a password at the terminal (RFC 8628): shows a code, waits until somebody allowed it on the server's
/// page, and takes the tokens.
/// </summary>
internal static class DeviceLogin
{
    /// <summary>The public client that every server knows.</summary>
    public const string ClientId = "chancery-cli";

    private const string Scopes =
        "offline_access documents:read documents:write chat:ask members:read members:manage keys:manage organization:manage audit:read";

    private const string Grant = "urn:ietf:params:oauth:grant-type:device_code";

    private static readonly TimeSpan SlowDown = TimeSpan.FromSeconds(5);

    /// <param name="show">Tells the person where to go, and with which code.</param>
    /// <exception cref="RemoteException">Nobody allowed it.</exception>
    public static async Task<Credential> SignInAsync(
        string server,
        Action<string, string> show,
        CancellationToken cancellationToken
    )
    {
        using var session = ServerSession.Anonymous(server);
        var (begun, refused) = await session.PostFormAsync(
            "oauth/device_authorization",
            [new("client_id", ClientId), new("scope", Scopes)],
            cancellationToken
        );
        if (refused is not null || begun is not { } device)
        {
            throw new RemoteException(Exit.Failed, $"{server} lets no device in ({refused}). Sign in with --email.");
        }

        show(Text(device, "verification_uri_complete"), Text(device, "user_code"));
        var wait = TimeSpan.FromSeconds(device.GetProperty("interval").GetInt32());
        while (true)
        {
            await Task.Delay(wait, cancellationToken);
            var (tokens, error) = await session.PostFormAsync(
                "oauth/token",
                [new("grant_type", Grant), new("client_id", ClientId), new("device_code", Text(device, "device_code"))],
                cancellationToken
            );
            switch (error)
            {
                case null:
                    return await CredentialOfAsync(server, tokens!.Value, cancellationToken);
                case "authorization_pending":
                    break;
                case "slow_down":
                    wait += SlowDown;
                    break;
                case "access_denied":
                    throw new RemoteException(Exit.NotSignedIn, "It was not allowed.");
                case "expired_token":
                    throw new RemoteException(
                        Exit.NotSignedIn,
                        "Nobody allowed it within ten minutes. Begin again: chancery login."
                    );
                default:
                    throw new RemoteException(Exit.Failed, $"The server gave no tokens ({error}).");
            }
        }
    }

    /// <summary>New tokens for the refresh token of a credential; null when it does not work any more.</summary>
    public static async Task<Credential?> RefreshAsync(
        string server,
        Credential old,
        CancellationToken cancellationToken
    )
    {
        using var session = ServerSession.Anonymous(server);
        var (tokens, error) = await session.PostFormAsync(
            "oauth/token",
            [
                new("grant_type", "refresh_token"),
                new("client_id", ClientId),
                new("refresh_token", old.RefreshToken ?? ""),
            ],
            cancellationToken
        );
        return error is null && tokens is { } fresh ? WithTokens(old, fresh) : null;
    }

    private static async Task<Credential> CredentialOfAsync(
        string server,
        JsonElement tokens,
        CancellationToken cancellationToken
    )
    {
        using var session = ServerSession.With(server, Text(tokens, "access_token"));
        var me = await session.Client.GetMeAsync(cancellationToken: cancellationToken);
        return WithTokens(
            new Credential(me.User.Email, me.User.TenantId, null, null, null, ApiKey: null, ClientId),
            tokens
        );
    }

    private static Credential WithTokens(Credential credential, JsonElement tokens) =>
        credential with
        {
            AccessToken = Text(tokens, "access_token"),
            RefreshToken = Text(tokens, "refresh_token"),
            ExpiresAt = TimeProvider.System.GetUtcNow().AddSeconds(tokens.GetProperty("expires_in").GetInt64()),
        };

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";
}
