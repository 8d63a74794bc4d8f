using System.CommandLine;
using Chancery.Server.Access.Rotation;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Engines;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Commands;

/// <summary><c>chancery keys rotate</c>: another master key for an installation whose servers are stopped.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        var rotate = new Command("rotate", "Wrap everything by a new master key; the old one opens nothing afterwards")
        {
            OperatorCommand.Data,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(rotate, RotateAsync);
        return new Command("keys", "The master key of an installation") { rotate };
    }

    private static async Task<int> RotateAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var directory = Path.GetFullPath(verb.DataDirectory);
        if (DataDirectoryLock.HolderOf(directory) is { } holder)
        {
            throw new RotationException(
                $"The server on {directory} (process {holder.ProcessId}) runs. Stop it first; nothing was changed."
            );
        }

        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            directory,
            verb.Loggers,
            cancellationToken
        );
        RowMapping.Use();
        var change = MasterKeyChange.Begin(verb.Configuration, directory);
        var rotation = new MasterKeyRotation(
            database.OwnerConnectionString,
            change.Before,
            change.After,
            TimeProvider.System
        );
        var tally = await rotation.RunAsync(cancellationToken);
        await MachineRecord.WriteAsync(
            database.OwnerConnectionString,
            "installation.master_key_rotated",
            cancellationToken
        );
        var kept = change.Finish(TimeProvider.System.GetUtcNow());
        verb.Print(
            new
            {
                tally.WasDone,
                tally.TenantKeys,
                tally.InstallationKeys,
                OldKey = kept,
            },
            [
                tally.WasDone
                    ? "Everything was wrapped by the new key already; an earlier run came that far."
                    : $"Wrapped anew: the keys of {tally.TenantKeys} organisations, and {tally.InstallationKeys} of the installation.",
                kept is null
                    ? "Give the new key as CHANCERY_MASTER_KEY from now on; the old one opens nothing any more."
                    : $"The new key is in {MasterKeyFile.PathIn(directory)}: keep a copy. The old one opens nothing any more but "
                        + $"backups made with it; it is in {kept}.",
                "People's own model keys are asked for again. Make a backup now.",
            ]
        );
        return Exit.Ok;
    }
}
