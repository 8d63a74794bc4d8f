using System.CommandLine;
using System.Globalization;
using Chancery.Server.Access.Auditing;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Audit.Verifying;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Remote;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;
using Npgsql;

namespace Chancery.Server.Commands;

/// <summary>
/// <c>chancery audit</c>: who did what. <c>list</c>, <c>export</c> and <c>heads</c> ask a server; <c>verify</c> checks every chain on
/// the installation's machine, or one organisation's on a server.
/// </summary>
internal static class AuditCommand
{
    private static readonly Option<Guid?> Tenant = new("--tenant")
    {
        Description = "Only this organisation, by id; zeros for the installation's own record. Else all of them",
    };

    private static readonly Option<string?> Head = new("--head")
    {
        Description =
            "A file of signed heads that you kept: lines as the data directory, the webhook or the API gave them",
    };

    private static readonly Option<string?> Server = new("--server")
    {
        Description = "Have this server check your organisation's record, instead of the database on this machine",
    };

    public static Command Create()
    {
        var verify = new Command("verify", "Check that nothing in the record was changed, moved or taken out")
        {
            Tenant,
            Head,
            Server,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(verify, VerifyAsync);
        return new Command("audit", "Who did what: read, export and check the record")
        {
            RecordCommands.CreateList(),
            RecordCommands.CreateExport(),
            RecordCommands.CreateHeads(),
            verify,
        };
    }

    private static async Task<int> VerifyAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        IReadOnlyList<SignedHead> heads = [];
        if (verb.Value(Head) is { } file)
        {
            try
            {
                heads = SignedHead.ReadAll(await File.ReadAllTextAsync(file, cancellationToken));
            }
            catch (FormatException wrong)
            {
                await Console.Error.WriteLineAsync($"chancery: {file}: {wrong.Message}");
                return Exit.Usage;
            }
        }

        return verb.Value(Server) is { } server
            ? await RecordCommands.VerifyAsync(verb, server, heads, cancellationToken)
            : await VerifyHereAsync(verb, heads, cancellationToken);
    }

    private static async Task<int> VerifyHereAsync(
        OperatorCommand verb,
        IReadOnlyList<SignedHead> heads,
        CancellationToken cancellationToken
    )
    {
        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        RowMapping.Use();
        await using var owner = NpgsqlDataSource.Create(database.OwnerConnectionString);
        await using var source = await OwnerChainSource.OpenAsync(owner, cancellationToken);
        var verifier = new ChainVerifier(
            new KeyHistory(owner, MasterKeyFile.Load(verb.Configuration, verb.DataDirectory, mayCreate: false, out _)),
            TimeProvider.System
        );
        var tenants = verb.Value(Tenant) is { } one
            ? [one]
            : (await source.TenantsAsync(cancellationToken))
                // Of whom there is nothing left but what was handed out.
                .Union(heads.Select(head => head.TenantId))
                .ToList();
        var reports = new List<ChainReport>();
        foreach (var tenant in tenants)
        {
            reports.Add(await verifier.VerifyAsync(source, tenant, heads, cancellationToken));
        }

        verb.Print(
            reports,
            reports.Count == 0 ? ["There is no record yet."] : reports.SelectMany(report => LinesOf(report))
        );
        return reports.All(report => report.IsWhole) ? Exit.Ok : Exit.Failed;
    }

    /// <summary>A report for a person.</summary>
    public static IEnumerable<string> LinesOf(ChainReport report)
    {
        var whose = report.TenantId == Guid.Empty ? "The installation" : $"{report.TenantId}";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{whose}: {(report.IsWhole ? "whole" : "NOT WHOLE")}, {report.Entries} entries, {report.FirstSeq} to {report.LastSeq}, {report.Heads} signed heads"
                + $"{(report.LetGoThrough > 0 ? $", let go of up to {report.LetGoThrough}" : "")}{(report.Erased > 0 ? $", names erased beside {report.Erased}" : "")}."
        );
        yield return report.Tail switch
        {
            TailState.Proven => "  The end is proven by a head that you gave.",
            TailState.ProvenInPart => string.Create(
                CultureInfo.InvariantCulture,
                $"  Proven up to entry {report.ProvenThrough} by a head that you gave; the end after it is unproven."
            ),
            _ => "  The end is unproven: give a head that was handed out, with --head.",
        };
        foreach (var note in report.Notes)
        {
            yield return $"  note: {note}";
        }

        foreach (var finding in report.Findings)
        {
            yield return $"  {finding.Kind}: {finding.Text}";
        }

        if (report.FindingsTotal > report.Findings.Count)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"  and {report.FindingsTotal - report.Findings.Count} more."
            );
        }
    }
}
