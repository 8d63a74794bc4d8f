using System.Globalization;

namespace Chancery.Documents.Tests;

/// <summary>What runs under this test's process, from /proc.</summary>
internal static class Processes
{
    /// <summary>Children and theirs: the tools of the sandbox stand between.</summary>
    public static IEnumerable<int> ChildrenOf(int parent, string name) =>
        Below(parent).Where(stat => stat.Name == name && stat.State != "Z").Select(stat => stat.Id);

    public static int ZombiesOf(int parent, string name) =>
        Below(parent).Count(stat => stat.Name == name && stat.State == "Z");

    private static IEnumerable<(int Id, string Name, string State, int Parent)> Below(int parent)
    {
        var all = All().ToLookup(stat => stat.Parent);
        var waiting = new Queue<int>([parent]);
        while (waiting.TryDequeue(out var next))
        {
            foreach (var stat in all[next])
            {
                waiting.Enqueue(stat.Id);
                yield return stat;
            }
        }
    }

    private static IEnumerable<(int Id, string Name, string State, int Parent)> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (IOException)
            {
                // It ended while it was looked at.
                continue;
            }

            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var name = stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..stat.LastIndexOf(')')];
            yield return (id, name, fields[0], int.Parse(fields[1], CultureInfo.InvariantCulture));
        }
    }
}
