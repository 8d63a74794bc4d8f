using Chancery.Server.Platform.Http;
using Microsoft.Extensions.Configuration.Memory;

namespace Chancery.Server.Platform.Settings.Vault;

/// <summary>The settings of this installation: the environment, and below it what the operator's Key Vault holds.</summary>
internal sealed class InstallationSettings
{
    private readonly VaultSecrets? _vault;

    private InstallationSettings(IConfiguration configuration, VaultSecrets? vault)
    {
        Configuration = configuration;
        _vault = vault;
    }

    /// <summary>Everything, the environment first.</summary>
    public IConfiguration Configuration { get; }

    /// <summary>The environment alone.</summary>
    public static IConfiguration OfEnvironment() => new ConfigurationBuilder().AddEnvironmentVariables().Build();

    /// <summary>Asks the vault once, where one is named; a secret that changes there counts from the next start.</summary>
    /// <exception cref="SettingException">The vault does not give what it holds.</exception>
    public static async Task<InstallationSettings> ReadAsync(CancellationToken cancellationToken)
    {
        var environment = OfEnvironment();
        if (!KeyVault.IsNamed(environment))
        {
            return new InstallationSettings(environment, vault: null);
        }

        using var http = new OperatorHttp(OutgoingTls.Read(environment));
        return Over(
            environment,
            await new KeyVault(environment, http.Client, TimeProvider.System).ReadAsync(cancellationToken)
        );
    }

    /// <summary>What <paramref name="vault"/> gave, below <paramref name="environment"/>.</summary>
    public static InstallationSettings Over(IConfiguration environment, VaultSecrets vault) =>
        new(
            new ConfigurationBuilder().AddInMemoryCollection(vault.Settings).AddConfiguration(environment).Build(),
            vault
        );

    /// <summary>Puts what the vault gave below everything that <paramref name="configuration"/> has already.</summary>
    public void AddTo(IConfigurationBuilder configuration)
    {
        if (_vault is not null)
        {
            configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = _vault.Settings });
        }
    }

    /// <summary>Says which secrets were not read, by name.</summary>
    public void Tell(ILogger logger)
    {
        foreach (var secret in _vault?.Left ?? [])
        {
            Log.VaultSecretLeft(logger, secret);
        }
    }
}
