using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Access.OAuth.Device;

/// <summary>What typing a device's code ends in.</summary>
internal abstract record TypedCode
{
    private TypedCode() { }

    public sealed record Found(
        DeviceRequest Request,
        OAuthClient Client,
        string UserCode,
        Principal Person,
        IReadOnlyList<TenantView> Tenants
    ) : TypedCode;

    public sealed record Unknown : TypedCode;

    public sealed record TooMany : TypedCode;
}

/// <summary>
/// Devices without a browser (RFC 8628): each shows a code, somebody types it here, sees what asks, and allows it. Safe for
/// concurrent use.
/// </summary>
internal sealed class Devices(
    DeviceStore store,
    ClientDirectory clients,
    Authorization authorization,
    SessionDirectory sessions,
    SignInThrottle throttle,
    TenantDatabase database,
    Peppers peppers,
    TimeProvider time
)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    public const int PollSeconds = 5;

    // No vowels, so that no word comes of it, and no letters that look like others.
    private const string Letters = "BCDFGHJKLMNPQRSTVWXZ";
    private const int CodeLength = 8;
    private const string DevicePrefix = "cd_";
    private const int MostRequests = 100;
    private const int MostTyped = 30;

    // A program's clock and the network are not exact.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private readonly byte[] _pepper = peppers.Of(Peppers.DeviceCodes);

    /// <summary>A new request; <c>null</c> when its address makes too many.</summary>
    public async Task<(string DeviceCode, string UserCode)?> BeginAsync(
        HttpContext context,
        OAuthClient client,
        IReadOnlyList<string> scopes,
        string? audience,
        CancellationToken cancellationToken
    )
    {
        var address = Transport.AddressOf(context);
        if (!await throttle.EnterAsync("device", address, MostRequests))
        {
            return null;
        }

        var now = time.GetUtcNow();
        var device = context.Request.Headers.UserAgent.ToString();
        while (true)
        {
            var deviceCode = SecretText.Create(DevicePrefix);
            var userCode = RandomNumberGenerator.GetString(Letters, CodeLength);
            var request = new DeviceRequest(
                SecretText.HashOf(deviceCode),
                client.Id,
                [.. scopes],
                audience,
                device.Length > 100 ? device[..100] : device,
                address,
                DeviceState.Waiting,
                PollSeconds,
                PolledAt: null,
                now,
                now + Life
            );
            if (await store.InsertAsync(request, HashOf(userCode), cancellationToken))
            {
                return (deviceCode, Shown(userCode));
            }
        }
    }

    /// <summary>What the device is told when it asks how far it is; <c>null</c> when it is to be given its tokens.</summary>
    public async Task<OAuthError?> PollAsync(OAuthClient client, string deviceCode, CancellationToken cancellationToken)
    {
        var hash = SecretText.HashOf(deviceCode);
        var now = time.GetUtcNow();
        if (await store.FindByDeviceAsync(hash, cancellationToken) is not { } request || request.ClientId != client.Id)
        {
            return OAuthError.InvalidGrant("The device code is unknown.");
        }

        if (request.ExpiresAt <= now)
        {
            return OAuthError.Named("expired_token", "Nobody typed the code in time. Begin anew.");
        }

        switch (request.State)
        {
            case DeviceState.Allowed:
                return null;
            case DeviceState.Denied:
                return OAuthError.Named("access_denied", "The person said no.");
        }

        var isTooSoon = request.PolledAt is { } last && now < last.AddSeconds(request.PollSeconds) - Slack;
        await store.PolledAsync(
            hash,
            now,
            isTooSoon ? request.PollSeconds + PollSeconds : request.PollSeconds,
            cancellationToken
        );
        return isTooSoon
            ? OAuthError.Named("slow_down", "Wait five seconds more between two calls.")
            : OAuthError.Named("authorization_pending", "Nobody has allowed it yet.");
    }

    /// <summary>The request that somebody's code is of.</summary>
    public async Task<TypedCode> FindAsync(
        HttpContext context,
        Principal person,
        string typed,
        CancellationToken cancellationToken
    )
    {
        // Few enough codes to be guessed, if everybody could type as many as they like.
        if (!await throttle.EnterAsync("user-code", Transport.AddressOf(context), MostTyped))
        {
            return new TypedCode.TooMany();
        }

        var code = Plain(typed);
        return
            code.Length == CodeLength
            && await store.FindByUserCodeAsync(HashOf(code), cancellationToken)
                is { State: DeviceState.Waiting } request
            && request.ExpiresAt > time.GetUtcNow()
            && await clients.FindAsync(request.ClientId, cancellationToken) is { } client
            && await authorization.TenantsForAsync(client, person, cancellationToken) is { Count: > 0 } tenants
            ? new TypedCode.Found(request, client, Shown(code), person, tenants)
            : new TypedCode.Unknown();
    }

    /// <summary>Lets the device in, or not; <c>false</c> when it does not wait any more.</summary>
    public async Task<bool> DecideAsync(
        TypedCode.Found found,
        bool isAllowed,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var request = found.Request;
        if (!isAllowed)
        {
            return await store.DenyAsync(request.DeviceHash, now, cancellationToken);
        }

        var page = found.Person.SessionId!.Value;
        var signedInAt = await sessions.FindAsync(page, cancellationToken) is { } state ? state.AuthenticatedAt : now;
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        if (!await DeviceStore.AllowAsync(session, request.DeviceHash, now, cancellationToken))
        {
            return false;
        }

        await CodeStore.InsertAsync(
            session,
            new AllowedCode(
                request.DeviceHash,
                CodeKind.Device,
                request.ClientId,
                found.Person.UserId,
                page,
                RedirectUri: "",
                CodeChallenge: null,
                request.Scopes,
                request.Audience,
                Nonce: null,
                signedInAt,
                now,
                request.ExpiresAt
            ),
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
        return true;
    }

    private byte[] HashOf(string userCode) => HMACSHA256.HashData(_pepper, Encoding.ASCII.GetBytes(userCode));

    private static string Shown(string code) => $"{code[..4]}-{code[4..]}";

    private static string Plain(string typed) =>
        string.Concat(typed.ToUpperInvariant().Where(letter => Letters.Contains(letter, StringComparison.Ordinal)));
}
