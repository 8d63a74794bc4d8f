using System.Net;
using System.Net.Sockets;

namespace Chancery.Server.Audit.Recording;

/// <summary>
/// Counts what may come in floods, in minutes of this process: refusals of strangers, failed sign-ins, and of those who are known
/// what goes beyond <see cref="AloneInAMinute"/>. One entry each when the minute is over. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A minute has at most <see cref="MostKinds"/> kinds of strangers, and as many of those who are known; the rest of it is counted
/// together, by reason, that of somebody known in their own name. So no flood makes more than so many entries, from however many
/// addresses it comes, and none of strangers hides what somebody known did.
/// </remarks>
internal sealed class RefusalCounter(TimeProvider time)
{
    public const int AloneInAMinute = 60;
    public const int MostKinds = 1_000;

    /// <summary>For the addresses that did not fit any more.</summary>
    public const string ManyAddresses = "many";

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Kind, Tally> _counts = [];
    private readonly Dictionary<(Guid Tenant, Guid? Actor), int> _alone = [];
    private int _strangers;
    private int _known;
    private DateTimeOffset _minute = MinuteOf(time.GetUtcNow());

    /// <summary>What is counted together.</summary>
    /// <param name="Person">Whom somebody failed to sign in as; their organisations are looked up later.</param>
    internal sealed record Kind(
        AuditActor Actor,
        string Action,
        int? Status,
        string? Reason,
        string Address,
        Guid? Person
    );

    /// <param name="First">When the first of them was.</param>
    internal sealed record Counted(Kind What, int Times, DateTimeOffset First);

    private sealed class Tally(DateTimeOffset first)
    {
        public readonly DateTimeOffset First = first;
        public int Times;
    }

    /// <summary>Whether another refusal of somebody known stands alone; else it is to be counted.</summary>
    public bool StandsAlone(AuditActor actor)
    {
        lock (_gate)
        {
            var key = (actor.Tenant, actor.Id);
            var count = _alone.GetValueOrDefault(key);
            if (count >= AloneInAMinute || (count == 0 && _alone.Count >= MostKinds))
            {
                return false;
            }

            _alone[key] = count + 1;
            return true;
        }
    }

    public void Count(Kind kind)
    {
        lock (_gate)
        {
            if (!_counts.TryGetValue(kind, out var tally))
            {
                ref var kinds = ref kind.Actor.Kind == ActorKind.Stranger ? ref _strangers : ref _known;
                if (kinds >= MostKinds)
                {
                    // At most one more for each reason, of which there are few, and each of those who have a credential.
                    kind = kind with
                    {
                        Action = "request.refused",
                        Address = ManyAddresses,
                        Person = null,
                    };
                }

                kinds++;

                if (!_counts.TryGetValue(kind, out tally))
                {
                    _counts[kind] = tally = new Tally(time.GetUtcNow());
                }
            }

            tally.Times++;
        }
    }

    /// <summary>What was counted in minutes that are over; all of it when nothing more will come.</summary>
    public IReadOnlyList<Counted> Take(bool all = false)
    {
        lock (_gate)
        {
            var minute = MinuteOf(time.GetUtcNow());
            if (minute == _minute && !all)
            {
                return [];
            }

            _minute = minute;
            List<Counted> taken =
            [
                .. _counts.Select(pair => new Counted(pair.Key, pair.Value.Times, pair.Value.First)),
            ];
            _counts.Clear();
            _alone.Clear();
            (_strangers, _known) = (0, 0);
            return taken;
        }
    }

    /// <summary>As flooders are told apart: an IPv4 address, or an IPv6 network of 64 bits, of which one home has many.</summary>
    public static string NetworkOf(IPAddress? address)
    {
        if (address is null)
        {
            return "";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4().ToString();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
        {
            return address.ToString();
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }

    private static DateTimeOffset MinuteOf(DateTimeOffset now) =>
        new(now.UtcTicks - now.UtcTicks % Window.Ticks, TimeSpan.Zero);
}
