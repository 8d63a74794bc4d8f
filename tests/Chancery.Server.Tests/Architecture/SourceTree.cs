using System.Text.RegularExpressions;

namespace Chancery.Server.Tests.Architecture;

/// <summary>The checkout that these tests were built from, as text.</summary>
internal static partial class SourceTree
{
    public static string Root { get; } = Find();

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    /// <summary>The C# files below a folder: path from the folder, with forward slashes, and text.</summary>
    public static IEnumerable<(string Path, string Text)> CSharp(params string[] folder)
    {
        var at = Path.Combine([Root, .. folder]);
        return Directory
            .EnumerateFiles(at, "*.cs", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(at, "*.razor", SearchOption.AllDirectories))
            .Select(file => (Path.GetRelativePath(at, file), File.ReadAllText(file)));
    }

    public static string WithoutComments(string text) => Comments().Replace(text, "");

    private static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Chancery.slnx")))
            {
                return at.FullName;
            }
        }

        throw new DirectoryNotFoundException("These tests read the sources: run them inside the checkout.");
    }

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();
}
