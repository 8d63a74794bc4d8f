using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;

namespace Chancery.Server.Access.Federation;

/// <summary>What an issuer says of itself, read from its discovery document.</summary>
/// <param name="NamesItself">Whether its answers in the browser carry <c>iss</c> (RFC 9207).</param>
/// <param name="TakesPostedSecret">Whether it takes the client's secret in the form only.</param>
internal sealed record IssuerMetadata(
    string AuthorizationEndpoint,
    string TokenEndpoint,
    string KeysAddress,
    bool NamesItself,
    bool TakesPostedSecret
);

/// <summary>Discovery documents and keys of issuers, from this process's memory. Safe for concurrent use.</summary>
/// <remarks>
/// What was read is fresh for an hour. Then it is read anew, for which one caller waits a moment (<see cref="Patience"/>) and the others
/// do not; while the issuer cannot be reached, what is known goes on for a day. An
/// unknown key id makes it be read once more, at most every <see cref="RefreshAtMostEvery"/>: a flood of such tokens
/// makes no flood at the issuer. Failures are not tried again for <see cref="RetryAfter"/>.
/// </remarks>
internal sealed class IssuerDirectory(IssuerHttp http, TimeProvider time, ILogger<IssuerDirectory> logger)
{
    public static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    public static readonly TimeSpan StaleFor = TimeSpan.FromDays(1);
    public static readonly TimeSpan RefreshAtMostEvery = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>How long keys that are known are kept back for fresh ones.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private const int MostIssuers = 2_000;
    private const int MostKeys = 100;

    private readonly ConcurrentDictionary<(Guid? Owner, string Address, string Algorithm), Entry> _entries = new();

    /// <summary>What is known of an issuer.</summary>
    /// <param name="ReadAt">When its documents were last read.</param>
    private sealed record Known(
        IssuerMetadata Metadata,
        FrozenDictionary<string, ForeignKey> Keys,
        DateTimeOffset ReadAt
    );

    private sealed class Entry : IDisposable
    {
        public readonly SemaphoreSlim Reading = new(1, 1);
        public volatile Known? Known;
        public DateTimeOffset TriedAt;
        public string? Failure;

        public void Dispose() => Reading.Dispose();
    }

    /// <summary>What the issuer says of itself.</summary>
    /// <exception cref="IssuerException">It cannot be asked, and is not known from within the last day.</exception>
    public async Task<IssuerMetadata> MetadataAsync(ExternalIssuer issuer, CancellationToken cancellationToken) =>
        (await KnownAsync(EntryOf(issuer), issuer, cancellationToken)).Metadata;

    /// <summary>The issuer's key of that id; <c>null</c> when it has none.</summary>
    /// <exception cref="IssuerException">It cannot be asked, and is not known from within the last day.</exception>
    public async ValueTask<ForeignKey?> KeyAsync(
        ExternalIssuer issuer,
        string keyId,
        CancellationToken cancellationToken
    )
    {
        var entry = EntryOf(issuer);
        var known = await KnownAsync(entry, issuer, cancellationToken);
        if (known.Keys.TryGetValue(keyId, out var key))
        {
            return key;
        }

        if (
            time.GetUtcNow() - known.ReadAt < RefreshAtMostEvery
            || time.GetUtcNow() - entry.TriedAt < RefreshAtMostEvery
        )
        {
            return null;
        }

        await RefreshAsync(entry, known, issuer, cancellationToken);
        return entry.Known?.Keys.GetValueOrDefault(keyId);
    }

    /// <summary>Reads both documents now, for whoever wants to know whether an issuer can be used, and how many keys it has.</summary>
    /// <exception cref="IssuerException">It cannot.</exception>
    public async Task<(IssuerMetadata Metadata, IReadOnlyList<string> KeyIds)> CheckAsync(
        ExternalIssuer issuer,
        CancellationToken cancellationToken
    )
    {
        var known = await ReadAsync(issuer, cancellationToken);
        EntryOf(issuer).Known = known;
        return (known.Metadata, [.. known.Keys.Keys.Order(StringComparer.Ordinal)]);
    }

    private Entry EntryOf(ExternalIssuer issuer)
    {
        if (_entries.Count >= MostIssuers)
        {
            // Rare: an installation has few. What is dropped is read again.
            _entries.Clear();
        }

        return _entries.GetOrAdd((issuer.Owner?.Value, issuer.Address, issuer.Algorithm), _ => new Entry());
    }

    private async ValueTask<Known> KnownAsync(Entry entry, ExternalIssuer issuer, CancellationToken cancellationToken)
    {
        var known = entry.Known;
        if (known is not null && time.GetUtcNow() - known.ReadAt < Fresh)
        {
            return known;
        }

        if (entry.Failure is null || time.GetUtcNow() - entry.TriedAt >= RetryAfter)
        {
            if (known is null || time.GetUtcNow() - known.ReadAt >= StaleFor)
            {
                await RefreshAsync(entry, known, issuer, cancellationToken);
            }
            else if (entry.Reading.CurrentCount > 0)
            {
                // Goes on when the caller is gone: the next ones have what it read.
                var refreshed = RefreshAsync(entry, known, issuer, CancellationToken.None);
                await Task.WhenAny(refreshed, Task.Delay(Patience, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return entry.Known is { } now && time.GetUtcNow() - now.ReadAt < StaleFor
            ? now
            : throw new IssuerException(entry.Failure ?? "not known");
    }

    private async Task RefreshAsync(
        Entry entry,
        Known? seen,
        ExternalIssuer issuer,
        CancellationToken cancellationToken
    )
    {
        await entry.Reading.WaitAsync(cancellationToken);
        try
        {
            // Whoever waited here takes what the one before read, or its failure.
            if (
                !ReferenceEquals(entry.Known, seen)
                || (entry.Failure is not null && time.GetUtcNow() - entry.TriedAt < RetryAfter)
            )
            {
                return;
            }

            entry.TriedAt = time.GetUtcNow();
            entry.Known = await ReadAsync(issuer, cancellationToken);
            entry.Failure = null;
        }
        // Whatever it is, the next call does not run into it again at once.
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // From its end: a call that hung kept everybody waiting for long enough.
            entry.TriedAt = time.GetUtcNow();
            entry.Failure =
                exception is IssuerException
                    ? exception.Message
                    : $"its documents could not be read: {exception.GetType().Name}";
            Log.IssuerNotRead(logger, issuer.Address, entry.Failure);
        }
        finally
        {
            entry.Reading.Release();
        }
    }

    private async Task<Known> ReadAsync(ExternalIssuer issuer, CancellationToken cancellationToken)
    {
        var said = await http.AskAsync(issuer, issuer.DiscoveryAddress, form: null, cancellationToken);
        if (TextOf(said, "issuer") != issuer.Address)
        {
            throw new IssuerException("its discovery document is of another issuer");
        }

        var methods = WordsOf(said, "token_endpoint_auth_methods_supported");
        var metadata = new IssuerMetadata(
            Address(issuer, said, "authorization_endpoint"),
            Address(issuer, said, "token_endpoint"),
            Address(issuer, said, "jwks_uri"),
            said.TryGetProperty("authorization_response_iss_parameter_supported", out var names)
                && names.ValueKind == JsonValueKind.True,
            methods.Contains("client_secret_post") && !methods.Contains("client_secret_basic")
        );
        var set = await http.AskAsync(issuer, metadata.KeysAddress, form: null, cancellationToken);
        if (!set.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            throw new IssuerException("its keys are no key set");
        }

        var keys = new Dictionary<string, ForeignKey>(StringComparer.Ordinal);
        foreach (var jwk in list.EnumerateArray().Take(MostKeys).Where(one => one.ValueKind == JsonValueKind.Object))
        {
            if (TextOf(jwk, "kid") is { Length: > 0 } keyId && ForeignKey.Read(jwk, issuer.Algorithm) is { } key)
            {
                keys.TryAdd(keyId, key);
            }
        }

        return new Known(metadata, keys.ToFrozenDictionary(StringComparer.Ordinal), time.GetUtcNow());
    }

    private string Address(ExternalIssuer issuer, JsonElement said, string name) =>
        TextOf(said, name) is { } text && http.WhyNot(issuer, text) is null
            ? text
            : throw new IssuerException($"its {name} is no address that can be used");

    private static string? TextOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static HashSet<string> WordsOf(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ?
            [
                .. value
                    .EnumerateArray()
                    .Where(one => one.ValueKind == JsonValueKind.String)
                    .Select(one => one.GetString()!),
            ]
            : [];
}
