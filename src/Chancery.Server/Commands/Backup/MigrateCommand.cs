using System.CommandLine;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Commands.Backup;

/// <summary><c>chancery migrate</c>: brings the database to this build's schema, which <c>serve</c> does by itself as well.</summary>
internal static class MigrateCommand
{
    private static readonly Option<bool> Check = new("--check")
    {
        Description = "Apply nothing; the exit code is 5 when migrations are pending",
    };

    public static Command Create()
    {
        var command = new Command("migrate", "Bring the database to this version's schema")
        {
            OperatorCommand.Data,
            Check,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        var isCheck = verb.Value(Check);
        var masterKey = MasterKeyFile.Load(verb.Configuration, database.DataDirectory, mayCreate: false, out _);
        var migrator = new Migrator(
            database.OwnerConnectionString,
            StorageStart.AppPassword(masterKey),
            verb.Loggers.CreateLogger<Migrator>()
        );
        var pending = await migrator.PendingAsync(cancellationToken);
        if (!isCheck && pending.Count > 0)
        {
            await migrator.ApplyAsync(cancellationToken);
        }

        verb.Print(
            new { Pending = isCheck ? pending : [], Applied = isCheck ? [] : pending },
            [
                .. pending.Select(name => $"{(isCheck ? "Pending" : "Applied")}: {name}"),
                pending.Count == 0 ? "The database has the schema of this version."
                : isCheck
                    ? $"{pending.Count} are pending. chancery migrate, or the next start of the server, applies them."
                : "The database has the schema of this version now.",
            ]
        );
        return isCheck && pending.Count > 0 ? Exit.Pending : Exit.Ok;
    }
}
