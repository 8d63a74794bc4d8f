using System.Collections.Frozen;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Inference.Telemetry;

/// <summary>Which edition of the conventions the names are of.</summary>
public enum GenAINames
{
    Released,
    Newest,

    /// <summary>For the time of a change of dashboards only: who adds both up counts double.</summary>
    Both,
}

/// <summary>How calls to models are told.</summary>
/// <param name="Names">The edition of the names.</param>
/// <param name="ContentOfAll">Whether what is said is captured for every organisation.</param>
/// <param name="ContentOf">Else the organisations for which it is.</param>
public sealed record GenAISettings(GenAINames Names, bool ContentOfAll, FrozenSet<Guid> ContentOf)
{
    public bool SaysReleased => Names is not GenAINames.Newest;

    public bool SaysNewest => Names is not GenAINames.Released;

    /// <summary>Whether messages of this organisation may stand on a span, without their secrets.</summary>
    public bool Captures(TenantId? tenant) => ContentOfAll || (tenant is { } known && ContentOf.Contains(known.Value));

    /// <exception cref="SettingException">A value is none of those that are taken.</exception>
    public static GenAISettings Read(IConfiguration configuration)
    {
        var names = configuration["GENAI_NAMES"]?.Trim().ToUpperInvariant() switch
        {
            null or "" or "V1.41" or "1.41" => GenAINames.Released,
            "NEWEST" => GenAINames.Newest,
            "BOTH" => GenAINames.Both,
            _ => throw new SettingException("GENAI_NAMES", "takes v1.41, newest or both."),
        };
        return configuration["GENAI_CONTENT"]?.Trim() switch
        {
            null or "" => new(names, AsksForContent(configuration), FrozenSet<Guid>.Empty),
            var off when off.Equals("off", StringComparison.OrdinalIgnoreCase) => new(
                names,
                false,
                FrozenSet<Guid>.Empty
            ),
            var all when all.Equals("all", StringComparison.OrdinalIgnoreCase) => new(
                names,
                true,
                FrozenSet<Guid>.Empty
            ),
            var ids => new(names, false, ids.Split(',', StringSplitOptions.TrimEntries).Select(Id).ToFrozenSet()),
        };
    }

    private static Guid Id(string text) =>
        Guid.TryParse(text, out var id)
            ? id
            : throw new SettingException("GENAI_CONTENT", "takes off, all, or ids of organisations with commas.");

    // OpenTelemetry's own switch.
    private static bool AsksForContent(IConfiguration configuration)
    {
        const string name = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
        return configuration[name]?.Trim().ToUpperInvariant() switch
        {
            null or "" or "FALSE" => false,
            "TRUE" => true,
            _ => throw new SettingException(name, "takes true or false."),
        };
    }
}
