using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Chancery.Server.Access;
using Chancery.Server.Access.Keys;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Routing;

namespace Chancery.Server.Limits;

/// <summary>Which rules count a request. Safe for concurrent use.</summary>
internal sealed class RequestRules(LimitSettings settings)
{
    // An address of IPv6 is one of a household's 2⁶⁴.
    private const int HouseholdBytes = 8;
    private const string OfKeyPrefix = "key_";
    private const int MostAddresses = 20_000;

    private readonly ConcurrentDictionary<IPAddress, WindowRule[]> _addresses = new();

    /// <summary>Of somebody whose credential was verified: their own requests, and their organisation's.</summary>
    /// <param name="limits">Null where they are not known: then only the key's own holds.</param>
    /// <param name="isPage">Whether the page's cookie is the credential.</param>
    /// <param name="keyLimit">What the key itself says, when it says something.</param>
    /// <param name="isCounted">Whether it is part of a request that was counted already: then only what it costs beyond that is.</param>
    public List<WindowRule> Of(
        Principal principal,
        TenantLimits? limits,
        RouteCost cost,
        bool isPage,
        KeyLimit? keyLimit,
        bool isCounted = false
    )
    {
        var rules = new List<WindowRule>(4);
        if (!isCounted && keyLimit is { RequestsPerMinute: var often })
        {
            rules.Add(new WindowRule("key", KeyOf(principal, principal.Id), often, TimeSpan.FromMinutes(1)));
        }

        if (limits is null or { IsEmpty: true })
        {
            return rules;
        }

        if (!isCounted)
        {
            AddOwn(rules, principal, limits, isPage ? LimitNames.PageRequests : LimitNames.Requests, settings.Window);
        }

        if (cost == RouteCost.Upgrade)
        {
            var upgrade = LimitNames.UpgradesPerMinute;
            AddOwn(rules, principal, limits, upgrade, upgrade.Window!.Value);
        }

        var hour = LimitNames.RequestsPerHour;
        if (cost is RouteCost.Costly or RouteCost.Embedding or RouteCost.Upgrade && limits.Of(hour) is { } hourly)
        {
            rules.Add(new WindowRule(hour.Name, KeyOf(principal, "tenant"), hourly, hour.Window!.Value));
        }

        return rules;
    }

    /// <summary>Of somebody without a credential: their address.</summary>
    public WindowRule[] Of(IPAddress? address)
    {
        var household = Household(address ?? IPAddress.None);
        if (!_addresses.TryGetValue(household, out var rules))
        {
            if (_addresses.Count >= MostAddresses)
            {
                _addresses.Clear();
            }

            rules = [new WindowRule("ip", $"rate_limit:{{{household}}}", settings.Requests, settings.Window)];
            _addresses[household] = rules;
        }

        return rules;
    }

    /// <summary>A person's requests with all their keys and sessions together; and those of one key, where something is set for it.</summary>
    private static void AddOwn(
        List<WindowRule> rules,
        Principal principal,
        TenantLimits limits,
        LimitName limit,
        TimeSpan window
    )
    {
        if (limits.OfPerson(limit, principal.UserId, principal.Id) is { } together)
        {
            rules.Add(new WindowRule(limit.Name, KeyOf(principal, principal.UserId), together, window));
        }

        if (principal.Id != principal.UserId && limits.OfKey(limit, principal.Id) is { } alone)
        {
            rules.Add(new WindowRule(OfKeyPrefix + limit.Name, KeyOf(principal, principal.Id), alone, window));
        }
    }

    private static string KeyOf(Principal principal, Guid subject) => KeyOf(principal, subject.ToString());

    /// <summary>All of a tenant's counts are in one place of a cluster.</summary>
    private static string KeyOf(Principal principal, string subject) =>
        $"{{{principal.Tenant.Value:n}}}:rate_limit:{subject}";

    private static IPAddress Household(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(HouseholdBytes).Clear();
        return new IPAddress(bytes);
    }
}
