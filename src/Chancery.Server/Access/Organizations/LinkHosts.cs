using System.Collections.Frozen;

namespace Chancery.Server.Access.Organizations;

/// <summary>Reads the hosts that an organisation lets answers link to.</summary>
internal static class LinkHosts
{
    public const int Most = 100;
    private const int LongestHost = 253;
    private const int LongestLabel = 63;

    /// <summary>
    /// What stands before a country's code where names are given out under it, as in <c>co.uk</c>. There are more than these in the Public Suffix List.
    /// </summary>
    private static readonly FrozenSet<string> _registries = FrozenSet.Create(
        StringComparer.Ordinal,
        [
            "ac",
            "co",
            "com",
            "edu",
            "gob",
            "gov",
            "gouv",
            "go",
            "gv",
            "info",
            "ltd",
            "me",
            "mil",
            "ne",
            "net",
            "nhs",
            "or",
            "org",
            "plc",
            "sch",
        ]
    );

    /// <summary>Where anybody gets a host of their own. There are more than these in the Public Suffix List.</summary>
    private static readonly FrozenSet<string> _anybodys = FrozenSet.Create(
        StringComparer.Ordinal,
        [
            "amazonaws.com",
            "appspot.com",
            "azureedge.net",
            "azurewebsites.net",
            "blogspot.com",
            "cloudapp.azure.com",
            "cloudfront.net",
            "core.windows.net",
            "blob.core.windows.net",
            "deno.dev",
            "duckdns.org",
            "dyndns.org",
            "elasticbeanstalk.com",
            "firebaseapp.com",
            "fly.dev",
            "github.io",
            "githubusercontent.com",
            "gitlab.io",
            "glitch.me",
            "googleapis.com",
            "googleusercontent.com",
            "herokuapp.com",
            "netlify.app",
            "ngrok.app",
            "ngrok.io",
            "ngrok-free.app",
            "no-ip.org",
            "onrender.com",
            "pages.dev",
            "r2.dev",
            "readthedocs.io",
            "repl.co",
            "replit.app",
            "run.app",
            "s3.amazonaws.com",
            "surge.sh",
            "trycloudflare.com",
            "vercel.app",
            "web.app",
            "windows.net",
            "wordpress.com",
            "workers.dev",
        ]
    );

    /// <returns>In lower case, each once, in their order; or what is wrong with the first that is none.</returns>
    public static (string[]? Hosts, string? Fault) Read(IReadOnlyCollection<string?> given)
    {
        // JSON may hold null where a host is to stand: it is none.
        string[] hosts = [.. given.Select(host => (host ?? "").Trim().TrimEnd('.').ToLowerInvariant()).Distinct()];
        if (hosts.Length > Most)
        {
            return (null, $"There may be {Most} hosts at most.");
        }

        if (hosts.FirstOrDefault(IsForAnybody) is { } open)
        {
            return (null, $"Under \"{open[2..]}\" anybody gets a host: name the hosts that are yours.");
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
        return host.Length <= LongestHost && (!isWild || labels.Length > 1) && labels.All(IsLabel);
    }

    /// <summary>Whether it stands for all hosts of a domain under which names are given out.</summary>
    private static bool IsForAnybody(string host)
    {
        if (!host.StartsWith("*.", StringComparison.Ordinal))
        {
            return false;
        }

        var domain = host[2..];
        return domain.Split('.') is [var registry, { Length: 2 }] && _registries.Contains(registry)
            || _anybodys.Contains(domain);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= LongestLabel
        && label[0] != '-'
        && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
