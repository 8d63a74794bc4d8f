namespace Chancery.Browser.Tests;

/// <summary>
/// Where screenshots go: beside the build's output; with <c>CHANCERY_SCREENSHOTS=1</c> those that readers are shown go
/// into <c>docs/images</c>.
/// </summary>
internal static class Pictures
{
    private static readonly HashSet<string> ForReaders =
    [
        "chat-passage-1440-light.png",
        "chat-passage-1440-dark.png",
        "chat-answered-390-light.png",
        "documents-failed-1440-light.png",
        "chat-empty-1440-dark.png",
        "sign-in-390-dark.png",
    ];

    private static readonly string Root = FindRoot();

    public static string PathOf(string file) =>
        Path.Combine(
            ForReaders.Contains(file) && Environment.GetEnvironmentVariable("CHANCERY_SCREENSHOTS") == "1"
                ? Path.Combine(Root, "docs", "images")
                : Path.Combine(Root, "artifacts", "screenshots"),
            file
        );

    private static string FindRoot()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root.Parent is not null && !File.Exists(Path.Combine(root.FullName, "Chancery.slnx")))
        {
            root = root.Parent;
        }

        return root.FullName;
    }
}
