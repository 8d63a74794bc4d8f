namespace Chancery.Contracts.Tests.Reading;

/// <summary>The 510 texts of CUAD v1 in CHANCERY_TEST_DATA, else in shared/data beside the repository.</summary>
internal static class CuadTexts
{
    public static IEnumerable<(string Name, string Text)> All()
    {
        foreach (var file in Directory.EnumerateFiles(Folder(), "*.txt").Order(StringComparer.Ordinal))
        {
            yield return (Path.GetFileName(file), File.ReadAllText(file));
        }
    }

    private static string Folder()
    {
        if (Environment.GetEnvironmentVariable("CHANCERY_TEST_DATA") is { Length: > 0 } configured)
        {
            return Path.Combine(configured, "contracts", "cuad", "full_contract_txt");
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var found = Path.Combine(folder.FullName, "shared", "data", "contracts", "cuad", "full_contract_txt");
            if (Directory.Exists(found))
            {
                return found;
            }
        }

        throw new InvalidOperationException("No test data: set CHANCERY_TEST_DATA to the folder that holds it.");
    }
}
