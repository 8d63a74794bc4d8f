using System.Diagnostics;
using System.Diagnostics.Tracing;
using System.Security.Cryptography;
using Chancery.Server.Commands.Doctor;
using Chancery.Server.Platform.Secrets;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Settings.Vault;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Chancery.Server.Tests.Engines;

/// <summary>Settings out of an Azure Key Vault: which count, what is said when it gives none, and that no value is told.</summary>
public sealed class KeyVaultTests
{
    private const string Value = "value-of-the-key";
    private static readonly object Enabled = new { enabled = true };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Secrets_with_dashes_become_settings_with_underscores_from_every_page_of_the_list()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["OPENAI-API-KEY"] = (Value, Enabled);
        vault.Secrets["chancery-master-key"] = ("the master key", Enabled);
        vault.Secrets["SMTP-URL"] = ("smtp://mail", Enabled);

        var read = await ReadAsync(vault, WithSecret(vault));

        Assert.Equal(
            ["CHANCERY_MASTER_KEY", "OPENAI_API_KEY", "SMTP_URL"],
            read.Settings.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal(Value, read.Settings["OPENAI_API_KEY"]);
        Assert.DoesNotContain(Value, read.ToString(), StringComparison.Ordinal);
        Assert.Contains(
            "scope=https%3A%2F%2Fvault.azure.net%2F.default",
            vault.SignIns.Last(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_the_environment_gives_wins_in_either_form_and_is_not_even_asked_for()
    {
        await using var vault = await ScriptedVault.StartAsync();
        var file = Path.GetTempFileName();
        var key = RandomNumberGenerator.GetBytes(MasterKey.SizeBytes);
        await File.WriteAllTextAsync(file, Convert.ToBase64String(key), Cancel);
        vault.Secrets["CHANCERY-MASTER-KEY"] = ("of the vault", Enabled);
        vault.Secrets["OPENAI-API-KEY"] = ("of the vault", Enabled);
        vault.Secrets["GROQ-API-KEY"] = (Value, Enabled);
        var environment = WithSecret(
            vault,
            ("CHANCERY_MASTER_KEY_FILE", file),
            ("OPENAI_API_KEY", "of the environment")
        );

        var settings = InstallationSettings.Over(environment, await ReadAsync(vault, environment));
        var builder = new ConfigurationManager();
        builder.AddInMemoryCollection(new Dictionary<string, string?> { ["GROQ_API_KEY"] = "of the application" });
        settings.AddTo(builder);

        Assert.Equal("of the environment", settings.Configuration["OPENAI_API_KEY"]);
        Assert.Equal(Value, settings.Configuration["GROQ_API_KEY"]);
        var used = MasterKeyFile.Load(settings.Configuration, Path.GetTempPath(), mayCreate: false, out _);
        Assert.Equal(MasterKey.Parse(Convert.ToBase64String(key)).Derive("x"), used.Derive("x"));
        Assert.Equal("of the application", builder["GROQ_API_KEY"]);
        Assert.DoesNotContain(vault.Asked, path => path.Contains("MASTER", StringComparison.Ordinal));
        File.Delete(file);
    }

    [Fact]
    public async Task What_is_disabled_out_of_its_time_or_named_like_no_setting_stays_where_it_is()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["GOOD"] = ("1", Enabled);
        vault.Secrets["OFF-KEY"] = (Value, new { enabled = false });
        vault.Secrets["OLD-KEY"] = (Value, new { enabled = true, exp = 1_600_000_000 });
        vault.Secrets["NEW-KEY"] = (Value, new { enabled = true, nbf = 4_000_000_000 });
        vault.Secrets["OPENAI-API-KEY-FILE"] = ("/etc/passwd", Enabled);
        vault.Secrets["AZURE-TENANT-ID"] = ("another", Enabled);
        vault.Secrets["1-of-somebody"] = (Value, Enabled);

        var read = await ReadAsync(vault, WithSecret(vault));
        var finding = (await VaultCheck.RunAsync(WithSecret(vault), vault.Client(), Cancel)).Finding!;

        Assert.Equal("GOOD", Assert.Single(read.Settings.Keys));
        Assert.Equal(
            ["NEW-KEY is not active before 2096-10-02 07:06:40Z", "OLD-KEY expired on 2020-09-13 12:26:40Z"],
            read.Left.Order(StringComparer.Ordinal)
        );
        Assert.Equal(Verdict.Weak, finding.Verdict);
        Assert.Contains("OLD-KEY expired", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_client_secret_is_told_by_the_number_of_Entra_and_nothing_else_of_its_answer()
    {
        await using var vault = await ScriptedVault.StartAsync();

        var why = await RefusedAsync(vault, WithSecret(vault, ("AZURE_CLIENT_SECRET", "wrong-secret-of-the-operator")));

        Assert.Contains(
            "the client secret of AZURE_CLIENT_SECRET (AADSTS7000215, the secret is wrong)",
            why,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("wrong-secret", why, StringComparison.Ordinal);
        Assert.Empty(vault.Asked);
    }

    [Theory]
    [InlineData(
        403,
        "Forbidden",
        "(403): give the client secret of AZURE_CLIENT_SECRET the role Key Vault Secrets User"
    )]
    [InlineData(404, "NotFound", "(404): is it the address of a vault?")]
    [InlineData(400, "BadParameter", "answered 400 to the list of its secrets")]
    public async Task A_vault_that_refuses_is_told_with_what_to_do(int status, string code, string expected)
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Intercept = context => ScriptedVault.RefuseAsync(context, status, code);

        var why = await RefusedAsync(vault, WithSecret(vault));

        Assert.StartsWith("AZURE_KEY_VAULT_URL: " + vault.Place, why, StringComparison.Ordinal);
        Assert.Contains(expected, why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_may_not_be_read_is_named()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["FIRST"] = ("1", Enabled);
        vault.Secrets["SMTP-URL"] = (Value, Enabled);
        vault.Intercept = async context =>
            context.Request.Path.Value!.Contains("SMTP", StringComparison.Ordinal)
            && await ScriptedVault.RefuseAsync(context, 403, "Forbidden");

        Assert.Contains(
            "refuses the secret SMTP-URL (403)",
            await RefusedAsync(vault, WithSecret(vault)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_vault_that_is_throttled_is_asked_again_when_it_said_so()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["FIRST"] = ("1", Enabled);
        var refusals = 0;
        vault.Intercept = async context =>
        {
            if (Interlocked.Increment(ref refusals) > 1)
            {
                return false;
            }

            context.Response.Headers.RetryAfter = "2";
            return await ScriptedVault.RefuseAsync(context, 429, "Throttled");
        };
        var watch = Stopwatch.StartNew();

        var read = await ReadAsync(vault, WithSecret(vault));

        Assert.Equal("1", read.Settings["FIRST"]);
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(1.9), $"It was asked again after {watch.Elapsed}.");
    }

    [Fact]
    public async Task A_vault_that_stays_throttled_is_told()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Intercept = context =>
        {
            context.Response.Headers["retry-after-ms"] = "1";
            return ScriptedVault.RefuseAsync(context, 429, "Throttled");
        };

        Assert.Contains("is throttled (429)", await RefusedAsync(vault, WithSecret(vault)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_vault_or_an_Entra_that_is_silent_is_not_waited_for(bool atEntra)
    {
        await using var vault = await ScriptedVault.StartAsync();
        Func<HttpContext, Task<bool>> silence = async context =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
            return true;
        };
        (vault.Intercept, vault.InterceptSignIn) = atEntra
            ? (vault.Intercept, silence)
            : (silence, vault.InterceptSignIn);

        var why = await RefusedAsync(vault, WithSecret(vault), TimeSpan.FromSeconds(1));

        Assert.Contains(
            "did not give the list of its secrets in time (1 seconds at most)",
            why,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_vault_that_cannot_be_reached_is_told()
    {
        await using var vault = await ScriptedVault.StartAsync();
        using var nowhere = new HttpClient(new ScriptedVault.Rerouting(new Uri("http://127.0.0.1:1")));

        var fault = await Assert.ThrowsAsync<SettingException>(() =>
            new KeyVault(WithSecret(vault), nowhere, TimeProvider.System).ReadAsync(Cancel)
        );

        Assert.Contains($"{vault.Place} cannot be reached", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_Entra_that_cannot_be_reached_is_told()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.InterceptSignIn = context =>
        {
            context.Abort();
            return Task.FromResult(true);
        };

        Assert.Contains(
            "Microsoft Entra, where the client secret of AZURE_CLIENT_SECRET signs in, cannot be reached",
            await RefusedAsync(vault, WithSecret(vault)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_is_no_vault_is_told()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Intercept = async context =>
        {
            await context.Response.WriteAsync("<html>Welcome", Cancel);
            return true;
        };

        Assert.Contains(
            "does not answer like an Azure Key Vault",
            await RefusedAsync(vault, WithSecret(vault)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("acme.vault.azure.net")]
    [InlineData("http://acme.vault.azure.net")]
    [InlineData("https://acme.vault.azure.net/secrets/one")]
    [InlineData("https://name:word@acme.vault.azure.net")]
    public async Task An_address_that_is_none_of_a_vault_is_refused(string address)
    {
        await using var vault = await ScriptedVault.StartAsync();

        var why = await RefusedAsync(vault, WithSecret(vault, ("AZURE_KEY_VAULT_URL", address)));

        Assert.Contains("is no address of a vault", why, StringComparison.Ordinal);
        Assert.DoesNotContain("word", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_workload_signs_in_with_the_token_that_its_platform_mounts()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["FIRST"] = ("1", Enabled);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "token.of.kubernetes", Cancel);

        var read = await ReadAsync(
            vault,
            WithSecret(vault, ("AZURE_CLIENT_SECRET", null), ("AZURE_FEDERATED_TOKEN_FILE", file))
        );

        Assert.Equal("1", read.Settings["FIRST"]);
        Assert.Contains("client_assertion=token.of.kubernetes", Assert.Single(vault.SignIns), StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task An_application_signs_in_with_its_certificate()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["FIRST"] = ("1", Enabled);
        using var key = RSA.Create(2048);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=chancery",
            key,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        );
        using var certificate = request.CreateSelfSigned(
            TimeProvider.System.GetUtcNow().AddDays(-1),
            TimeProvider.System.GetUtcNow().AddDays(1)
        );
        var file = Path.ChangeExtension(Path.GetTempFileName(), ".pem");
        await File.WriteAllTextAsync(
            file,
            certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem(),
            Cancel
        );

        var read = await ReadAsync(
            vault,
            WithSecret(vault, ("AZURE_CLIENT_SECRET", null), ("AZURE_CLIENT_CERTIFICATE_PATH", file))
        );

        Assert.Equal("1", read.Settings["FIRST"]);
        Assert.Contains("client_assertion=", Assert.Single(vault.SignIns), StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task A_machine_of_Azure_needs_no_secret()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["FIRST"] = ("1", Enabled);

        var read = await ReadAsync(vault, Settings(("AZURE_KEY_VAULT_URL", vault.Place)));

        Assert.Equal("1", read.Settings["FIRST"]);
        Assert.Empty(vault.SignIns);
    }

    [Theory]
    [InlineData("AZURE_TENANT_ID", null, "AZURE_TENANT_ID: is missing, though AZURE_CLIENT_SECRET is set")]
    [InlineData("AZURE_CLIENT_ID", null, "AZURE_CLIENT_ID: is missing, though AZURE_CLIENT_SECRET is set")]
    [InlineData("AZURE_AUTHORITY_HOST", "http://entra", "AZURE_AUTHORITY_HOST: is no address")]
    public async Task Half_of_an_identity_is_refused_with_the_other_halfs_name(
        string name,
        string? value,
        string expected
    )
    {
        await using var vault = await ScriptedVault.StartAsync();

        Assert.Contains(
            expected,
            await RefusedAsync(vault, WithSecret(vault, (name, value))),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_doctor_names_the_settings_and_goes_on_with_them_or_says_why_it_cannot()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["OPENAI-API-KEY"] = (Value, Enabled);

        var (with, good) = await VaultCheck.RunAsync(WithSecret(vault), vault.Client(), Cancel);
        vault.Intercept = context => ScriptedVault.RefuseAsync(context, 403, "Forbidden");
        var (without, bad) = await VaultCheck.RunAsync(WithSecret(vault), vault.Client(), Cancel);
        var (_, none) = await VaultCheck.RunAsync(Settings(), vault.Client(), Cancel);

        Assert.Equal(Finding.Good("key vault", $"{vault.Place} gives 1 settings: OPENAI_API_KEY"), good);
        Assert.Equal(Value, with["OPENAI_API_KEY"]);
        Assert.Equal(Verdict.Bad, bad!.Verdict);
        Assert.Null(without["OPENAI_API_KEY"]);
        Assert.Null(none);
    }

    [Fact]
    public async Task No_value_and_no_secret_of_the_client_reaches_what_Azures_libraries_tell_listeners()
    {
        await using var vault = await ScriptedVault.StartAsync();
        vault.Secrets["OPENAI-API-KEY"] = (Value, Enabled);
        using var heard = new Listener();

        await ReadAsync(vault, WithSecret(vault));
        vault.Intercept = context => ScriptedVault.RefuseAsync(context, 403, "Forbidden");
        await RefusedAsync(vault, WithSecret(vault));

        Assert.DoesNotContain(Value, heard.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(ScriptedVault.Secret, heard.Text, StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(
        ScriptedVault vault,
        IConfiguration configuration,
        TimeSpan? patience = null
    )
    {
        var fault = await Assert.ThrowsAsync<SettingException>(() => ReadAsync(vault, configuration, patience));
        // All of it, as a log would have it.
        Assert.DoesNotContain(Value, fault.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(ScriptedVault.Secret, fault.ToString(), StringComparison.Ordinal);
        return fault.Message;
    }

    private static async Task<VaultSecrets> ReadAsync(
        ScriptedVault vault,
        IConfiguration configuration,
        TimeSpan? patience = null
    )
    {
        using var http = vault.Client();
        var reader = new KeyVault(configuration, http, TimeProvider.System)
        {
            Patience = patience ?? TimeSpan.FromSeconds(60),
        };
        return await reader.ReadAsync(Cancel);
    }

    private static IConfigurationRoot WithSecret(ScriptedVault vault, params (string Name, string? Value)[] more) =>
        Settings([
            ("AZURE_KEY_VAULT_URL", vault.Place),
            ("AZURE_TENANT_ID", vault.Directory.ToString()),
            ("AZURE_CLIENT_ID", "chancery"),
            ("AZURE_CLIENT_SECRET", ScriptedVault.Secret),
            .. more,
        ]);

    private static IConfigurationRoot Settings(params (string Name, string? Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings.GroupBy(one => one.Name).ToDictionary(same => same.Key, same => same.Last().Value)
            )
            .Build();

    /// <summary>Everything that Azure's libraries say to whoever listens.</summary>
    private sealed class Listener : EventListener
    {
        private readonly System.Text.StringBuilder _text = new();

        public string Text
        {
            get
            {
                lock (_text)
                {
                    return _text.ToString();
                }
            }
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name.StartsWith("Azure", StringComparison.Ordinal))
            {
                EnableEvents(eventSource, EventLevel.Verbose);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            lock (_text)
            {
                _text.AppendJoin(' ', eventData.Payload ?? (IReadOnlyCollection<object?>)[]).AppendLine();
            }
        }
    }
}
