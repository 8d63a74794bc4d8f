using System.Security.Cryptography;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Secrets;

/// <summary>The files of a change of the master key, where the key is a file of the data directory.</summary>
/// <remarks>
/// The new key is on the disk before anything is wrapped by it, and takes the old one's place after all of it is. In between a
/// server does not start: which of the two counts is for the change itself to find out.
/// </remarks>
public sealed class MasterKeyChange
{
    private readonly string? _directory;

    private MasterKeyChange(MasterKey before, MasterKey after, string? directory)
    {
        Before = before;
        After = after;
        _directory = directory;
    }

    public MasterKey Before { get; }

    public MasterKey After { get; }

    /// <summary>
    /// Reads both keys. The new one is given in <c>CHANCERY_NEW_MASTER_KEY</c> (or <c>_FILE</c>); where the old one is the file of
    /// the data directory, and no new one is given, one is made.
    /// </summary>
    /// <exception cref="SettingException">There is no new key, or it cannot be read; says what to do.</exception>
    public static MasterKeyChange Begin(IConfiguration configuration, string dataDirectory)
    {
        var before = MasterKeyFile.Load(configuration, dataDirectory, mayCreate: false, out _);
        var isFile = !MasterKeyFile.IsGiven(configuration);
        var next = PathOfNext(dataDirectory);
        if (SecretSetting.Read(configuration, "CHANCERY_NEW_MASTER_KEY") is { Length: > 0 } given)
        {
            var after = MasterKey.Parse(given);
            if (isFile)
            {
                MasterKeyFile.Write(next, after, overwrite: true);
            }

            return new MasterKeyChange(before, after, isFile ? dataDirectory : null);
        }

        if (!isFile)
        {
            throw new SettingException(
                "CHANCERY_NEW_MASTER_KEY",
                "is missing, and the present key is no file of the data directory: give 32 new bytes as base64 (openssl rand "
                    + "-base64 32), or name a file in CHANCERY_NEW_MASTER_KEY_FILE."
            );
        }

        if (ReadNext(next) is not { } made)
        {
            made = new MasterKey(RandomNumberGenerator.GetBytes(MasterKey.SizeBytes));
            MasterKeyFile.Write(next, made, overwrite: true);
        }

        return new MasterKeyChange(before, made, dataDirectory);
    }

    /// <summary>The key of a change that was cut off; null for one that was cut off before it had a whole key.</summary>
    private static MasterKey? ReadNext(string path)
    {
        try
        {
            return File.Exists(path) ? MasterKey.Parse(File.ReadAllText(path)) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Puts the new key in the old one's place, and keeps the old one beside it for the backups that need it.</summary>
    /// <returns>Where the old key is kept; null where the operator keeps both.</returns>
    public string? Finish(DateTimeOffset now)
    {
        if (_directory is null)
        {
            return null;
        }

        var path = MasterKeyFile.PathIn(_directory);
        var kept = $"{path}.until-{now:yyyyMMddHHmmss}";
        MasterKeyFile.Write(kept, Before, overwrite: true);
        File.Move(PathOfNext(_directory), path, overwrite: true);
        return kept;
    }

    /// <exception cref="SettingException">A change was cut off.</exception>
    internal static void RefuseCutOff(IConfiguration configuration, string dataDirectory)
    {
        if (!MasterKeyFile.IsGiven(configuration) && File.Exists(PathOfNext(dataDirectory)))
        {
            throw new SettingException(
                "CHANCERY_MASTER_KEY",
                $"is being changed: a change was cut off. Finish it with: chancery keys rotate --data {dataDirectory}"
            );
        }
    }

    private static string PathOfNext(string dataDirectory) => MasterKeyFile.PathIn(dataDirectory) + ".next";
}
