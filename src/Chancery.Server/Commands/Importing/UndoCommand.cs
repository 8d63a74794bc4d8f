using System.CommandLine;
using System.Globalization;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Knowledge.Importing;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Commands.Importing;

/// <summary><c>chancery import undo</c>: removes what an import made, and nothing else.</summary>
internal static class UndoCommand
{
    private const int BatchDocuments = 200;

    private static readonly Option<Guid?> Import = new("--import") { Description = "The run, by the id that it told" };

    private static readonly Option<string> Source = new("--source")
    {
        Description = "Instead: all runs that imported this table",
    };

    public static Command Create()
    {
        var command = new Command("undo", "Remove the documents that an import made and nobody has changed since")
        {
            ImportCommand.Organization,
            Import,
            Source,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var (import, source) = (verb.Value(Import), verb.Value(Source));
        if (import is null && source is null)
        {
            throw new ImportException("Say which import: --import ID, or --source TABLE for all of one table.");
        }

        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        var masterKey = MasterKeyFile.Load(verb.Configuration, database.DataDirectory, mayCreate: false, out _);
        await using var importer = Importer.Open(
            StorageStart.AppConnectionString(database.OwnerConnectionString, masterKey),
            database.DataDirectory,
            masterKey
        );
        var (tenant, _) = await importer.FindAsync(verb.Value(ImportCommand.Organization)!, cancellationToken);
        await using var held = await importer.HoldAsync(tenant, cancellationToken);
        var total = await importer.Store.ImportedAsync(tenant, import, source, cancellationToken);
        if (total == 0)
        {
            throw new ImportException("Nothing of that import is in this organisation.");
        }

        long removed = 0;
        var isInterrupted = false;
        try
        {
            while (
                await importer.Store.UndoAsync(tenant, import, source, BatchDocuments, cancellationToken)
                    is > 0
                        and var more
            )
            {
                removed += more;
                verb.Report(new BackupProgress("Removing", removed, total, "documents"));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            isInterrupted = true;
        }

        var kept = total - removed;
        verb.Print(
            new
            {
                Removed = removed,
                Kept = kept,
                Interrupted = isInterrupted,
            },
            string.Create(CultureInfo.InvariantCulture, $"Removed {removed} documents of {total}."),
            (isInterrupted, kept) switch
            {
                (true, _) => "chancery: undo was interrupted; the same command removes the rest.",
                (_, > 0) =>
                    $"{kept} stay: they were given another version since. Delete those in the documents themselves.",
                _ => "Nothing of the import is left. The foreign table was never changed.",
            }
        );
        return isInterrupted ? Exit.Interrupted : Exit.Ok;
    }
}
