using System.Text.Json;

namespace Chancery.Bench;

/// <summary>The public collections that are measured on.</summary>
internal static class TestData
{
    private const string Setting = "CHANCERY_TEST_DATA";

    public static string Root { get; } = Find();

    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    public static IEnumerable<JsonElement> Lines(string path)
    {
        foreach (var line in File.ReadLines(path))
        {
            if (!string.IsNullOrWhiteSpace(line))
                yield return JsonDocument.Parse(line).RootElement;
        }
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(Setting) is { Length: > 0 } set)
            return set;

        for (
            var folder = new DirectoryInfo(Directory.GetCurrentDirectory());
            folder is not null;
            folder = folder.Parent
        )
        {
            var data = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(data))
                return data;
        }

        throw new DirectoryNotFoundException($"No test data found: set {Setting} to its folder.");
    }
}
