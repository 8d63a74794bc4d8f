using System.Text.RegularExpressions;

namespace Chancery.Server.Tests.Architecture;

public sealed partial class CapabilityTests
{
    // A capability may use those before it.
    private static readonly string[] Order =
    [
        "Platform",
        "Audit",
        "Access",
        "Limits",
        "Inference",
        "Prompts",
        "Knowledge",
        "Answers",
        "Contracts",
        "Upgrade",
        "Evaluation",
        "Analytics",
        "Gateway",
        "Mcp",
        "Compatibility",
        "Demo",
        "Commands",
        "Ui",
    ];

    private static readonly string[] Libraries =
    [
        "Search",
        "Documents",
        "Models",
        "Client",
        "Contracts",
        "Evaluation",
        "Guards",
    ];

    // Another's table in somebody's SQL, with the reason; each was looked at.
    private static readonly HashSet<string> Shared =
    [
        // Keys of the installation belong to no capability; each purpose has one user.
        "Access installation_keys",
    ];

    [Fact]
    public void Every_folder_of_the_server_is_a_capability_in_the_order()
    {
        var folders = Directory
            .GetDirectories(Path.Combine(SourceTree.Root, "src", "Chancery.Server"))
            .Select(folder => Path.GetFileName(folder)!)
            .Where(folder => folder is not ("wwwroot" or "bin" or "obj" or "Properties"));

        Assert.Empty(folders.Except(Order));
    }

    [Fact]
    public void A_capability_uses_only_those_before_it()
    {
        var wrong = new List<string>();
        foreach (var (path, text) in SourceTree.CSharp("src", "Chancery.Server"))
        {
            var rank = Array.IndexOf(Order, path.Split('/')[0]);
            if (rank < 0)
            {
                continue;
            }

            foreach (Match use in Uses().Matches(SourceTree.WithoutComments(text)))
            {
                if (Array.IndexOf(Order, use.Groups["capability"].Value) > rank)
                {
                    wrong.Add($"{path} uses {use.Groups["capability"].Value}");
                }
            }
        }

        Assert.Empty(wrong.Distinct());
    }

    [Fact]
    public void The_libraries_know_neither_each_other_nor_the_server()
    {
        var wrong =
            from library in Libraries
            from file in Directory.EnumerateFiles(
                Path.Combine(SourceTree.Root, "src", $"Chancery.{library}"),
                "*.cs*",
                SearchOption.AllDirectories
            )
            from other in Libraries.Append("Server")
            where other != library && File.ReadAllText(file).Contains($"Chancery.{other}", StringComparison.Ordinal)
            select $"{Path.GetFileName(file)} names Chancery.{other}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_capability_names_anothers_tables_in_its_sql()
    {
        var owners = Owners();
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (path, text) in SourceTree.CSharp("src", "Chancery.Server"))
        {
            var capability = path.Split('/')[0];
            foreach (Match literal in Literals().Matches(SourceTree.WithoutComments(text)))
            {
                foreach (Match table in Tables().Matches(literal.Value))
                {
                    var name = table.Groups["table"].Value;
                    if (owners.TryGetValue(name, out var owner) && owner != capability)
                    {
                        wrong.Add($"{capability} {name}");
                    }
                }
            }
        }

        Assert.Empty(wrong.Except(Shared));
    }

    [Fact]
    public void The_table_of_contents_stays_one()
    {
        Assert.True(SourceTree.Read("src", "Chancery.Server", "Program.cs").Count(letter => letter == '\n') < 90);
    }

    private static Dictionary<string, string> Owners()
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        var server = Path.Combine(SourceTree.Root, "src", "Chancery.Server");
        foreach (var file in Directory.EnumerateFiles(server, "*.sql", SearchOption.AllDirectories))
        {
            foreach (Match table in Created().Matches(File.ReadAllText(file)))
            {
                owners[table.Groups["table"].Value] = Path.GetRelativePath(server, file).Split('/')[0];
            }
        }

        Assert.True(owners.Count > 10, "The migrations were not found.");
        return owners;
    }

    [GeneratedRegex(@"\bChancery\.Server\.(?<capability>[A-Z]\w+)")]
    private static partial Regex Uses();

    [GeneratedRegex("\"\"\".*?\"\"\"|\"(?:[^\"\\\\\\n]|\\\\.)*\"", RegexOptions.Singleline)]
    private static partial Regex Literals();

    [GeneratedRegex(@"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:public\.)?(?<table>[a-z_]+)\b")]
    private static partial Regex Tables();

    [GeneratedRegex(@"CREATE TABLE (?:IF NOT EXISTS )?(?<table>[a-z_]+)")]
    private static partial Regex Created();
}
