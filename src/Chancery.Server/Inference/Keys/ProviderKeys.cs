using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Access;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Inference.Keys;

/// <summary>
/// A person's own keys for model providers, for as long as they are signed in: wrapped by the master key, in Redis only, one
/// hash for each session. Safe for concurrent use.
/// </summary>
/// <remarks>
/// They end with the session, twelve hours after their last use, or with Redis, whichever comes first; then the person is
/// asked again. They are never in PostgreSQL, in a log or in an answer.
/// </remarks>
public sealed class ProviderKeys(RedisGateway redis, MasterKey masterKey) : ISessionEnded
{
    /// <summary>Since the last use.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromHours(12);

    /// <summary>False when Redis is gone.</summary>
    public Task<bool> SetAsync(Principal principal, string provider, string key)
    {
        var place = PlaceOf(principal);
        var wrapped = masterKey.Wrap(Encoding.UTF8.GetBytes(key), PurposeOf(place, provider));
        return redis.HashSetAsync(place, provider, Convert.ToBase64String(wrapped), Life);
    }

    /// <summary>Null when there is none, when the caller is no person, and when Redis is gone.</summary>
    public async Task<string?> FindAsync(Principal principal, string provider, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (principal.IsKey)
        {
            return null;
        }

        var place = PlaceOf(principal);
        if (await redis.HashGetAsync(place, provider, Life) is not { } wrapped)
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(
                masterKey.Unwrap(Convert.FromBase64String(wrapped), PurposeOf(place, provider))
            );
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            // Of another master key: as good as lost.
            return null;
        }
    }

    /// <summary>The providers that the person has given a key for.</summary>
    public async Task<IReadOnlySet<string>> ProvidersAsync(Principal principal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return principal.IsKey ? new HashSet<string>() : (await redis.HashFieldsAsync(PlaceOf(principal))).ToHashSet();
    }

    /// <summary>False when Redis is gone; then the key is, too, or will be when its time is over.</summary>
    public Task<bool> RemoveAsync(Principal principal, string provider) =>
        redis.HashRemoveAsync(PlaceOf(principal), provider);

    Task ISessionEnded.EndedAsync(TenantId tenant, Guid sessionId) => redis.RemoveAsync(PlaceOf(tenant, sessionId));

    private static string PlaceOf(Principal principal) =>
        PlaceOf(
            principal.Tenant,
            principal.SessionId ?? throw new ArgumentException("An API key has no session.", nameof(principal))
        );

    private static string PlaceOf(TenantId tenant, Guid session) => $"{{{tenant}}}:provider-keys:{session:n}";

    private static string PurposeOf(string place, string provider) => $"provider-key/{place}/{provider}";
}
