using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Chancery.Server.Platform.Http;

/// <summary>What the operator allows beyond the rules of <see cref="GuardedHttp"/>. Nothing of it can be set by a tenant.</summary>
public sealed class GuardedHttpOptions : IValidatableObject
{
    /// <summary>
    /// Hosts with ports, separated by commas, that may be fetched from although they are not public, such as
    /// <c>wiki.example.org:443</c>. The host counts as it stands in the address, and for that port only.
    /// </summary>
    [ConfigurationKeyName("GUARDED_HTTP_ALLOW")]
    public string? Allow { get; set; }

    /// <summary>Ports of public servers beside 80 and 443, separated by commas.</summary>
    [ConfigurationKeyName("GUARDED_HTTP_PORTS")]
    public string? Ports { get; set; }

    /// <summary>Longest time for one fetch, redirects and body included, in seconds.</summary>
    [ConfigurationKeyName("GUARDED_HTTP_SECONDS"), Range(1, 600)]
    public int Seconds { get; set; } = 60;

    internal IReadOnlySet<(string Host, int Port)> AllowedHosts =>
        Split(Allow).Select(TryHost).OfType<(string, int)>().ToHashSet();

    internal IReadOnlySet<int> AllowedPorts =>
        Split(Ports).Select(TryPort).OfType<int>().Append(80).Append(443).ToHashSet();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Split(Allow).Any(entry => TryHost(entry) is null))
        {
            yield return new ValidationResult(
                "GUARDED_HTTP_ALLOW lists hosts with their ports, such as wiki.example.org:443, separated by commas."
            );
        }

        if (Split(Ports).Any(entry => TryPort(entry) is null))
        {
            yield return new ValidationResult("GUARDED_HTTP_PORTS lists ports from 1 to 65535, separated by commas.");
        }
    }

    private static string[] Split(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static (string Host, int Port)? TryHost(string entry)
    {
        var colon = entry.LastIndexOf(':');
        return colon > 0 && TryPort(entry[(colon + 1)..]) is { } port
            ? (entry[..colon].Trim('[', ']').ToLowerInvariant(), port)
            : null;
    }

    private static int? TryPort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? port
            : null;
}
