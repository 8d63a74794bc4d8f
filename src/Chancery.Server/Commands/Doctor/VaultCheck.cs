using System.Globalization;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Settings.Vault;

namespace Chancery.Server.Commands.Doctor;

/// <summary>Whether the Key Vault of AZURE_KEY_VAULT_URL gives what it holds; the other checks go by that then.</summary>
internal static class VaultCheck
{
    public const string Subject = "key vault";

    /// <summary>The settings to examine, and what there is to say of the vault: nothing where none is named.</summary>
    public static async Task<(IConfiguration Configuration, Finding? Finding)> RunAsync(
        IConfiguration environment,
        HttpClient http,
        CancellationToken cancellationToken
    )
    {
        if (!KeyVault.IsNamed(environment))
        {
            return (environment, null);
        }

        try
        {
            var vault = await new KeyVault(environment, http, TimeProvider.System).ReadAsync(cancellationToken);
            return (InstallationSettings.Over(environment, vault).Configuration, Describe(vault));
        }
        catch (SettingException exception)
        {
            return (
                environment,
                Finding.Bad(Subject, exception.Message, "mend that, or unset " + KeyVault.AddressName)
            );
        }
    }

    private static Finding Describe(VaultSecrets vault)
    {
        var found = string.Create(CultureInfo.InvariantCulture, $"{vault.Place} gives {vault.Settings.Count} settings");
        if (vault.Settings.Count > 0)
        {
            found += ": " + string.Join(", ", vault.Settings.Keys.Order(StringComparer.Ordinal));
        }

        return vault.Left.Count == 0
            ? Finding.Good(Subject, found)
            : Finding.Weak(Subject, found + "; not read: " + string.Join(", ", vault.Left), "renew or remove those");
    }
}
