using System.Collections.Concurrent;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Platform.Operators;

/// <summary>
/// Passes that were signed out of before their time, so that a copy of the cookie opens nothing either. All servers know through Redis;
/// while it is gone only the one that was told. Safe for concurrent use.
/// </summary>
internal sealed class EndedPasses(RedisGateway redis, TimeProvider time)
{
    private const string Prefix = "chancery:operator-pass:ended:";

    private readonly ConcurrentDictionary<string, DateTimeOffset> _here = new();

    public async Task EndAsync(OperatorPass pass)
    {
        var now = time.GetUtcNow();
        foreach (var (id, until) in _here)
        {
            if (until <= now)
            {
                _here.TryRemove(id, out _);
            }
        }

        _here[pass.Id] = now + OperatorPasses.Life;
        await redis.SetAsync(Prefix + pass.Id, "1", OperatorPasses.Life);
    }

    public async ValueTask<bool> HasAsync(OperatorPass pass) =>
        _here.ContainsKey(pass.Id) || await redis.GetAsync(Prefix + pass.Id) is not null;
}
