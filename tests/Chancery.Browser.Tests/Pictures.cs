namespace Chancery.Browser.Tests;

/// <summary>
/// Where screenshots go: with <c>CHANCERY_SCREENSHOTS=1</c> into <c>docs/images</c>, which the README shows; else beside
/// the build's output.
/// </summary>
internal static class Pictures
{
    public static string Folder { get; } = Find();

    private static string Find()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root.Parent is not null && !File.Exists(Path.Combine(root.FullName, "Chancery.slnx")))
        {
            root = root.Parent;
        }

        var isForReaders = Environment.GetEnvironmentVariable("CHANCERY_SCREENSHOTS") == "1";
        return Directory
            .CreateDirectory(
                isForReaders
                    ? Path.Combine(root.FullName, "docs", "images")
                    : Path.Combine(root.FullName, "artifacts", "screenshots")
            )
            .FullName;
    }
}
