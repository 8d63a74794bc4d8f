using System.Globalization;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Answers.Memory;

/// <summary>What the operator decides about what a conversation remembers.</summary>
/// <param name="MostPairs">MEMORY_PAIRS: the most questions and answers that are told again word for word. Default 20.</param>
/// <param name="Summarises">MEMORY_SUMMARY: whether a model sums up what is older. Default true.</param>
public sealed record MemorySettings(int MostPairs, bool Summarises)
{
    /// <exception cref="SettingException">A value cannot be used.</exception>
    public static MemorySettings Read(IConfiguration configuration)
    {
        var pairs = configuration["MEMORY_PAIRS"];
        var most = PromptBuilder.MaxPairs;
        if (
            !string.IsNullOrWhiteSpace(pairs)
            && (!int.TryParse(pairs, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1 or > 100)
        )
        {
            throw new SettingException("MEMORY_PAIRS", "must be a whole number from 1 to 100");
        }

        return new MemorySettings(
            most,
            configuration["MEMORY_SUMMARY"]?.Trim().ToUpperInvariant() switch
            {
                null or "" or "TRUE" or "1" or "YES" or "ON" => true,
                "FALSE" or "0" or "NO" or "OFF" => false,
                _ => throw new SettingException("MEMORY_SUMMARY", "takes true or false"),
            }
        );
    }
}
