using System.Globalization;

namespace Chancery.Documents.Tests;

/// <summary>What runs under this test's process, from /proc.</summary>
internal static class Processes
{
    public static IEnumerable<int> ChildrenOf(int parent, string name) =>
        All().Where(stat => stat.Parent == parent && stat.Name == name && stat.State != "Z").Select(stat => stat.Id);

    public static int ZombiesOf(int parent, string name) =>
        All().Count(stat => stat.Parent == parent && stat.Name == name && stat.State == "Z");

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
