using Chancery.Server.Access;
using Chancery.Server.Access.Keys;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Limits.Status;

/// <summary>Where a caller stands; remembered for a second, so that whoever asks often costs nothing. Safe for concurrent use.</summary>
internal sealed class LimitStatus(
    LimitBook book,
    RequestRules rules,
    RateWindows windows,
    IEnumerable<ILimitReadings> readings,
    TimeProvider time
)
{
    private const int MostCallers = 10_000;

    private static readonly TimeSpan Life = TimeSpan.FromSeconds(1);

    private readonly ExpiringCache<(Guid, Guid, bool), StatusEndpoint.Status> _known = new(time, Life, MostCallers);

    public async Task<StatusEndpoint.Status> OfAsync(
        Principal principal,
        bool isPage,
        KeyLimit? keyLimit,
        CancellationToken cancellationToken
    )
    {
        if (_known.TryGet((principal.Tenant.Value, principal.Id, isPage), out var known))
        {
            return known;
        }

        var generation = _known.Generation;
        var status = await ReadAsync(principal, isPage, keyLimit, cancellationToken);
        _known.Set((principal.Tenant.Value, principal.Id, isPage), status, generation);
        return status;
    }

    private async Task<StatusEndpoint.Status> ReadAsync(
        Principal principal,
        bool isPage,
        KeyLimit? keyLimit,
        CancellationToken cancellationToken
    )
    {
        // Of whom nothing is known is not told that there is no limit: reading again says that PostgreSQL is gone.
        var limits =
            await book.FindAsync(principal.Tenant, cancellationToken)
            ?? await book.ReadAsync(principal.Tenant, cancellationToken);
        // An upgrade is counted by everything that counts requests.
        var counted = rules.Of(principal, limits, RouteCost.Upgrade, isPage, keyLimit);
        var outcome = counted.Count == 0 ? null : await windows.LookAsync(counted);
        var states = outcome?.States ?? [];
        var all = new List<LimitReading>(
            states.Select(state =>
                LimitReading.Of(
                    state.Rule.Name,
                    LimitKind.Window,
                    state.Rule.Name == LimitNames.RequestsPerHour.Name ? LimitLevel.Tenant : LimitLevel.Principal,
                    state.Rule.Most,
                    state.Used,
                    state.Rule.Window,
                    state.ResetsAt
                )
            )
        );
        if (!limits.IsEmpty)
        {
            foreach (var one in readings)
            {
                all.AddRange(await one.OfAsync(principal, limits, cancellationToken));
            }
        }

        // What stops the next request first: the caller's own, or the organisation's.
        var next = states
            .Where(state => !state.Rule.Name.EndsWith(LimitNames.UpgradesPerMinute.Name, StringComparison.Ordinal))
            .OrderBy(state => state.Remaining)
            .ThenByDescending(state => state.ResetsAt)
            .FirstOrDefault();
        return new StatusEndpoint.Status(
            limits.Plan.Name,
            next?.Remaining,
            next?.Used,
            next?.Rule.Most,
            next?.ResetsAt,
            next?.ResetsAt.ToUnixTimeSeconds(),
            outcome?.IsShared != false,
            all
        );
    }
}
