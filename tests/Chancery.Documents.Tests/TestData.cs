namespace Chancery.Documents.Tests;

/// <summary>The public collections that tests read: CHANCERY_TEST_DATA, else shared/data beside the repository.</summary>
internal static class TestData
{
    private static readonly Lazy<string> Root = new(Find);

    public static string PathOf(string relative)
    {
        var path = Path.Combine(Root.Value, relative);
        Assert.True(Path.Exists(path), $"This test needs {relative} of the test data, which is not there.");
        return path;
    }

    public static byte[] Read(string relative) => File.ReadAllBytes(PathOf(relative));

    /// <summary>One of the documents that the demo organisation has.</summary>
    public static byte[] ReadDemo(string name)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "src", "Chancery.Server", "Demo", "Documents", name);
            if (File.Exists(path))
            {
                return File.ReadAllBytes(path);
            }
        }

        throw new FileNotFoundException("The demo documents are not in the repository above the tests.", name);
    }

    public static IReadOnlyList<string> Files(string relative, string pattern) =>
        [
            .. Directory
                .EnumerateFiles(PathOf(relative), pattern, SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal),
        ];

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("CHANCERY_TEST_DATA") is { Length: > 0 } configured)
        {
            return configured;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new InvalidOperationException("No test data: set CHANCERY_TEST_DATA to the folder that holds it.");
    }
}
