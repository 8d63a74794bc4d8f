using System.CommandLine;
using System.Globalization;
using Chancery.Server.Commands.Terminal;
using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Commands.Backup;

/// <summary><c>chancery verify</c>: reads an archive and checks every digest. It needs no database and no key.</summary>
internal static class VerifyCommand
{
    private static readonly Argument<string> Archive = new("FILE") { Description = "The archive to check" };

    public static Command Create()
    {
        var command = new Command("verify", "Check that an archive is whole and undamaged")
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
        await using var reader = await BackupReader.OpenAsync(verb.Value(Archive)!, cancellationToken);
        using var keys = KeysFor(verb, reader);
        var verified = await reader.VerifyAsync(keys, verb, cancellationToken);
        var (header, manifest) = (verified.Header, verified.Manifest);
        verb.Print(
            new
            {
                File = Path.GetFullPath(reader.Path),
                verified.Bytes,
                header.Format,
                header.Version,
                header.MadeAt,
                Migration = header.Migrations.Count > 0 ? header.Migrations[^1] : null,
                manifest.Members,
                Rows = manifest.Tables.Sum(table => table.Rows),
                manifest.Blobs,
                manifest.Revisions,
                header.HoldsMasterKey,
                verified.IsSigned,
            },
            string.Create(
                CultureInfo.InvariantCulture,
                $"{reader.Path} is whole: {manifest.Members} members, {manifest.Tables.Sum(table => table.Rows)} rows, {manifest.Blobs} stored files, {ProgressLine.Size(verified.Bytes)}."
            ),
            string.Create(
                CultureInfo.InvariantCulture,
                $"Made at {header.MadeAt:yyyy-MM-dd HH:mm:ss} UTC by Chancery {header.Version}."
            ),
            verified.IsSigned
                ? "The signature is that of the master key: nobody changed it."
                : "The master key is not here, so who made it was not checked."
        );
        return Exit.Ok;
    }

    /// <summary>A key that happens to be at hand; without it there is still much to check.</summary>
    private static BackupKeys? KeysFor(OperatorCommand verb, BackupReader reader)
    {
        try
        {
            return reader.KeysOf(
                MasterKeyFile.Load(verb.Configuration, Path.GetFullPath(verb.DataDirectory), mayCreate: false, out _)
            );
        }
        catch (Exception exception)
            when (exception
                    is InvalidOperationException
                        or FormatException
                        or IOException
                        or UnauthorizedAccessException
            )
        {
            return null;
        }
    }
}
