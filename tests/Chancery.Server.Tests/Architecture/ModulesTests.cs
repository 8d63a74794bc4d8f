using System.Text.RegularExpressions;

namespace Chancery.Server.Tests.Architecture;

/// <summary>The page's modules are linked by the browser only: one name that is not there, and a page does nothing.</summary>
public sealed partial class ModulesTests
{
    [Fact]
    public void A_module_imports_only_what_another_exports()
    {
        var modules = Directory
            .GetFiles(Path.Combine(SourceTree.Root, "src", "Chancery.Server", "wwwroot", "js"), "*.js")
            .ToDictionary(path => Path.GetFileName(path), File.ReadAllText, StringComparer.Ordinal);
        var missing = new List<string>();
        var imported = 0;

        foreach (var (module, text) in modules)
        {
            foreach (Match import in Imports().Matches(text))
            {
                var from = import.Groups["from"].Value;
                var exported = modules.TryGetValue(from, out var source)
                    ? Exports().Matches(source).Select(match => match.Groups["name"].Value).ToHashSet()
                    : [];
                foreach (var name in import.Groups["names"].Value.Split(',', StringSplitOptions.TrimEntries))
                {
                    imported++;
                    if (name.Length > 0 && !exported.Contains(name.Split(" as ")[0]))
                    {
                        missing.Add($"{module}: {name} of {from}");
                    }
                }
            }
        }

        Assert.Empty(missing);
        Assert.True(imported > 100, $"Only {imported} imports were found: they are written in another way now.");
    }

    [GeneratedRegex(@"import\s*\{(?<names>[^}]*)\}\s*from\s*""\./(?<from>[\w.-]+)""")]
    private static partial Regex Imports();

    [GeneratedRegex(@"export\s+(?:async\s+)?(?:const|let|class|function\*?)\s+(?<name>\w+)")]
    private static partial Regex Exports();
}
