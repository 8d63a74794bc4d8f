using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;

namespace Chancery.Server.Platform.Settings.Vault;

/// <summary>
/// Who the server is at Microsoft Entra, by the settings that Azure's own tools go by. One way is chosen by what is set, and no
/// other is tried after it: a chain of guesses ends in a message about the last guess.
/// </summary>
internal static class VaultIdentity
{
    public const string TenantName = "AZURE_TENANT_ID";
    public const string ClientName = "AZURE_CLIENT_ID";
    public const string SecretName = "AZURE_CLIENT_SECRET";
    public const string CertificateName = "AZURE_CLIENT_CERTIFICATE_PATH";
    public const string FederatedName = "AZURE_FEDERATED_TOKEN_FILE";
    public const string AuthorityName = "AZURE_AUTHORITY_HOST";

    private const int Retries = 3;

    /// <summary>A client secret, else a certificate, else a workload's token, else the identity of the machine.</summary>
    /// <exception cref="SettingException">A setting that the chosen way needs is missing, or its file is.</exception>
    public static TokenCredential Of(IConfiguration configuration, HttpPipelineTransport transport)
    {
        if (SecretSetting.Read(configuration, SecretName) is { } secret)
        {
            return new ClientSecretCredential(
                Needed(configuration, TenantName, SecretName),
                Needed(configuration, ClientName, SecretName),
                secret,
                With(new ClientSecretCredentialOptions(), configuration, transport)
            );
        }

        if (configuration[CertificateName] is { Length: > 0 } certificate)
        {
            return new ClientCertificateCredential(
                Needed(configuration, TenantName, CertificateName),
                Needed(configuration, ClientName, CertificateName),
                Existing(CertificateName, certificate),
                With(new ClientCertificateCredentialOptions(), configuration, transport)
            );
        }

        if (configuration[FederatedName] is { Length: > 0 } token)
        {
            var options = With(new WorkloadIdentityCredentialOptions(), configuration, transport);
            options.TenantId = Needed(configuration, TenantName, FederatedName);
            options.ClientId = Needed(configuration, ClientName, FederatedName);
            options.TokenFilePath = Existing(FederatedName, token);
            return new WorkloadIdentityCredential(options);
        }

        var machine = configuration[ClientName] is { Length: > 0 } assigned
            ? ManagedIdentityId.FromUserAssignedClientId(assigned)
            : ManagedIdentityId.SystemAssigned;
        return new ManagedIdentityCredential(
            With(new ManagedIdentityCredentialOptions(machine), configuration, transport)
        );
    }

    /// <summary>The chosen way in words, for messages.</summary>
    public static string Describe(IConfiguration configuration) =>
        configuration[SecretName] is { Length: > 0 } || configuration[SecretName + "_FILE"] is { Length: > 0 }
            ? $"the client secret of {SecretName}"
        : configuration[CertificateName] is { Length: > 0 } ? $"the certificate of {CertificateName}"
        : configuration[FederatedName] is { Length: > 0 } ? $"the workload's token of {FederatedName}"
        : "the identity of this machine";

    private static T With<T>(T options, IConfiguration configuration, HttpPipelineTransport transport)
        where T : TokenCredentialOptions
    {
        options.Transport = transport;
        options.Retry.MaxRetries = Retries;
        options.Diagnostics.IsLoggingEnabled = false;
        options.Diagnostics.IsTelemetryEnabled = false;
        options.Diagnostics.IsDistributedTracingEnabled = false;
        if (configuration[AuthorityName] is { Length: > 0 } authority)
        {
            options.AuthorityHost =
                Uri.TryCreate(authority, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
                    ? address
                    : throw new SettingException(AuthorityName, "is no address that begins with https://");
        }

        return options;
    }

    private static string Needed(IConfiguration configuration, string name, string because) =>
        configuration[name]?.Trim() is { Length: > 0 } value
            ? value
            : throw new SettingException(name, $"is missing, though {because} is set");

    private static string Existing(string name, string path) =>
        File.Exists(path) ? path : throw new SettingException(name, $"there is no file {path}");
}
