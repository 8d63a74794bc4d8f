namespace Chancery.Server.Platform.Settings.Vault;

/// <summary>What a vault gave at the start. Prints no value.</summary>
/// <param name="place">The vault's address.</param>
/// <param name="settings">By the names of settings.</param>
/// <param name="left">Which secrets were not read though they are named like settings, each with why.</param>
internal sealed class VaultSecrets(
    string place,
    IReadOnlyDictionary<string, string?> settings,
    IReadOnlyList<string> left
)
{
    public string Place { get; } = place;

    public IReadOnlyDictionary<string, string?> Settings { get; } = settings;

    public IReadOnlyList<string> Left { get; } = left;

    public override string ToString() => $"{Settings.Count} settings from {Place}";
}
