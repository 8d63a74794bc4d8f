using System.Security.Cryptography;

namespace Chancery.Server.Platform.Secrets;

/// <summary>Where the master key comes from.</summary>
public static class MasterKeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Takes <c>CHANCERY_MASTER_KEY</c> or <c>CHANCERY_MASTER_KEY_FILE</c>. Without either, the environment Local makes
    /// one at <c>keys/master.key</c> in a data directory that holds nothing yet; any other environment refuses to start.
    /// </summary>
    /// <param name="created">Whether a new key was made, so that the caller can tell the person to keep a copy.</param>
    /// <exception cref="InvalidOperationException">No key, or one that cannot be read; says what to do.</exception>
    public static MasterKey Load(IConfiguration configuration, string dataDirectory, bool mayCreate, out bool created)
    {
        created = false;
        if (configuration["CHANCERY_MASTER_KEY"] is { Length: > 0 } given)
        {
            return MasterKey.Parse(given);
        }

        if (configuration["CHANCERY_MASTER_KEY_FILE"] is { Length: > 0 } file)
        {
            return File.Exists(file)
                ? MasterKey.Parse(File.ReadAllText(file))
                : throw new InvalidOperationException($"CHANCERY_MASTER_KEY_FILE names {file}, which does not exist.");
        }

        var path = PathIn(dataDirectory);
        if (File.Exists(path))
        {
            return MasterKey.Parse(File.ReadAllText(path));
        }

        if (mayCreate && HoldsFiles(dataDirectory))
        {
            // As after a restore of an archive without its key.
            throw new InvalidOperationException(
                $"{dataDirectory} holds an installation, and its master key is not with it: put the key into {path}, or give it in "
                    + "CHANCERY_MASTER_KEY or CHANCERY_MASTER_KEY_FILE. With another key nothing of it can be read."
            );
        }

        if (!mayCreate)
        {
            throw new InvalidOperationException(
                "CHANCERY_MASTER_KEY is missing. Give 32 bytes as base64 (openssl rand -base64 32), or name a file in "
                    + "CHANCERY_MASTER_KEY_FILE."
            );
        }

        created = true;
        return Create(path);
    }

    /// <summary>Whether the operator gives the key, so that the data directory's file does not count.</summary>
    internal static bool IsGiven(IConfiguration configuration) =>
        configuration["CHANCERY_MASTER_KEY"] is { Length: > 0 }
        || configuration["CHANCERY_MASTER_KEY_FILE"] is { Length: > 0 };

    internal static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, "keys", "master.key");

    private static bool HoldsFiles(string dataDirectory)
    {
        var blobs = new DirectoryInfo(Path.Combine(dataDirectory, "blobs"));
        return blobs.Exists && blobs.EnumerateFileSystemInfos().Any();
    }

    private static MasterKey Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
        var key = new MasterKey(RandomNumberGenerator.GetBytes(MasterKey.SizeBytes));
        Write(path, key, overwrite: false);
        return key;
    }

    /// <summary>For the owner's eyes only, and on the disk when this returns.</summary>
    internal static void Write(string path, MasterKey key, bool overwrite)
    {
        if (overwrite)
        {
            File.Delete(path);
        }

        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        };
        using var file = new FileStream(path, options);
        file.Write(key.Export());
        file.Flush(flushToDisk: true);
    }
}
