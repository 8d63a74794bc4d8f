using System.CommandLine;
using System.Globalization;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Contracts;
using Chancery.Server.Knowledge;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Commands.Backup;

/// <summary><c>chancery backup</c>: one archive of an installation, running or not.</summary>
internal static class BackupCommand
{
    private static readonly Option<string> To = new("--to")
    {
        Description = "The archive to write, or a directory to write it into",
        Required = true,
    };

    private static readonly Option<bool> WithMasterKey = new("--with-master-key")
    {
        Description = "Put the master key into the archive: whoever has the archive can then read everything",
    };

    /// <summary>What each capability adds.</summary>
    public static IReadOnlyList<BackupPart> Parts { get; } = [KnowledgeBackup.Part, ContractsBackup.Part];

    public static string Version { get; } = typeof(BackupCommand).Assembly.GetName().Version!.ToString(3);

    public static Command Create()
    {
        var command = new Command("backup", "Write a consistent archive of the installation, also while it runs")
        {
            To,
            OperatorCommand.Data,
            WithMasterKey,
            OperatorCommand.Json,
        };
        OperatorCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(OperatorCommand verb, CancellationToken cancellationToken)
    {
        var target = TargetOf(verb.Value(To)!);
        await using var database = await InstallationDatabase.OpenAsync(
            verb.Configuration,
            verb.DataDirectory,
            verb.Loggers,
            cancellationToken
        );
        // Ahead of the archive, so that it holds what was there when somebody took it away.
        await MachineRecord.WriteAsync(
            database.OwnerConnectionString,
            "installation.backed_up",
            cancellationToken,
            details: new AuditDetails().Add("with_master_key", verb.Value(WithMasterKey))
        );
        var masterKey = MasterKeyFile.Load(verb.Configuration, database.DataDirectory, mayCreate: false, out _);
        var result = await new BackupWriter(database, masterKey, Version, Parts).WriteAsync(
            target,
            verb.Value(WithMasterKey),
            verb,
            cancellationToken
        );
        var manifest = result.Manifest;
        verb.Print(
            new
            {
                result.File,
                result.Bytes,
                result.Header.MadeAt,
                result.Header.Version,
                Tables = manifest.Tables.Count,
                Rows = manifest.Tables.Sum(table => table.Rows),
                manifest.Blobs,
                Tenants = manifest.Revisions.Count,
                result.Header.HoldsMasterKey,
                result.Missing,
            },
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Wrote {result.File}: {manifest.Tables.Sum(table => table.Rows)} rows, {manifest.Blobs} stored files, {ProgressLine.Size(result.Bytes)}."
                ),
                result.Header.HoldsMasterKey
                    ? "The master key is in it: whoever has the archive can read everything."
                    : "The master key is not in it, and nobody can read it without: keep a copy of the key elsewhere.",
                .. result.Missing.Select(name => $"Missing on the disk, and so in the archive: {name}"),
            ]
        );
        return result.Missing.Count == 0 ? Exit.Ok : Exit.Failed;
    }

    private static string TargetOf(string to)
    {
        var path = Path.GetFullPath(to);
        if (Directory.Exists(path))
        {
            var now = TimeProvider.System.GetUtcNow();
            path = Path.Combine(
                path,
                string.Create(CultureInfo.InvariantCulture, $"chancery-{now:yyyyMMdd-HHmmss}.tar")
            );
        }

        if (File.Exists(path))
        {
            throw new BackupException($"{path} exists already: choose another name. Nothing was overwritten.");
        }

        var directory = Path.GetDirectoryName(path)!;
        return Directory.Exists(directory)
            ? path
            : throw new BackupException($"There is no directory {directory}: make it first.");
    }
}
