using System.Net;
using System.Net.Sockets;

namespace Chancery.Server.Platform.Http;

/// <summary>Tells the open internet from everything that is nearer: what a stranger's address may lead to.</summary>
public static class PublicAddress
{
    // Not reachable, or not for strangers: this network, private, shared, loopback, link-local (cloud metadata), IETF,
    // documentation, 6to4 relays, tunnels and name-server sinks that networks run themselves, benchmarks, multicast,
    // reserved, broadcast. 168.63.129.16 is a public address that inside one cloud leads to its host.
    private static readonly IPNetwork[] Closed4 =
    [
        IPNetwork.Parse("0.0.0.0/8"),
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("100.64.0.0/10"),
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.0.0.0/24"),
        IPNetwork.Parse("192.0.2.0/24"),
        IPNetwork.Parse("192.31.196.0/24"),
        IPNetwork.Parse("192.52.193.0/24"),
        IPNetwork.Parse("192.88.99.0/24"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("192.175.48.0/24"),
        IPNetwork.Parse("198.18.0.0/15"),
        IPNetwork.Parse("198.51.100.0/24"),
        IPNetwork.Parse("203.0.113.0/24"),
        IPNetwork.Parse("224.0.0.0/4"),
        IPNetwork.Parse("240.0.0.0/4"),
    ];

    // Only 2000::/3 is given out. Inside it: Teredo, documentation, 6to4, and what carries an IPv4 address.
    private static readonly IPNetwork Open6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] Closed6 =
    [
        IPNetwork.Parse("2001::/23"),
        IPNetwork.Parse("2001:db8::/32"),
        IPNetwork.Parse("2002::/16"),
        IPNetwork.Parse("2620:4f:8000::/48"),
        IPNetwork.Parse("3fff::/20"),
    ];

    /// <summary>
    /// False for private, loopback, link-local, multicast, unique-local and reserved addresses, and for every IPv6 address
    /// that stands for an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo, ISATAP).
    /// </summary>
    public static bool Is(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.AddressFamily switch
        {
            AddressFamily.InterNetwork => !Array.Exists(Closed4, network => network.Contains(address)),
            // A network compares a mapped address by its IPv4 part, which is in none of these.
            AddressFamily.InterNetworkV6 => address.ScopeId == 0
                && !address.IsIPv4MappedToIPv6
                && Open6.Contains(address)
                && !IsIsatap(address)
                && !Array.Exists(Closed6, network => network.Contains(address)),
            _ => false,
        };
    }

    // 2001:db8::5efe:10.0.0.1, with any network before it.
    private static bool IsIsatap(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes[8] is 0 or 2 && bytes.AsSpan(9, 3).SequenceEqual((ReadOnlySpan<byte>)[0, 0x5e, 0xfe]);
    }
}
