using System.CommandLine;
using System.Globalization;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform.Backup;

namespace Chancery.Server.Commands.Backup;

/// <summary><c>chancery restore</c>: an archive back into an empty installation.</summary>
internal static class RestoreCommand
{
    private static readonly Argument<string> Archive = new("FILE") { Description = "The archive to restore" };

    public static Command Create()
    {
        var command = new Command("restore", "Restore an archive into an empty data directory")
        {
            Archive,
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var restore = new BackupRestore(
            verb.Configuration,
            verb.DataDirectory,
            keepKey: verb.IsLocal,
            BackupCommand.Parts,
            verb.Loggers
        );
        var result = await restore.RunAsync(verb.Value(Archive)!, verb, cancellationToken);
        var (header, manifest) = (result.Backup.Header, result.Backup.Manifest);
        var data = Path.GetFullPath(verb.DataDirectory);
        var keyPath = Path.Combine(data, "keys", "master.key");
        verb.Print(
            new
            {
                Data = data,
                header.MadeAt,
                header.Version,
                Rows = manifest.Tables.Sum(table => table.Rows),
                manifest.Blobs,
                Tenants = manifest.Revisions.Count,
                result.Migrated,
                result.KeptKey,
            },
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Restored {manifest.Tables.Sum(table => table.Rows)} rows and {manifest.Blobs} stored files of {header.MadeAt:yyyy-MM-dd HH:mm:ss} UTC into {data}."
                ),
                .. result.Migrated.Select(name => $"Migrated: {name}"),
                .. result.KeptKey is { } path ? [$"The master key is at {path}."]
                : File.Exists(keyPath) ? Array.Empty<string>()
                : [$"The server needs the same master key: put it into {keyPath}, or go on giving it."],
                "Keys, members and sessions are those of the backup: what was revoked after it counts again. Look at them first.",
            ]
        );
        return Exit.Ok;
    }
}
