namespace Chancery.Server.Audit.Recording;

/// <summary>Writes down what was counted, when its minute is over and when the server stops.</summary>
internal sealed class RefusalFlush(RefusalCounter counter, AuditTrail trail, IAuditActors actors, TimeProvider time)
    : BackgroundService
{
    // A person of many organisations is told of in the first ones.
    private const int MostTenants = 20;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>Writes what is due, or all of it.</summary>
    public async Task RunAsync(bool all, CancellationToken cancellationToken)
    {
        foreach (var counted in counter.Take(all))
        {
            var kind = counted.What;
            foreach (var actor in await ActorsOfAsync(kind, cancellationToken))
            {
                await trail.RecordAsync(
                    new AuditEvent(actor, kind.Action, AuditOutcome.Refused)
                    {
                        At = counted.First,
                        Status = kind.Status,
                        Reason = kind.Reason,
                        Address = kind.Address,
                        Repeats = counted.Times,
                        SubjectKind = kind.Person is null ? null : "person",
                        SubjectId = kind.Person?.ToString(),
                    }
                );
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Tick, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await RunAsync(all: stoppingToken.IsCancellationRequested, CancellationToken.None);
        }
    }

    /// <summary>Whoever failed to sign in is a stranger, in the records of the person's organisations.</summary>
    private async Task<IReadOnlyList<AuditActor>> ActorsOfAsync(
        RefusalCounter.Kind kind,
        CancellationToken cancellationToken
    )
    {
        if (kind.Person is not { } person)
        {
            return [kind.Actor];
        }

        IReadOnlyList<Guid> tenants;
        try
        {
            tenants = await actors.TenantsOfAsync(person, cancellationToken);
        }
        catch (Exception exception) when (exception is Npgsql.NpgsqlException or TimeoutException)
        {
            // The installation's record is where it is looked for then.
            tenants = [];
        }

        return tenants.Count == 0
            ? [kind.Actor]
            : [.. tenants.Take(MostTenants).Select(tenant => kind.Actor with { Tenant = tenant, PersonId = person })];
    }
}
