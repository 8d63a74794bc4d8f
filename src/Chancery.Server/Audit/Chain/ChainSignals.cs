using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Chancery.Server.Audit.Chain;

/// <summary>Tells this process's writer whose inbox holds something; each chain once, however often it is raised.</summary>
internal sealed class ChainSignals
{
    private readonly ConcurrentDictionary<Guid, bool> _raised = [];
    private readonly Channel<Guid> _tenants = Channel.CreateUnbounded<Guid>(
        new UnboundedChannelOptions { SingleReader = true }
    );

    public void Raise(Guid tenant)
    {
        if (_raised.TryAdd(tenant, true))
        {
            _tenants.Writer.TryWrite(tenant);
        }
    }

    /// <summary>Whether something is raised before the time is over.</summary>
    public async Task<bool> WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var raised = _tenants.Reader.WaitToReadAsync(limit.Token).AsTask();
        var first = await Task.WhenAny(raised, Task.Delay(longest, time, cancellationToken));
        await limit.CancelAsync();
        await Task.WhenAny(raised);
        return first == raised;
    }

    /// <summary>The next one; what is raised from now on comes again.</summary>
    public bool TryTake(out Guid tenant)
    {
        if (!_tenants.Reader.TryRead(out tenant))
        {
            return false;
        }

        _raised.TryRemove(tenant, out _);
        return true;
    }
}
