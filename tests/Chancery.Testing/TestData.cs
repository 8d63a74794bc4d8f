using Xunit;

namespace Chancery.Testing;

/// <summary>The shared collections: real documents, questions and attacks that tests read and the product never ships.</summary>
public static class TestData
{
    /// <summary><c>CHANCERY_TEST_DATA</c>, else the folder <c>shared/data</c> beside the checkout.</summary>
    public static string Root { get; } = Find();

    /// <summary>A file of the collections; fails with a sentence when they are not there.</summary>
    public static string File(params string[] path)
    {
        var full = Path.Combine([Root, .. path]);
        Assert.True(
            System.IO.File.Exists(full),
            $"{full} is missing. Tests read the shared collections: set CHANCERY_TEST_DATA to their folder."
        );
        return full;
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("CHANCERY_TEST_DATA") is { Length: > 0 } given)
        {
            return given;
        }

        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var candidate = Path.Combine(at.FullName, "shared", "data");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return "shared/data";
    }
}
