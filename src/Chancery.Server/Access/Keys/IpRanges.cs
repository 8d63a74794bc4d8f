using System.Net;

namespace Chancery.Server.Access.Keys;

/// <summary>Networks that a key may be used from, in CIDR notation or as single addresses.</summary>
internal static class IpRanges
{
    /// <summary>The ranges as they are kept; null when one of them is none.</summary>
    public static string[]? Clean(IReadOnlyCollection<string> ranges)
    {
        var cleaned = new List<string>(ranges.Count);
        foreach (var range in ranges)
        {
            if (Parse(range) is not { } network)
            {
                return null;
            }

            cleaned.Add(network.ToString());
        }

        return [.. cleaned.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Whether an address is in one of them; an IPv4 address that came over IPv6 is what it is.</summary>
    public static bool Hold(IReadOnlyList<string> ranges, IPAddress? address)
    {
        if (address is null)
        {
            return false;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return ranges.Any(range => Parse(range) is { } network && network.Contains(plain));
    }

    private static IPNetwork? Parse(string? range)
    {
        var text = range?.Trim() ?? "";
        if (!text.Contains('/') && IPAddress.TryParse(text, out var one))
        {
            // Four numbers, or it is something else that happens to be read as an address, such as "1".
            return text.Contains(':') || text == one.ToString()
                ? new IPNetwork(one, one.GetAddressBytes().Length * 8)
                : null;
        }

        return IPNetwork.TryParse(text, out var network) ? network : null;
    }
}
