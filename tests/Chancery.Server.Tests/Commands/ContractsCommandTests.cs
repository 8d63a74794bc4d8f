using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Chancery.Server.Tests.Engines;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Commands;

/// <summary><c>chancery contracts</c>, against a server in another process that has a model.</summary>
public sealed class ContractsCommandTests(ContractsCommandTests.Fixture server)
    : IClassFixture<ContractsCommandTests.Fixture>
{
    private static readonly string[] Nda =
    [
        "contracts",
        "draft",
        "A mutual NDA between Acme GmbH and Beta Ltd under German law for two years",
        "--model",
        "extractive",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_contract_is_drafted_clause_by_clause_changed_compared_and_put_back()
    {
        using var desk = await Desk.NewAsync(server.Process);

        var draft = await desk.RunAsync([.. Nda, "--title", "Our NDA", "--party", "Acme GmbH=Owner", "--tag", "fresh"]);
        var list = await desk.RunAsync("contracts", "list", "--tag", "fresh", "--match", "Our NDA");
        var show = await desk.RunAsync("contracts", "show", "our nda");
        var revise = await desk.RunAsync(
            "contracts",
            "revise",
            "Our NDA",
            "Change the governing law to Austria",
            "--model",
            "extractive"
        );
        var diff = await desk.RunAsync("contracts", "diff", "Our NDA", "--from", "1", "--to", "2");
        var restore = await desk.RunAsync("contracts", "restore", "Our NDA", "--revision", "1");
        var revisions = await desk.RunAsync("contracts", "revisions", "Our NDA");

        Succeeded(draft, list, show, revise, diff, restore, revisions);
        Assert.Matches(@"\[1/\d+\] \S", draft.Output);
        Assert.Matches(@"Drafted [0-9a-f-]{36}\.", draft.Output);
        Assert.Contains("No language model wrote this", draft.Errors, StringComparison.Ordinal);
        Assert.Contains("Our NDA  (Acme GmbH", list.Output, StringComparison.Ordinal);
        Assert.Contains("[fresh]", list.Output, StringComparison.Ordinal);
        Assert.Contains("Acme GmbH (Owner)", show.Output, StringComparison.Ordinal);
        Assert.Contains("revision 1 of 1", show.Output, StringComparison.Ordinal);
        Assert.Contains("{+Austria+}", diff.Output, StringComparison.Ordinal);
        Assert.Contains("Revision 1 → 2", diff.Output, StringComparison.Ordinal);
        Assert.Contains("revision 1 again", restore.Output, StringComparison.Ordinal);
        Assert.Equal(3, revisions.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("restored", revisions.Output.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains("Change the governing law to Austria", revisions.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proposal_is_decided_clause_by_clause_and_what_is_not_named_stays_open()
    {
        using var desk = await Desk.NewAsync(server.Process);
        var draft = (await desk.RunAsync([.. Nda, "--json"])).Json;
        var id = draft.GetProperty("contract").Text("id");

        var proposed = await desk.RunAsync(
            "contracts",
            "revise",
            id,
            "Change the governing law to Austria",
            "--propose",
            "--model",
            "extractive",
            "--json"
        );
        var proposal = proposed.Json.GetProperty("proposal").Text("id");
        var label = proposed
            .Json.GetProperty("difference")
            .GetProperty("clauses")
            .EnumerateArray()
            .First(clause => clause.Text("kind") == "changed")
            .Text("to_label");
        var shown = await desk.RunAsync("contracts", "proposals", id, proposal);
        var accepted = await desk.RunAsync("contracts", "accept", id, proposal, "--clause", label.TrimEnd('.'));
        var unknown = await desk.RunAsync("contracts", "accept", id, proposal, "--clause", "999");
        var listed = await desk.RunAsync("contracts", "proposals", id);
        var rejected = await desk.RunAsync("contracts", "reject", id, proposal);
        var diff = await desk.RunAsync("contracts", "diff", id);
        var latest = await desk.User.GetAsync($"/api/v1/contracts/{id}");

        Succeeded(proposed, shown, accepted, listed, rejected);
        Assert.Contains("{+Austria+}", shown.Output, StringComparison.Ordinal);
        Assert.Contains("governing law: [-Germany-] {+Austria+}", shown.Output, StringComparison.Ordinal);
        Assert.Contains("Accepted: revision 2.", accepted.Output, StringComparison.Ordinal);
        Assert.Equal(1, unknown.Code);
        Assert.Contains("There is no clause \"999\" here; there are", unknown.Errors, StringComparison.Ordinal);
        Assert.Contains("  open", listed.Output, StringComparison.Ordinal);
        Assert.Equal("Germany", latest.Text("governing_law"));
        Assert.Equal(draft.GetProperty("clauses").GetArrayLength(), latest.GetProperty("clauses").GetArrayLength());
    }

    [Fact]
    public async Task Files_go_out_whole_overwrite_nothing_unasked_and_come_back_as_a_revision()
    {
        using var desk = await Desk.NewAsync(server.Process);
        var id = (await desk.RunAsync([.. Nda, "--json"])).Json.GetProperty("contract").Text("id");
        var kept = desk.Write("nda.md", "mine");

        var refused = await desk.RunAsync("contracts", "export", id, "--format", "markdown", "-o", "nda.md");
        var untouched = await File.ReadAllTextAsync(kept, Cancel);
        var forced = await desk.RunAsync("contracts", "export", id, "--format", "markdown", "-o", "nda.md", "--force");
        var named = await desk.RunAsync("contracts", "export", id, "--format", "docx", "--json");
        var piped = await desk.RunAsync("contracts", "export", id, "--format", "markdown", "-o", "-");
        var missing = await desk.RunAsync("contracts", "export", id, "--format", "docx", "--from", "7", "-o", "r.docx");
        var file = named.Json.Text("file");
        desk.Write("back.md", piped.Output + "\n\nThe parties met in March.\n");
        var back = await desk.RunAsync("contracts", "import", "back.md", "--into", id, "--json");
        desk.Write(
            "lease.txt",
            "LEASE\n\n1. Term\n\nThe lease runs for one year.\n\n2. Rent\n\nThe rent is 900 euros."
        );
        var fresh = await desk.RunAsync("contracts", "import", "lease.txt", "--title", "Our lease");
        var found = await desk.RunAsync("contracts", "search", "rent", "--limit", "3");
        var review = await desk.RunAsync("contracts", "review", "Our lease");
        var deleted = await desk.RunAsync("contracts", "delete", "Our lease", "nothing like it");
        var gone = await desk.RunAsync("contracts", "show", "Our lease");

        Succeeded(forced, named, piped, back, fresh, found, review);
        Assert.Equal((1, "mine"), (refused.Code, untouched));
        Assert.Contains("--force overwrites it", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(piped.Output, await File.ReadAllTextAsync(kept, Cancel));
        Assert.EndsWith(" r1.docx", file, StringComparison.Ordinal);
        Assert.Equal("PK"u8.ToArray(), (await File.ReadAllBytesAsync(file, Cancel))[..2]);
        Assert.Equal(1, missing.Code);
        Assert.Empty(Directory.GetFiles(desk.Folder, "r.docx*"));
        Assert.Equal(2, back.Json.GetProperty("contract").GetProperty("revision").GetProperty("number").GetInt32());
        Assert.Contains("900 euros", found.Output, StringComparison.Ordinal);
        Assert.Contains("Revision 1: ", review.Output, StringComparison.Ordinal);
        Assert.Equal((1, 1), (deleted.Code, gone.Code));
        Assert.Contains("There is no contract \"nothing like it\"", deleted.Errors, StringComparison.Ordinal);
        var hint = deleted.Output.Split("undelete ")[1].Split(' ')[0];
        var undeleted = await desk.RunAsync("contracts", "undelete", hint);
        Assert.Contains("Restored Our lease.", undeleted.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_draft_ends_on_the_server_and_at_the_model_and_nothing_is_stored()
    {
        using var desk = await Desk.NewAsync(server.Process);
        using var draft = ChanceryProgram.Start(
            ["contracts", "draft", "A slow NDA between Acme GmbH and Beta Ltd"],
            desk.Environment,
            desk.Folder
        );
        Assert.True(await SoonAsync(() => server.Model.Running > 0), "The model was not asked.");

        await EngineSandbox.SignalAsync("INT", draft.Id);
        var interrupted = await ChanceryProgram.FinishAsync(draft);

        Assert.True(interrupted.Code == 130, interrupted.ToString());
        Assert.Contains("ended on the server, too", interrupted.Errors, StringComparison.Ordinal);
        Assert.True(await SoonAsync(() => server.Model.Running == 0), "The model goes on.");
        var operation = Assert.Single((await desk.User.GetAsync("/api/v1/contract-operations")).Items());
        Assert.Equal("cancelled", operation.Text("state"));
        Assert.Empty((await desk.User.GetAsync("/api/v1/contracts")).Items());
    }

    [Fact]
    public async Task A_list_goes_on_where_it_ended_and_every_outcome_is_JSON_when_asked_for()
    {
        using var desk = await Desk.NewAsync(server.Process);
        foreach (var number in Enumerable.Range(1, 3))
        {
            var made = await desk.RunAsync([.. Nda, "--title", $"NDA {number}"]);
            Succeeded(made);
        }

        var first = (await desk.RunAsync("contracts", "list", "--limit", "2", "--json")).Json;
        var rest = await desk.RunAsync("contracts", "list", "--cursor", first.Text("next_cursor"), "--json");
        string[][] commands =
        [
            ["list", "--status", "draft"],
            ["show", "NDA 1"],
            ["revise", "NDA 1", "Change the governing law to Austria", "--model", "extractive"],
            ["revisions", "NDA 1"],
            ["diff", "NDA 1"],
            ["restore", "NDA 1", "--revision", "1"],
            ["proposals", "NDA 1"],
            ["search", "confidential information", "--per", "contract"],
            ["review", "NDA 1"],
            ["export", "NDA 1", "--format", "bundle", "-o", "nda.zip"],
            ["delete", "NDA 3"],
        ];

        Assert.Equal(["NDA 3", "NDA 2"], first.Items().Select(item => item.Text("title")));
        Assert.Equal(["NDA 1"], rest.Json.Items().Select(item => item.Text("title")));
        foreach (var command in commands)
        {
            var run = await desk.RunAsync(["contracts", .. command, "--json"]);
            Assert.True(run.Code == 0, $"{string.Join(' ', command)}: {run}");
            Assert.Equal(JsonValueKind.Object, run.Json.ValueKind);
        }
    }

    [Fact]
    public async Task Colours_are_for_a_terminal_only_and_mistakes_have_their_exit_codes()
    {
        using var desk = await Desk.NewAsync(server.Process);
        var id = (await desk.RunAsync([.. Nda, "--json"])).Json.GetProperty("contract").Text("id");
        await desk.RunAsync("contracts", "revise", id, "Change the governing law to Austria", "--model", "extractive");

        var piped = await desk.RunAsync("contracts", "diff", id);
        var watched = await OnTerminalAsync(desk, "TERM=xterm", $"contracts diff {id}");
        var plain = await OnTerminalAsync(desk, "TERM=xterm NO_COLOR=1", $"contracts diff {id}");
        var format = await desk.RunAsync("contracts", "export", id, "--format", "odt");
        var unnamed = await desk.RunAsync("contracts", "show", "Nobody's contract");
        var file = await desk.RunAsync("contracts", "import", "missing.docx");
        var vague = await desk.RunAsync("contracts", "revise", id, "Make it nicer", "--model", "extractive");
        await desk.RunAsync("logout");
        var nobody = await desk.RunAsync("contracts", "list");

        Assert.DoesNotContain('\u001b', piped.Output);
        Assert.Contains("\u001b[32;4mAustria", watched, StringComparison.Ordinal);
        Assert.DoesNotContain("{+", watched, StringComparison.Ordinal);
        // A terminal is told how its keys shall speak; what begins a colour is not there.
        Assert.DoesNotContain("\u001b[3", plain, StringComparison.Ordinal);
        Assert.Equal((2, 1, 1), (format.Code, unnamed.Code, file.Code));
        Assert.Equal((1, 3), (vague.Code, nobody.Code));
        Assert.Contains("chancery contracts list", unnamed.Errors, StringComparison.Ordinal);
        Assert.Contains("model", vague.Errors, StringComparison.OrdinalIgnoreCase);
    }

    private static void Succeeded(params Run[] runs) =>
        Assert.All(runs, run => Assert.True(run.Code == 0, run.ToString()));

    private static async Task<string> OnTerminalAsync(Desk desk, string settings, string arguments)
    {
        var start = new ProcessStartInfo(
            "bash",
            ["-c", $"{settings} script -qec \"dotnet '{ChanceryProgram.Assembly}' {arguments}\" /dev/null"]
        )
        {
            WorkingDirectory = desk.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("NO_COLOR");
        foreach (var (name, value) in desk.Environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var run = await ChanceryProgram.FinishAsync(process);
        Succeeded(run);
        return run.Output;
    }

    private static async Task<bool> SoonAsync(Func<bool> condition)
    {
        for (var attempt = 0; attempt < 1200; attempt++)
        {
            if (condition())
            {
                return true;
            }

            await Task.Delay(50, Cancel);
        }

        return false;
    }

    /// <summary>A server whose model takes longer than anybody waits.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private readonly string _root = ServerProcess.NewDirectory();

        internal ServerProcess Process { get; private set; } = null!;

        internal ScriptedModelServer Model { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Model = await ScriptedModelServer.StartAsync();
            Model.Behaves(_ => new ScriptedReply("{}") { BeforeFirstByte = TimeSpan.FromMinutes(10) });
            Process = await ServerProcess.StartAsync(
                Path.Combine(_root, "data"),
                settings: new Dictionary<string, string?>
                {
                    ["MODEL_URL"] = Model.BaseAddress.ToString(),
                    ["MODEL_NAME"] = ScriptedModelServer.Model,
                    ["MODEL_API_KEY"] = "sk-test",
                    ["LLM_TIMEOUT"] = 600.ToString(CultureInfo.InvariantCulture),
                }
            );
        }

        public async ValueTask DisposeAsync()
        {
            await Process.DisposeAsync();
            await Model.DisposeAsync();
            Directory.Delete(_root, recursive: true);
        }
    }
}
