using System.Text.RegularExpressions;

namespace Chancery.Server.Tests.Architecture;

public sealed partial class DocumentationTests
{
    // Words in capitals with an underscore that are not settings of ours.
    private static readonly HashSet<string> NotSettings =
    [
        "DOTNET_ROOT",
        "LC_ALL",
        "OMP_THREAD_LIMIT",
        "PG_VERSION",
        "XDG_RUNTIME_DIR",
        "TOKEN_EXPIRED",
        // Google's words for why an answer ended, or was refused.
        "INVALID_ARGUMENT",
        "FINISH_REASON_UNSPECIFIED",
        "MAX_TOKENS",
        "PROHIBITED_CONTENT",
        "IMAGE_SAFETY",
    ];

    // Settings whose names have no underscore, so that the scan cannot tell them from other words.
    private static readonly string[] OneWord = ["MTLS", "SIGNUP", "WORKERS", "SCHEDULER"];

    [Fact]
    public void Every_problem_that_can_be_answered_is_explained_and_none_is_explained_that_cannot()
    {
        var documented = Codes().Matches(SourceTree.Read("docs", "problems.md")).Select(match => match.Groups[1].Value);
        var answered = SourceTree
            .CSharp("src", "Chancery.Server")
            .SelectMany(file => Problems().Matches(file.Text))
            .Select(match => match.Groups["code"].Value)
            .Append("invalid");

        Assert.Equal(answered.Distinct().Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_setting_that_is_read_is_explained_and_none_is_explained_that_is_not_read()
    {
        var documented = SettingNames()
            .Matches(SourceTree.Read("docs", "settings.md"))
            .Select(match => match.Groups["name"].Value)
            .Where(name => name != "NAME_FILE")
            .Where(name => name.Contains('_', StringComparison.Ordinal) || OneWord.Contains(name))
            .ToHashSet(StringComparer.Ordinal);
        var sources = SourceTree.CSharp("src").Select(file => file.Text).ToList();
        // The registry of models names settings as data.
        var registry = SourceTree.Read("src", "Chancery.Server", "Inference", "Registry", "models.json");
        var read = sources
            .Append(registry)
            .SelectMany(text => Names().Matches(text).Select(match => match.Groups["name"].Value))
            .Concat(sources.SelectMany(text => Jobs().Matches(text).Select(ScheduleSetting)))
            .Concat(OneWord)
            .Where(name => !NotSettings.Contains(name))
            // NAME_FILE is explained at the top of the page for all NAMEs that have it.
            .Where(name => !name.EndsWith("_FILE", StringComparison.Ordinal) || documented.Contains(name))
            .ToHashSet(StringComparer.Ordinal);

        Assert.Equal(read.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
        Assert.All(
            OneWord,
            name => Assert.Contains(sources, text => text.Contains($"\"{name}\"", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void The_times_of_scheduled_jobs_on_the_page_are_those_of_the_code()
    {
        var page = SourceTree.Read("docs", "settings.md");
        var jobs = SourceTree.CSharp("src").SelectMany(file => Jobs().Matches(file.Text)).ToList();

        Assert.NotEmpty(jobs);
        Assert.All(
            jobs,
            job =>
                Assert.Contains(
                    $"| `{ScheduleSetting(job)}` | `{job.Groups["cron"].Value}` |",
                    page,
                    StringComparison.Ordinal
                )
        );
    }

    private static string ScheduleSetting(Match job) =>
        "SCHEDULE_" + job.Groups["name"].Value.ToUpperInvariant().Replace('-', '_');

    [GeneratedRegex(@"^\| `([a-z-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Codes();

    // Problem.Of(403, "forbidden", …)   Conflict("name-taken", …)
    [GeneratedRegex(@"\b(?:Of\(\s*[\w.]+,|Conflict\()\s*""(?<code>[a-z][a-z-]+)"",")]
    private static partial Regex Problems();

    [GeneratedRegex(@"`(?<name>[A-Z][A-Z0-9_]+)`")]
    private static partial Regex SettingNames();

    [GeneratedRegex(@"""(?<name>[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)""")]
    private static partial Regex Names();

    // AddTenantJob<OldWork>("old-work", "0 41 3 * * ?")
    [GeneratedRegex(@"AddTenantJob<\w+>\(\s*""(?<name>[a-z-]+)"",\s*""(?<cron>[^""]+)""")]
    private static partial Regex Jobs();
}
