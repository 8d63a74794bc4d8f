using Chancery.Server.Access;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Federation;
using Chancery.Server.Access.Lifecycle;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Access.Lifecycle.BreakGlass;
using Chancery.Server.Access.Mail;
using Chancery.Server.Access.OAuth;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Access.Tokens;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Contracts.Searching;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Knowledge.Importing;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Limits.Plans;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Secrets;
using Chancery.Server.Platform.Work;
using Chancery.Server.Prompts.Releases;
using Chancery.Server.Prompts.Rollouts;
using Npgsql;

namespace Chancery.Server.Commands;

/// <summary>What verbs about one organisation need, beside a server or without one.</summary>
internal sealed class TenantInstallation(
    InstallationDatabase database,
    NpgsqlDataSource source,
    Storage storage,
    LimitSettings settings,
    OperatorCommand verb
) : IAsyncDisposable
{
    private static readonly SealedColumn[] Sealed = [IssuerStore.Sealed, WebhookStore.Sealed];
    private static readonly IImportCheck[] Checks = [new ImportedRollouts(), new ImportedRuns()];
    private static readonly TakenWork[] Work =
    [
        .. ImportedKnowledgeWork.All,
        .. ImportedContractWork.All,
        .. ImportedEvaluationWork.All,
    ];

    private readonly TenantDatabase _tenants = new(source);
    private readonly ArchiveSeats _seats = new();

    public Doors Doors { get; } = new(source);

    public TenantDatabase Tenants => _tenants;

    /// <summary>The public keys of all that this installation signed.</summary>
    public KeyHistory Keyring { get; } = new(source, storage.MasterKey);

    public static async Task<TenantInstallation> OpenAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        var masterKey = MasterKeyFile.Load(verb.Configuration, database.DataDirectory, mayCreate: false, out _);
        var app = StorageStart.AppConnectionString(database.OwnerConnectionString, masterKey);
        RowMapping.Use();
        return new TenantInstallation(
            database,
            NpgsqlDataSource.Create(app),
            new Storage(app, "", database.DataDirectory, masterKey),
            LimitSettings.Read(verb.Configuration),
            verb
        );
    }

    public async Task<ExportTally> ExportAsync(
        TenantId tenant,
        string passphrase,
        string target,
        CancellationToken cancellationToken
    )
    {
        var keys = Keys();
        var export = new TenantExport(
            _tenants,
            new BlobStore(storage, keys),
            keys,
            new KeyHistory(source, storage.MasterKey),
            Sealed,
            _seats,
            TimeProvider.System
        );
        var draft = $"{target}.{Guid.CreateVersion7():n}.part";
        try
        {
            await using (
                var file = new FileStream(
                    draft,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                        Options = FileOptions.Asynchronous,
                    }
                )
            )
            {
                var tally =
                    await export.WriteAsync(tenant, passphrase, file, cancellationToken)
                    ?? throw new InvalidOperationException($"Tenant {tenant} went away.");
                file.Flush(flushToDisk: true);
                File.Move(draft, target, overwrite: false);
                return tally;
            }
        }
        finally
        {
            File.Delete(draft);
        }
    }

    public Task<ImportedOrganization> ImportAsync(
        Stream archive,
        string passphrase,
        ImportWishes wishes,
        CancellationToken cancellationToken
    )
    {
        var keys = Keys();
        var blobs = new BlobStore(storage, keys);
        return new TenantImport(
            _tenants,
            blobs,
            keys,
            new ImportedPeople(new PeopleStore(_tenants, Doors), new PasswordHashing(), TimeProvider.System),
            new ImportMarks(storage, blobs, _tenants),
            Sealed,
            Checks,
            Work,
            new KnownPlans(Doors, settings),
            _seats,
            TimeProvider.System
        ).RunAsync(archive, passphrase, wishes, cancellationToken);
    }

    /// <summary>Tells the owners of an organisation what the operator does with it; answers how many letters went.</summary>
    public Task<int> TellAsync(TenantId tenant, string what, string reason, CancellationToken cancellationToken) =>
        new OperatorAccessLetters(Letters(), TimeProvider.System).TellNowAsync(tenant, what, reason, cancellationToken);

    /// <summary>Opens an access by break-glass; a server sends the owners' letters, where letters go anywhere.</summary>
    public async Task<OperatorAccesses.Opened> OpenAccessAsync(
        TenantId tenant,
        string reason,
        TimeSpan life,
        CancellationToken cancellationToken
    )
    {
        // A token of another issuer than the server names would be refused, with its owners told already.
        var access = AccessSettings.Read(
            new ConfigurationBuilder()
                .AddConfiguration(verb.Configuration)
                .AddInMemoryCollection([new("PUBLIC_URL", verb.PublicUrl)])
                .Build(),
            verb.IsLocal
        );
        using var keys = new SigningKeys(
            new SigningKeyStore(source),
            storage.MasterKey,
            access,
            TimeProvider.System,
            verb.Loggers.CreateLogger<SigningKeys>()
        );
        var signed = new SignedTokens(keys);
        var opened = await new OperatorAccesses(
            new OperatorAccessStore(_tenants),
            new AccessTokens(keys, signed, new Resources(access), access, TimeProvider.System),
            Letters(),
            access,
            TimeProvider.System
        ).OpenAsync(
            tenant,
            new OperatorVisit(null, Environment.UserName, OperatorWay.AtTheMachine) { Mark = OperatorGate.ByCommand },
            reason,
            life,
            cancellationToken
        );
        return opened;
    }

    internal OwnerLetters Letters()
    {
        var mail = MailSettings.Read(verb.Configuration, verb.IsLocal, storage.DataDirectory);
        return new OwnerLetters(
            _tenants,
            MailSender.Of(mail, TimeProvider.System),
            mail,
            TimeProvider.System,
            verb.Loggers.CreateLogger<OwnerLetters>()
        );
    }

    public Task RecordAsync(string action, Guid tenant, AuditDetails details, CancellationToken cancellationToken) =>
        MachineRecord.WriteAsync(database.OwnerConnectionString, action, cancellationToken, tenant, details: details);

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await database.DisposeAsync();
    }

    private TenantKeys Keys() => new(_tenants, storage.MasterKey, TimeProvider.System);
}
