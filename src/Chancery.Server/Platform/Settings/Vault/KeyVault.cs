using System.Globalization;
using System.Text.RegularExpressions;
using Azure;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;

namespace Chancery.Server.Platform.Settings.Vault;

/// <summary>Settings out of the Azure Key Vault that <c>AZURE_KEY_VAULT_URL</c> names.</summary>
/// <param name="configuration">The environment: which vault, who asks, and the settings that need not be asked for.</param>
/// <param name="http">For the vault and for Microsoft Entra.</param>
/// <param name="time">Tells which secrets are past their end.</param>
internal sealed partial class KeyVault(IConfiguration configuration, HttpClient http, TimeProvider time)
{
    public const string AddressName = "AZURE_KEY_VAULT_URL";

    private const int Retries = 4;
    private static readonly TimeSpan OneCall = TimeSpan.FromSeconds(10);

    /// <summary>How long the whole reading may take, with the pauses that a throttled vault asks for.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether the operator named one.</summary>
    public static bool IsNamed(IConfiguration configuration) => !string.IsNullOrWhiteSpace(configuration[AddressName]);

    /// <summary>
    /// Reads every secret that is enabled, in its time, and named like a setting with dashes for underscores. What the environment
    /// gives, as <c>NAME</c> or as <c>NAME_FILE</c>, is not asked for.
    /// </summary>
    /// <exception cref="SettingException">The vault does not give them; says which step failed and what to do, never a value.</exception>
    public async Task<VaultSecrets> ReadAsync(CancellationToken cancellationToken)
    {
        var address = Address();
        var place = address.GetLeftPart(UriPartial.Authority);
        var transport = new HttpClientTransport(http);
        var client = new SecretClient(address, VaultIdentity.Of(configuration, transport), Options(transport));
        using var deadline = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var asked = "the list of its secrets";
        try
        {
            var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
            var left = new List<string>();
            await foreach (var secret in client.GetPropertiesOfSecretsAsync(either.Token))
            {
                if (SettingOf(secret) is not { } name || IsGiven(name))
                {
                    continue;
                }

                if (OutOfTime(secret) is { } why)
                {
                    left.Add($"{secret.Name} {why}");
                    continue;
                }

                asked = $"the secret {secret.Name}";
                settings[name] = (await client.GetSecretAsync(secret.Name, cancellationToken: either.Token))
                    .Value
                    .Value;
                asked = "the list of its secrets";
            }

            return new VaultSecrets(place, settings, left);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var fault = exception is AggregateException { InnerExceptions: [.., var last] } ? last : exception;
            if (Explain(fault, place, asked) is not { } why)
            {
                throw;
            }

            // Without the cause: what Azure says in it may quote what was sent.
            throw new SettingException(AddressName, why);
        }
    }

    private Uri Address() =>
        Uri.TryCreate(configuration[AddressName]!.Trim(), UriKind.Absolute, out var address)
        && address is { Scheme: "https", AbsolutePath: "/", Query: "", UserInfo: "" }
            ? address
            : throw new SettingException(
                AddressName,
                "is no address of a vault, such as https://acme.vault.azure.net, without a path"
            );

    private static SecretClientOptions Options(HttpPipelineTransport transport)
    {
        var options = new SecretClientOptions { Transport = transport };
        options.Retry.MaxRetries = Retries;
        options.Retry.NetworkTimeout = OneCall;
        options.Diagnostics.IsLoggingEnabled = false;
        options.Diagnostics.IsTelemetryEnabled = false;
        options.Diagnostics.IsDistributedTracingEnabled = false;
        return options;
    }

    /// <summary>CHANCERY-MASTER-KEY is CHANCERY_MASTER_KEY; null for what no setting is called, and for certificates.</summary>
    private static string? SettingOf(SecretProperties secret)
    {
        if (secret.Managed || secret.Enabled == false)
        {
            return null;
        }

        var name = secret.Name.ToUpperInvariant().Replace('-', '_');
        // A vault holds values, and no paths of this machine; who asks it is not to be told by itself.
        return
            SettingName().IsMatch(name)
            && !name.EndsWith("_FILE", StringComparison.Ordinal)
            && !name.StartsWith("AZURE_", StringComparison.Ordinal)
            ? name
            : null;
    }

    private bool IsGiven(string name) =>
        !string.IsNullOrWhiteSpace(configuration[name]) || !string.IsNullOrWhiteSpace(configuration[name + "_FILE"]);

    private string? OutOfTime(SecretProperties secret)
    {
        var now = time.GetUtcNow();
        return secret.ExpiresOn <= now ? string.Create(CultureInfo.InvariantCulture, $"expired on {secret.ExpiresOn:u}")
            : secret.NotBefore > now
                ? string.Create(CultureInfo.InvariantCulture, $"is not active before {secret.NotBefore:u}")
            : null;
    }

    private string? Explain(Exception fault, string place, string asked) =>
        fault switch
        {
            OperationCanceledException =>
                $"{place} did not give {asked} in time ({Patience.TotalSeconds:0} seconds at most)",
            CredentialUnavailableException =>
                $"{VaultIdentity.Describe(configuration)} cannot be had. Outside of Azure give {VaultIdentity.TenantName}, "
                    + $"{VaultIdentity.ClientName} and {VaultIdentity.SecretName}",
            AuthenticationFailedException when Unreachable(fault) =>
                $"Microsoft Entra, where {VaultIdentity.Describe(configuration)} signs in, cannot be reached",
            AuthenticationFailedException =>
                $"Microsoft Entra refuses {VaultIdentity.Describe(configuration)} ({EntraCode(fault)})",
            RequestFailedException { Status: 0 } => $"{place} cannot be reached",
            RequestFailedException { Status: StatusCodes.Status401Unauthorized } =>
                $"{place} does not take the sign-in by {VaultIdentity.Describe(configuration)} (401): does the vault belong to "
                    + $"the directory of {VaultIdentity.TenantName}?",
            RequestFailedException { Status: StatusCodes.Status403Forbidden } =>
                $"{place} refuses {asked} (403): give {VaultIdentity.Describe(configuration)} the role Key Vault Secrets User, "
                    + "or let this machine through the vault's firewall",
            RequestFailedException { Status: StatusCodes.Status404NotFound } =>
                $"{place} has not {asked} (404): is it the address of a vault?",
            RequestFailedException { Status: StatusCodes.Status429TooManyRequests } =>
                $"{place} is throttled (429) and did not give {asked} after {Retries + 1} tries",
            RequestFailedException failed => $"{place} answered {failed.Status} to {asked}",
            HttpRequestException => $"{place} cannot be reached",
            // What came in place of JSON, or of a challenge that names the vault's own domain.
            System.Text.Json.JsonException or InvalidOperationException or ArgumentException =>
                $"{place} does not answer like an Azure Key Vault",
            _ => null,
        };

    private static bool Unreachable(Exception? fault) =>
        fault switch
        {
            null => false,
            HttpRequestException { StatusCode: null } or RequestFailedException { Status: 0 } => true,
            AggregateException many => many.InnerExceptions.Any(Unreachable),
            _ => Unreachable(fault.InnerException),
        };

    /// <summary>Entra's own number for what is wrong, which its documentation lists: the rest of its answer may quote values.</summary>
    private static string EntraCode(Exception fault)
    {
        for (var current = fault; current is not null; current = current.InnerException)
        {
            if (EntraCodes().Match(current.Message) is { Success: true } match)
            {
                return match.Value switch
                {
                    "AADSTS7000215" => "AADSTS7000215, the secret is wrong",
                    "AADSTS7000222" => "AADSTS7000222, the secret expired",
                    "AADSTS700016" =>
                        $"AADSTS700016, {VaultIdentity.TenantName} knows no application {VaultIdentity.ClientName}",
                    "AADSTS90002" => $"AADSTS90002, there is no directory {VaultIdentity.TenantName}",
                    var code => code,
                };
            }
        }

        return "without saying why";
    }

    [GeneratedRegex(@"^[A-Z][A-Z0-9_]{1,126}$")]
    private static partial Regex SettingName();

    [GeneratedRegex(@"AADSTS\d{4,9}")]
    private static partial Regex EntraCodes();
}
