namespace Chancery.Server.Platform.Settings;

/// <summary>Settings that hold a secret, given as a value or as a file the way container platforms mount them.</summary>
public static class SecretSetting
{
    private const long LargestFileBytes = 64 * 1024;

    /// <summary>
    /// The content of the file that <c>NAME_FILE</c> names, without white space around it; without one, the value of
    /// <c>NAME</c>. Empty counts as unset; null when neither is set.
    /// </summary>
    /// <exception cref="SettingException">The file cannot be read, or holds nothing.</exception>
    public static string? Read(IConfiguration configuration, string name)
    {
        var path = configuration[name + "_FILE"];

        if (string.IsNullOrWhiteSpace(path))
        {
            var value = configuration[name]?.Trim();
            return string.IsNullOrEmpty(value) ? null : value;
        }

        try
        {
            if (new FileInfo(path).Length > LargestFileBytes)
            {
                throw new SettingException(name + "_FILE", $"{path} is larger than 64 KB, so it is not the file meant");
            }

            var content = File.ReadAllText(path).Trim();
            return content.Length > 0 ? content : throw new SettingException(name + "_FILE", $"{path} is empty");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingException(
                name + "_FILE",
                exception is FileNotFoundException or DirectoryNotFoundException
                    ? $"there is no file {path}"
                    : $"{path} cannot be read: {exception.Message}"
            );
        }
    }
}
