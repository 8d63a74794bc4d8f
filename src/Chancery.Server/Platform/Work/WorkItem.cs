using System.Text.Json;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Work;

/// <summary>A claimed piece of work. While it runs, its lease is renewed; whoever loses the lease loses the right to write.</summary>
/// <param name="Attempts">This run included.</param>
/// <param name="Owner">The worker that holds the lease.</param>
public sealed record WorkItem(TenantId Tenant, Guid Id, string Kind, string Subject, int Attempts, string Owner)
{
    private const string HoldSql = """
        SELECT 1 FROM work_items
        WHERE tenant_id = @tenant AND work_id = @id AND lease_owner = @owner AND state = 'running'
        FOR SHARE
        """;

    private const string ProgressSql = """
        UPDATE work_items SET attempts = 1
        WHERE tenant_id = @tenant AND work_id = @id AND lease_owner = @owner AND attempts > 1
        """;

    public T SubjectAs<T>() =>
        JsonSerializer.Deserialize<T>(Subject, WorkQueue.Json)
        ?? throw new JsonException($"The subject of a {Kind} is empty.");

    /// <summary>
    /// In a transaction that keeps a part of the work for good: earlier tries do not count against what goes forward, so that
    /// long work outlives any number of kills.
    /// </summary>
    public Task ProgressedAsync(TenantSession session, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            ProgressSql,
            new
            {
                tenant = Tenant.Value,
                id = Id,
                owner = Owner,
            },
            cancellationToken
        );

    /// <summary>
    /// First statement of every transaction that the work writes in: until it ends nobody else can take the work over,
    /// so a worker that was thought dead cannot write beside its successor.
    /// </summary>
    /// <exception cref="LeaseLostException">Somebody else has the work now.</exception>
    public async Task HoldAsync(TenantSession session, CancellationToken cancellationToken)
    {
        var held = await session.FindAsync<int?>(
            HoldSql,
            new
            {
                tenant = Tenant.Value,
                id = Id,
                owner = Owner,
            },
            cancellationToken
        );
        if (held is null)
        {
            throw new LeaseLostException();
        }
    }
}

/// <summary>Another worker took the work over, because this one was silent for longer than its lease.</summary>
public sealed class LeaseLostException()
    : Exception("The lease of this work was lost; another worker goes on with it.");

/// <summary>The work waits for something that will come, such as a server that is down. It does not count as a try.</summary>
/// <param name="restsKind">All work of its kind that the tenant has waits as long.</param>
public sealed class WorkPostponedException(TimeSpan pause, Exception? inner = null, bool restsKind = false)
    : Exception("The work is put off.", inner)
{
    public TimeSpan Pause { get; } = pause;

    public bool RestsKind { get; } = restsKind;
}

/// <summary>Does one kind of work. Running it again after any interruption must lead to the same end.</summary>
public interface IWorkHandler
{
    public string Kind { get; }

    /// <summary>
    /// Whether it spends its time waiting for servers that are not ours. Such work has workers of its own, so that a silent
    /// server keeps nobody's document from being read.
    /// </summary>
    public bool Waits => false;

    /// <summary>Whether this server, set as it is, can do such work; else it is left to others.</summary>
    public bool IsAble => true;

    /// <summary>Returns when nothing is left to do, whatever the end was.</summary>
    /// <exception cref="Exception">Unexpected: the work is tried again later, a few times.</exception>
    public Task RunAsync(WorkItem item, CancellationToken cancellationToken);

    /// <summary>Called instead of another try: says so to whoever waits for the work.</summary>
    public Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken);
}
