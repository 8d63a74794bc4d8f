using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Chancery.Server.Access.Lifecycle.Archiving;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Commands;

/// <summary>
/// <c>chancery tenants</c>: the organisations of an installation; one of them out as an archive, in from one, read for a while, or
/// erased. On the installation's machine, also while the server runs.
/// </summary>
internal static class TenantsCommand
{
    private const string ListSql =
        "SELECT tenant_id, name, plan, status, members, documents FROM door_tenant_sizes(@after, 101, NULL::text)";

    private const string NamedSql = "SELECT DISTINCT tenant_id FROM door_tenant_named(@wanted)";

    internal static readonly Argument<string> Tenant = new("NAME") { Description = "The organisation, by name or id" };

    private static readonly Argument<string> Archive = new("FILE") { Description = "The archive of an organisation" };

    private static readonly Option<string> To = new("--to") { Description = "The archive to write", Required = true };

    private static readonly Option<string?> PassphraseFile = new("--passphrase-file")
    {
        Description =
            "A file whose first line is the passphrase of the archive; left out, an export makes one and prints it once",
    };

    internal static readonly Option<string> Reason = new("--reason")
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
            TenantLifeCommands.CreateErase(),
            TenantLifeCommands.CreateAccess(),
            TenantLifeCommands.CreateVerify(),
        };
    }

    private static async Task<int> ListAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        await using var installation = await TenantInstallation.OpenAsync(verb, cancellationToken);
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
        await using var installation = await TenantInstallation.OpenAsync(verb, cancellationToken);
        var wanted = verb.Value(Tenant)!;
        var (only, why) = await FindAsync(installation, wanted, cancellationToken);
        if (only is not { } tenant)
        {
            return await RefuseAsync(why);
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
        // Ahead of the archive, so that it is on record, and told, whatever becomes of it.
        await installation.RecordAsync("organization.exported", tenant, details, cancellationToken);
        var letters = await installation.TellAsync(
            new TenantId(tenant),
            "exported everything of your organisation",
            verb.Value(Reason)!,
            cancellationToken
        );
        var tally = await installation.ExportAsync(new TenantId(tenant), passphrase, target, cancellationToken);
        verb.Print(
            new
            {
                File = target,
                TenantId = tenant,
                Letters = letters,
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
                letters == 0
                    ? "No letter told its owners: letters go nowhere here (SMTP_URL, MAIL_DIR), or none could be sent."
                    : string.Create(CultureInfo.InvariantCulture, $"{letters} of its owners were told by letter."),
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

        await using var installation = await TenantInstallation.OpenAsync(verb, cancellationToken);
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
                done.WorkLeft,
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

    /// <summary>The one organisation that is called so; else why there is none.</summary>
    internal static async Task<(Guid? Tenant, string Why)> FindAsync(
        TenantInstallation installation,
        string wanted,
        CancellationToken cancellationToken
    )
    {
        var found = await installation.Doors.QueryAsync<Guid>(NamedSql, new { wanted }, cancellationToken);
        return found.Count switch
        {
            1 => (found[0], ""),
            0 => (null, $"there is no organisation called {wanted}."),
            _ => (
                null,
                $"{found.Count} organisations are called {wanted}: name one by its id ({string.Join(", ", found)})."
            ),
        };
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

    internal static async Task<int> RefuseAsync(string why)
    {
        await Console.Error.WriteLineAsync($"chancery: {why}");
        return Exit.Usage;
    }
}
