namespace Chancery.Server.Platform.Settings;

/// <summary>A setting cannot be used. The message names it and says what is wrong, never its value.</summary>
public sealed class SettingException(string name, string problem) : Exception($"{name}: {problem}")
{
    /// <summary>The environment variable, such as <c>DATABASE_URL</c>.</summary>
    public string Name { get; } = name;
}
