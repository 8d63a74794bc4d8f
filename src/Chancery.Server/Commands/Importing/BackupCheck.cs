using Chancery.Server.Commands.Backup;
using Chancery.Server.Knowledge.Importing;
using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Commands.Importing;

/// <summary>Whether there is a way back: a whole, recent backup of this very installation.</summary>
internal static class BackupCheck
{
    private static readonly TimeSpan Oldest = TimeSpan.FromHours(24);

    /// <exception cref="ImportException">There is none that would help; nothing was written.</exception>
    /// <exception cref="BackupException">The archive is damaged, or none.</exception>
    public static async Task RunAsync(
        OperatorCommand verb,
        string? archive,
        MasterKey masterKey,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        if (archive is null)
        {
            throw new ImportException(
                "Name a backup from before the import with --backup FILE (chancery backup --to FILE makes one), or say "
                    + "--without-backup. Nothing was written."
            );
        }

        await using var reader = await BackupReader.OpenAsync(archive, cancellationToken);
        using var keys =
            reader.KeysOf(masterKey)
            ?? throw new ImportException($"{archive} is the backup of another installation. Nothing was written.");
        var verified = await reader.VerifyAsync(keys, verb, cancellationToken);
        if (TimeProvider.System.GetUtcNow() - verified.Header.MadeAt > Oldest)
        {
            throw new ImportException(
                $"{archive} is of {verified.Header.MadeAt:yyyy-MM-dd HH:mm} UTC: make one of today. Nothing was written."
            );
        }

        if (verified.Manifest.Revisions.All(revision => revision.TenantId != tenant.Value))
        {
            throw new ImportException(
                $"The organisation is not in {archive}: make another backup. Nothing was written."
            );
        }
    }
}
