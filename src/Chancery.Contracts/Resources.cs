namespace Chancery.Contracts;

/// <summary>The texts that the library carries.</summary>
internal static class Resources
{
    /// <summary>A resource's lines without those that are empty or begin with <c>#</c>.</summary>
    public static IEnumerable<string> Lines(string name) =>
        Read(name).Split('\n').Where(line => !string.IsNullOrWhiteSpace(line) && line[0] != '#');

    /// <exception cref="InvalidOperationException">There is none of that name.</exception>
    public static string Read(string name)
    {
        using var stream =
            typeof(Resources).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The library lacks its resource {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    /// <summary>The names that begin so, in order.</summary>
    public static IEnumerable<string> Named(string prefix) =>
        typeof(Resources)
            .Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
}
