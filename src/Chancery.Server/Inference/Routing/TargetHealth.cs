using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Health;
using Polly.CircuitBreaker;

namespace Chancery.Server.Inference.Routing;

/// <summary>
/// Which targets and which credentials are left alone for now. In this process only: each replica learns for itself. Safe for
/// concurrent use.
/// </summary>
/// <remarks>A key that a caller brought is in none of it: with a bad one nobody could switch a provider off for others.</remarks>
public sealed class TargetHealth(
    ModelRegistry registry,
    RoutingOptions options,
    TimeProvider time,
    ILogger<TargetHealth> logger
) : IModelHealth
{
    private readonly ConcurrentDictionary<(string Model, string Credential), Breaker> _breakers = new();
    private readonly ConcurrentDictionary<(string Provider, string Credential), long> _refused = new();
    private readonly ConcurrentDictionary<(string Model, string Credential), TargetRecord> _records = new();

    // Of the operator's keys, which are few.
    private readonly ConcurrentDictionary<string, string> _fingerprints = new(StringComparer.Ordinal);

    internal Breaker BreakerOf(ChatModel model, string? key) =>
        _breakers.GetOrAdd(
            (model.Id, Fingerprint(key)),
            static (place, health) =>
                new Breaker(
                    health.Options,
                    health.Time,
                    state => Log.BreakerChanged(health.Logger, place.Model, place.Credential, NameOf(state))
                ),
            this
        );

    internal bool IsRefused(ChatModel model, string? key) =>
        _refused.TryGetValue((model.ProviderName, Fingerprint(key)), out var at)
        && time.GetElapsedTime(at) < options.Cooldown;

    /// <summary>The provider did not take the credential: it is not shown to it again for a while.</summary>
    internal void Refuse(ChatModel model, string? key) =>
        _refused[(model.ProviderName, Fingerprint(key))] = time.GetTimestamp();

    internal void Accept(ChatModel model, string? key)
    {
        if (!_refused.IsEmpty)
        {
            _refused.TryRemove((model.ProviderName, Fingerprint(key)), out _);
        }
    }

    /// <summary>What one attempt came to, for whoever looks; the breaker learns it on its own.</summary>
    internal TargetRecord RecordOf(ChatModel model, string? key) =>
        _records.GetOrAdd((model.Id, Fingerprint(key)), static (_, health) => new TargetRecord(health.Time), this);

    IReadOnlyList<ModelTarget> IModelHealth.Tell()
    {
        return
        [
            .. from model in registry.Models
            where !model.IsExtractive
            from key in KeysOf(model)
            let credential = Fingerprint(key)
            let breaker = _breakers.GetValueOrDefault((model.Id, credential))
            let refused = IsRefused(model, key)
            let record = _records.GetValueOrDefault((model.Id, credential))?.Tell() ?? TargetRecord.None
            select new ModelTarget(
                model.Id,
                model.ProviderName,
                credential,
                refused ? "refused" : NameOf(breaker?.State ?? CircuitState.Closed),
                refused
                        ? Math.Round(
                            (
                                options.Cooldown - time.GetElapsedTime(_refused[(model.ProviderName, credential)])
                            ).TotalSeconds,
                            1
                        )
                    : breaker?.OpenFor is { } left ? Math.Round(left.TotalSeconds, 1)
                    : null,
                record.Calls,
                record.Failures,
                record.LatencyMs,
                record.FirstPartMs,
                record.LastAnswerAt,
                record.LastFailure
            ),
        ];
    }

    /// <summary>Asks everybody again, or only <paramref name="model"/>. How many breakers and keys that concerned.</summary>
    public async Task<int> ResetAsync(ChatModel? model)
    {
        var reset = 0;
        foreach (var (place, breaker) in _breakers)
        {
            if (model is null || place.Model == model.Id)
            {
                // One that is closed forgets what it has counted so far.
                reset += breaker.State == CircuitState.Closed ? 0 : 1;
                await breaker.ResetAsync();
            }
        }

        foreach (var place in _refused.Keys)
        {
            if ((model is null || place.Provider == model.ProviderName) && _refused.TryRemove(place, out _))
            {
                reset++;
            }
        }

        return reset;
    }

    internal static IEnumerable<string?> KeysOf(ChatModel model) => [model.Endpoint?.ApiKey, .. model.OtherKeys];

    private RoutingOptions Options => options;

    private TimeProvider Time => time;

    private ILogger Logger => logger;

    private static string NameOf(CircuitState state) =>
        state switch
        {
            CircuitState.Closed => "closed",
            CircuitState.HalfOpen => "half-open",
            _ => "open",
        };

    private string Fingerprint(string? key) =>
        string.IsNullOrEmpty(key)
            ? "none"
            : _fingerprints.GetOrAdd(
                key,
                static text => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 4))
            );
}
