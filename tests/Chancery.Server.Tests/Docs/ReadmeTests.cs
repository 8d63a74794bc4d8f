using System.Diagnostics;
using System.Text.RegularExpressions;
using Chancery.Testing;

namespace Chancery.Server.Tests.Docs;

/// <summary>What the README tells a program to do works, to the letter.</summary>
public sealed partial class ReadmeTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_commands_of_ask_from_a_program_upload_a_document_and_answer_from_it()
    {
        var somebody = await chancery.SignUpAsync();
        var folder = Directory.CreateTempSubdirectory("chancery-readme-").FullName;
        File.Copy(
            InRepository("src/Chancery.Server/Demo/Documents/employee-handbook.pdf"),
            Path.Combine(folder, "handbook.pdf")
        );
        var readme = await File.ReadAllTextAsync(InRepository("README.md"), Cancel);
        var script = ShellBlock()
            .Matches(readme)
            .Select(match => match.Groups[1].Value)
            .Single(block => block.Contains("curl"));

        var output = await RunAsync(script.Replace("localhost:8000", chancery.Address.Authority), folder, somebody);

        Assert.Contains("\"outcome\":\"answered\"", output, StringComparison.Ordinal);
        Assert.Contains("27 days", output, StringComparison.Ordinal);
        Assert.Contains("\"page\":3", output, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Every_file_that_the_readme_links_to_exists()
    {
        var readme = await File.ReadAllTextAsync(InRepository("README.md"), Cancel);

        var missing = Link()
            .Matches(readme)
            .Select(match => match.Groups[1].Value)
            .Where(link => !link.StartsWith("http", StringComparison.Ordinal) && !File.Exists(InRepository(link)));

        Assert.Empty(missing);
    }

    private static async Task<string> RunAsync(string script, string folder, TestUser somebody)
    {
        var start = new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["EMAIL"] = somebody.Email;
        start.Environment["PASSWORD"] = somebody.Password;
        using var bash = Process.Start(start)!;
        var errors = bash.StandardError.ReadToEndAsync(Cancel);
        var output = await bash.StandardOutput.ReadToEndAsync(Cancel);
        await bash.WaitForExitAsync(Cancel);
        Assert.True(bash.ExitCode == 0, $"{output}\n{await errors}");
        return output;
    }

    private static string InRepository(string path)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Chancery.slnx")))
        {
            at = at.Parent ?? throw new InvalidOperationException("The tests run inside the repository.");
        }

        return Path.Combine(at.FullName, path);
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"\]\(([^)#]+)\)")]
    private static partial Regex Link();
}
