using System.Text;

namespace Chancery.Isolation.Tests;

/// <summary>What was shown for one route.</summary>
internal sealed record Finding(
    Route Route,
    string Proven,
    string Swapped,
    string Refused,
    IReadOnlyList<string> Failures
);

/// <summary>Writes <c>artifacts/isolation.md</c>: one line per route.</summary>
internal static class Report
{
    public static void Write(IEnumerable<Finding> findings, IEnumerable<string> notes)
    {
        var text = new StringBuilder();
        text.AppendLine("# Isolation, route by route").AppendLine();
        text.AppendLine("| Route | Own call | Swapped | Refused how | Failures |").AppendLine("|---|---|---|---|---|");
        foreach (var finding in findings.OrderBy(finding => finding.Route.ToString(), StringComparer.Ordinal))
        {
            text.AppendLine(
                $"| `{finding.Route}` | {finding.Proven} | {finding.Swapped} | {finding.Refused} | "
                    + $"{(finding.Failures.Count == 0 ? "none" : string.Join("; ", finding.Failures).Replace('\n', ' ').Replace('|', '/'))} |"
            );
        }

        text.AppendLine();
        foreach (var note in notes)
        {
            text.AppendLine("- " + note);
        }

        WriteFile("isolation.md", text.ToString());
    }

    public static void WriteFile(string name, string text)
    {
        var directory = Path.Combine(Root(), "artifacts");
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, name), text);
    }

    private static string Root()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Chancery.slnx")))
            {
                return at.FullName;
            }
        }

        return AppContext.BaseDirectory;
    }
}
