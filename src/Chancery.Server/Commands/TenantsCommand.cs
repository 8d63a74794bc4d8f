using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Chancery.Server.Access;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Federation;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Access.Passwords;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Limits;
using Chancery.Server.Limits.Alerts;
using Chancery.Server.Limits.Plans;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;
using Npgsql;

namespace Chancery.Server.Commands;

/// <summary>
/// <c>chancery tenants</c>: the organisations of an installation; one of them out as an archive, or in from one. On the installation's
/// machine, also while the server runs.
/// </summary>
internal static class TenantsCommand
{
    private const string ListSql =
        "SELECT tenant_id, name, plan, status, members, documents FROM door_tenant_sizes(@after, 101, NULL::text)";

    private const string NamedSql = "SELECT DISTINCT tenant_id FROM door_tenant_named(@wanted)";

    private static readonly Argument<string> Tenant = new("NAME") { Description = "The organisation, by name or id" };

    private static readonly Argument<string> Archive = new("FILE") { Description = "The archive of an organisation" };

    private static readonly Option<string> To = new("--to") { Description = "The archive to write", Required = true };

    private static readonly Option<string?> PassphraseFile = new("--passphrase-file")
    {
        Description =
            "A file whose first line is the passphrase of the archive; left out, an export makes one and prints it once",
    };

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why; it stands in the organisation's own record",
        Required = true,
    };

    private static readonly Option<bool> LinkAccounts = new("--link-accounts")
    {
        Description = "Accounts here with the addresses of members are the same people's",
    };

    private static readonly Option<string?> Plan = new("--plan")
    {
        Description = "The plan that it is to be on; left out, the one that it was on",
    };

    private sealed record Row(Guid TenantId, string Name, string Plan, string Status, long Members, long Documents);

    public static Command Create()
    {
        var list = new Command("list", "All organisations, with their ids, plans and states")
        {
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(list, ListAsync);
        var export = new Command("export", "Write everything of an organisation as a sealed archive")
        {
            Tenant,
            To,
            Reason,
            PassphraseFile,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(export, ExportAsync);
        var import = new Command("import", "Take in an organisation from its archive: all of it, or nothing")
        {
            Archive,
            PassphraseFile,
            LinkAccounts,
            Plan,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(import, ImportAsync);
        return new Command("tenants", "The organisations of this installation")
        {
            CreateTenantCommand.Create(),
            list,
            export,
            import,
        };
    }

    private static async Task<int> ListAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        await using var installation = await Installation.OpenAsync(verb, cancellationToken);
        var all = new List<Row>();
        while (true)
        {
            Guid? after = all.Count == 0 ? null : all[^1].TenantId;
            var page = await installation.Doors.QueryAsync<Row>(ListSql, new { after }, cancellationToken);
            all.AddRange(page);
            if (page.Count == 0)
            {
                break;
            }
        }

        verb.Print(
            all,
            all.Select(row =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.TenantId}  {row.Status}  {row.Plan}  {row.Members} members  {row.Documents} documents  {row.Name}"
                )
            )
        );
        return Exit.Ok;
    }

    private static async Task<int> ExportAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        await using var installation = await Installation.OpenAsync(verb, cancellationToken);
        var wanted = verb.Value(Tenant)!;
        var found = await installation.Doors.QueryAsync<Guid>(NamedSql, new { wanted }, cancellationToken);
        if (found.Count != 1)
        {
            return await RefuseAsync(
                found.Count == 0
                    ? $"there is no organisation called {wanted}."
                    : $"{found.Count} organisations are called {wanted}: name one by its id ({string.Join(", ", found)})."
            );
        }

        var target = Path.GetFullPath(verb.Value(To)!);
        if (File.Exists(target))
        {
            return await RefuseAsync($"{target} exists already: choose another name. Nothing was overwritten.");
        }

        var given = await PassphraseAsync(verb, cancellationToken);
        if (given is { Length: < ArchiveSeal.ShortestPassphrase or > ArchiveSeal.LongestPassphrase })
        {
            return await RefuseAsync("a passphrase has 12 to 200 characters.");
        }

        var passphrase = given ?? Made();
        var details = new AuditDetails().Add("reason", verb.Value(Reason));
        // Ahead of the archive, so that it is on record whatever becomes of it.
        await installation.RecordAsync("organization.exported", found[0], details, cancellationToken);
        var tally = await installation.ExportAsync(new TenantId(found[0]), passphrase, target, cancellationToken);
        verb.Print(
            new
            {
                File = target,
                TenantId = found[0],
                tally.Rows,
                tally.Files,
                tally.FileBytes,
                tally.MissingFiles,
                Passphrase = given is null ? passphrase : null,
            },
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Wrote {target}: {tally.Rows} rows, {tally.Files} files, {ProgressLine.Size(new FileInfo(target).Length)}."
                ),
                .. given is null ? [$"Its passphrase, which is not shown again: {passphrase}"] : Array.Empty<string>(),
                .. tally.MissingFiles.Select(name => $"Missing on the disk, and so in the archive: {name}"),
            ]
        );
        return tally.MissingFiles.Count == 0 ? Exit.Ok : Exit.Failed;
    }

    private static async Task<int> ImportAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        if (await PassphraseAsync(verb, cancellationToken) is not { } passphrase)
        {
            return await RefuseAsync("name the file that holds the archive's passphrase: --passphrase-file FILE.");
        }

        await using var installation = await Installation.OpenAsync(verb, cancellationToken);
        await using var archive = new FileStream(
            verb.Value(Archive)!,
            new FileStreamOptions { Options = FileOptions.Asynchronous, BufferSize = 256 * 1024 }
        );
        var wishes = new ImportWishes(verb.Value(LinkAccounts), verb.Value(Plan));
        var done = await installation.ImportAsync(archive, passphrase, wishes, cancellationToken);
        await installation.RecordAsync(
            "organization.imported",
            done.Tenant.Value,
            new AuditDetails().Add("rows", done.Rows).Add("files", done.Files).Add("accounts", done.Accounts),
            cancellationToken
        );
        verb.Print(
            new
            {
                TenantId = done.Tenant.Value,
                done.Name,
                done.Plan,
                done.Rows,
                done.Files,
                done.FileBytes,
                done.Accounts,
                done.LinkedAccounts,
                done.MissingFiles,
            },
            string.Create(
                CultureInfo.InvariantCulture,
                $"Imported {done.Name} ({done.Tenant}) on plan {done.Plan}: {done.Rows} rows, {done.Files} files."
            ),
            string.Create(
                CultureInfo.InvariantCulture,
                $"{done.Accounts} people need a password (a link on the sign-in page sends one), {done.LinkedAccounts} have accounts here."
            )
        );
        return Exit.Ok;
    }

    private static async Task<string?> PassphraseAsync(OperatorCommand verb, CancellationToken cancellationToken) =>
        verb.Value(PassphraseFile) is { } path
            ? (await File.ReadAllLinesAsync(path, cancellationToken)).FirstOrDefault()
            : null;

    // 150 bits, in groups that can be read over a telephone.
    private static string Made() =>
        string.Join(
            '-',
            RandomNumberGenerator
                .GetString("abcdefghijkmnopqrstuvwxyz23456789", 30)
                .Chunk(5)
                .Select(part => new string(part))
        );

    private static async Task<int> RefuseAsync(string why)
    {
        await Console.Error.WriteLineAsync($"chancery: {why}");
        return Exit.Usage;
    }

    /// <summary>What an archive needs, beside a server or without one.</summary>
    private sealed class Installation(
        InstallationDatabase database,
        NpgsqlDataSource source,
        Storage storage,
        LimitSettings settings
    ) : IAsyncDisposable
    {
        private static readonly SealedColumn[] Sealed = [IssuerStore.Sealed, WebhookStore.Sealed];

        private readonly TenantDatabase _tenants = new(source);
        private readonly ArchiveSeats _seats = new();

        public Doors Doors { get; } = new(source);

        public static async Task<Installation> OpenAsync(OperatorCommand verb, CancellationToken cancellationToken)
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
            return new Installation(
                database,
                NpgsqlDataSource.Create(app),
                new Storage(app, "", database.DataDirectory, masterKey),
                LimitSettings.Read(verb.Configuration)
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
                new KnownPlans(Doors, settings),
                _seats,
                TimeProvider.System
            ).RunAsync(archive, passphrase, wishes, cancellationToken);
        }

        public Task RecordAsync(
            string action,
            Guid tenant,
            AuditDetails details,
            CancellationToken cancellationToken
        ) =>
            MachineRecord.WriteAsync(
                database.OwnerConnectionString,
                action,
                cancellationToken,
                tenant,
                details: details
            );

        public async ValueTask DisposeAsync()
        {
            await source.DisposeAsync();
            await database.DisposeAsync();
        }

        private TenantKeys Keys() => new(_tenants, storage.MasterKey, TimeProvider.System);
    }
}
