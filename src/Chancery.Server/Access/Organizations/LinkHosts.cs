namespace Chancery.Server.Access.Organizations;

/// <summary>Reads the hosts that an organisation lets answers link to.</summary>
internal static class LinkHosts
{
    public const int Most = 100;
    private const int LongestHost = 253;
    private const int LongestLabel = 63;

    /// <returns>In lower case, each once, in their order; or what is wrong with the first that is none.</returns>
    public static (string[]? Hosts, string? Fault) Read(IReadOnlyCollection<string> given)
    {
        string[] hosts = [.. given.Select(host => host.Trim().TrimEnd('.').ToLowerInvariant()).Distinct()];
        if (hosts.Length > Most)
        {
            return (null, $"There may be {Most} hosts at most.");
        }

        return hosts.FirstOrDefault(host => !IsOne(host)) is { } wrong
            ? (
                null,
                $"\"{wrong}\" is no host. Write docs.example.com, or *.example.com for all hosts under example.com: without https://, port and path; "
                    + "letters outside of ASCII in the xn-- form."
            )
            : (hosts, null);
    }

    private static bool IsOne(string host)
    {
        var isWild = host.StartsWith("*.", StringComparison.Ordinal);
        var labels = (isWild ? host[2..] : host).Split('.');
        // All hosts of a top-level domain are anybody's.
        return host.Length <= LongestHost && (!isWild || labels.Length > 1) && labels.All(IsLabel);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= LongestLabel
        && label[0] != '-'
        && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
