using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chancery.Server.Tests.Access;
using Chancery.Server.Tests.Engines;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Commands;

/// <summary>The program as people and scripts use it, against a server in another process.</summary>
public sealed partial class CommandLineTests(RunningServer server) : IClassFixture<RunningServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_has_a_second_factor_is_asked_for_it_after_the_password()
    {
        using var desk = await Desk.NewAsync(server.Process, signedIn: false);
        var app = await AuthenticatorApp.AddAsync(desk.User);
        Task<Run> LoginAsync(string code) =>
            ChanceryProgram.RunAsync(
                ["login", "--email", desk.User.Email],
                desk.Environment,
                $"{desk.User.Password}\n{code}\n",
                desk.Folder
            );

        var wrong = await LoginAsync("000000");
        var none = await desk.LoginAsync();
        var right = await LoginAsync(app.Code());
        var listed = await desk.RunAsync("docs", "list", "--json");

        Assert.True((wrong.Code, none.Code) == (3, 3), $"{wrong}{none}");
        Assert.Contains("second factor", none.Errors, StringComparison.Ordinal);
        Assert.True((right.Code, listed.Code) == (0, 0), $"{right}{listed}");
    }

    [Fact]
    public async Task Somebody_signs_in_and_out_and_nobody_else_can_read_what_is_kept()
    {
        using var desk = await Desk.NewAsync(server.Process, signedIn: false);

        var before = await desk.RunAsync("docs", "list");
        var wrong = await ChanceryProgram.RunAsync(
            ["login", "--email", desk.User.Email],
            desk.Environment,
            "wrong wrong wrong\n"
        );
        var login = await desk.LoginAsync();
        var mode = File.GetUnixFileMode(desk.Config);
        var session = JsonDocument.Parse(await File.ReadAllTextAsync(desk.Config, Cancel)).RootElement.ToString();
        var during = await desk.RunAsync("docs", "list", "--json");
        var logout = await desk.RunAsync("logout");
        var after = await desk.RunAsync("docs", "list");

        Assert.True((before.Code, wrong.Code, login.Code) == (3, 3, 0), $"{before}{wrong}{login}");
        Assert.True((during.Code, logout.Code, after.Code) == (0, 0, 3), $"{during}{logout}{after}");
        Assert.Contains("chancery login", before.Errors, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
        Assert.DoesNotContain(desk.User.Password, session + login + wrong, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "access_token",
            await File.ReadAllTextAsync(desk.Config, Cancel),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Somebody_signs_in_with_a_code_on_the_servers_page_and_no_password_passes_the_terminal()
    {
        using var desk = await Desk.NewAsync(server.Process, signedIn: false);
        using var visitor = await Access.OAuth.Visitor.SignInAsync(
            ChanceryFixture.Client(server.Process.Address),
            desk.User
        );
        using var login = ChanceryProgram.Start(["login", "--device"], desk.Environment, desk.Folder);
        var said = await login.StandardError.ReadLineAsync(Cancel);
        var code = UserCode().Match(said!).Value;

        using var page = await visitor.GetAsync($"/device?user_code={code}");
        using var allowed = await visitor.SubmitAsync(page, "/device", ("decision", "allow"));
        var done = await ChanceryProgram.FinishAsync(login);
        var list = await desk.RunAsync("docs", "list");
        desk.Expire();
        var renewed = await desk.RunAsync("docs", "list");
        var logout = await desk.RunAsync("logout");
        var after = await desk.RunAsync("docs", "list");

        Assert.True(
            allowed.Headers.Location?.OriginalString == "/device?done=allowed",
            $"{said}: {allowed.Headers.Location}"
        );
        Assert.True((done.Code, list.Code, renewed.Code) == (0, 0, 0), $"{done}{list}{renewed}");
        Assert.Contains(desk.User.Email, done.Output, StringComparison.Ordinal);
        Assert.True((logout.Code, after.Code) == (0, 3), $"{logout}{after}");
    }

    [Fact]
    public async Task An_API_key_works_from_the_environment_and_from_standard_input()
    {
        using var desk = await Desk.NewAsync(server.Process, signedIn: false);
        var made = await desk.User.PostAsync(
            "/api/v1/keys",
            new { name = "robot", role = "editor" },
            System.Net.HttpStatusCode.Created
        );
        var key = made.Text("key");

        var piped = await ChanceryProgram.RunAsync(["login", "--key"], desk.Environment, key + "\n");
        var kept = await desk.RunAsync("docs", "list");
        await desk.RunAsync("logout");
        var refused = await ChanceryProgram.RunAsync(["login", "--key"], desk.Environment, "chk_nobody\n");
        desk.Environment["CHANCERY_API_KEY"] = key;
        var environment = await desk.RunAsync("docs", "list");

        Assert.True(
            (piped.Code, kept.Code, refused.Code, environment.Code) == (0, 0, 3, 0),
            $"{piped}{kept}{refused}{environment}"
        );
        Assert.DoesNotContain(key, piped.Output + piped.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_that_run_at_once_share_one_renewal_and_the_session_lives()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Expire();

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => desk.RunAsync("docs", "list")));
        var after = await desk.RunAsync("docs", "list");

        Assert.All(runs.Append(after), run => Assert.True(run.Code == 0, run.ToString()));
    }

    [Fact]
    public async Task A_directory_is_ingested_once_and_only_what_changed_again()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("in/a.md", "# Heron\n\nThe heron stands in the reeds.");
        desk.Write("in/sub/a.md", "# Egret\n\nThe egret stands beside it.");
        desk.Write("in/b.txt", "The bittern booms.");
        desk.Write("in/.hidden.md", "# Hidden");
        desk.Write("in/drafts/c.md", "# Draft");
        string[] ingest = ["ingest", "in", "--exclude", "drafts/**", "--tag", "birds", "--json"];

        var dry = await desk.RunAsync([.. ingest, "--dry-run"]);
        var first = await desk.RunAsync(ingest);
        var second = await desk.RunAsync(ingest);
        desk.Write("in/sub/a.md", "# Egret\n\nThe egret has flown.");
        var third = await desk.RunAsync(ingest);
        // Another machine knows nothing of these runs.
        desk.Environment["XDG_STATE_HOME"] = desk.Environment["XDG_STATE_HOME"] + "-other";
        var elsewhere = await desk.RunAsync(ingest);
        var documents = (await desk.User.GetAsync("/api/v1/docs")).Items();

        Assert.Equal(["would-upload", "would-upload", "would-upload"], Outcomes(dry));
        Assert.Equal(["uploaded", "uploaded", "uploaded"], Outcomes(first));
        Assert.Equal(["unchanged", "unchanged", "unchanged"], Outcomes(second));
        Assert.Equal(["unchanged", "unchanged", "updated"], Outcomes(third));
        Assert.Equal(["unchanged", "unchanged", "unchanged"], Outcomes(elsewhere));
        Assert.Equal([1, 1, 2], documents.Select(d => d.GetProperty("latest_version").GetInt32()).Order());
        Assert.All(documents, d => Assert.Equal("ready", d.Text("state")));
        Assert.All(documents, d => Assert.Equal("birds", d.GetProperty("tags")[0].GetString()));
        Assert.Contains("flown", (await desk.RunAsync("search", "egret", "flown")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Odd_files_are_named_with_a_reason_and_the_rest_is_taken_in()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("in/good.md", "# Good\n\nA good file.");
        desk.Write("in/binary.bin", "\u0001\u0002\u0000\u0003");
        desk.Write("in/empty.md", "");
        Directory.CreateSymbolicLink(Path.Combine(desk.Folder, "in", "loop"), "..");
        File.CreateSymbolicLink(Path.Combine(desk.Folder, "in", "dangling.md"), "nowhere");
        await ShellAsync(
            desk.Folder,
            "mkfifo in/pipe; printf x > $'in/odd\\xff.md'; printf '# N' > $'in/new\\nline.md'; printf '# Q' > 'in/a \"quote\".md'"
        );

        var run = await desk.RunAsync("ingest", "in", "missing.md", "--json");
        // Nothing in .NET can name it.
        await ShellAsync(desk.Folder, "rm in/odd*");

        var files = run.Json.GetProperty("files").EnumerateArray().ToDictionary(f => f.Text("path"));
        Assert.Equal(1, run.Code);
        Assert.Equal("uploaded", files["in/good.md"].Text("outcome"));
        Assert.Equal("uploaded", files["in/new\nline.md"].Text("outcome"));
        Assert.Equal("uploaded", files["in/a \"quote\".md"].Text("outcome"));
        Assert.Equal(0, (await desk.RunAsync("docs", "show", "a \"quote\".md")).Code);
        // On another machine nothing is known but what the server has.
        desk.Environment["XDG_STATE_HOME"] = Path.Combine(desk.Folder, "elsewhere");
        var elsewhere = await desk.RunAsync("ingest", "in", "--json");
        Assert.Equal(3, Outcomes(elsewhere).Count(outcome => outcome == "unchanged"));
        Assert.Equal("skipped", files["in/binary.bin"].Text("outcome"));
        Assert.Contains("link to nothing", files["in/dangling.md"].Text("reason"), StringComparison.Ordinal);
        Assert.Contains("pipe", files["in/pipe"].Text("reason"), StringComparison.Ordinal);
        Assert.Contains("UTF-8", files["in/odd\uFFFD.md"].Text("reason"), StringComparison.Ordinal);
        Assert.Contains("no such file", files["missing.md"].Text("reason"), StringComparison.Ordinal);
        Assert.Contains("read already", files["in/loop/in"].Text("reason"), StringComparison.Ordinal);
        Assert.DoesNotContain("odd\uFFFD.md", run.Output.Split("files")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_tells_beforehand_what_is_no_document_and_advice_is_given_once()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("in/good.md", "# Good\n\nA good file.");
        desk.Write("in/one.bin", "\u0001\u0002\u0000\u0003");
        desk.Write("in/two.bin", "\u0001\u0002\u0000\u0004");
        desk.Write("in/empty.md", "");
        File.WriteAllBytes(Path.Combine(desk.Folder, "in", "scan.png"), [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 0x0D]);

        var dry = await desk.RunAsync("ingest", "in", "--dry-run");
        File.Delete(Path.Combine(desk.Folder, "in", "scan.png"));
        var real = await desk.RunAsync("ingest", "in");
        var shown = await desk.RunAsync("docs", "show", "good.md");

        Assert.Equal((0, 0), (dry.Code, real.Code));
        Assert.Contains("Would upload: in/good.md\n", dry.Output, StringComparison.Ordinal);
        Assert.Contains("Would upload: in/scan.png (an image", dry.Output, StringComparison.Ordinal);
        Assert.Contains("3 skipped, 2 would upload, of 5.", dry.Output, StringComparison.Ordinal);
        Assert.Contains("3 skipped, 1 uploaded, of 4.", real.Output, StringComparison.Ordinal);
        Assert.Equal(Sorted(dry), Sorted(real));
        Assert.Equal(1, dry.Errors.Split("These can be read").Length - 1);
        Assert.Contains("collection  default", shown.Output, StringComparison.OrdinalIgnoreCase);

        // Uploads run side by side: which file is told the advice is chance.
        static string[] Sorted(Run run) =>
            [
                .. run
                    .Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Select(line => line.Split(" These can")[0])
                    .Order(StringComparer.Ordinal),
            ];
    }

    [Fact]
    public async Task Who_may_only_read_is_told_so_once_and_nothing_is_taken_in()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("in/a.md", "# A");
        desk.Write("in/b.md", "# B");
        desk.Write("in/c.md", "# C");
        var made = await desk.User.PostAsync(
            "/api/v1/keys",
            new { name = "reader", role = "viewer" },
            System.Net.HttpStatusCode.Created
        );
        desk.Environment["CHANCERY_API_KEY"] = made.Text("key");

        var run = await desk.RunAsync("ingest", "in");
        var listed = await desk.RunAsync("docs", "list");

        Assert.Equal((1, 0), (run.Code, listed.Code));
        Assert.Equal(1, run.Errors.Split("does not allow this").Length - 1);
        Assert.Equal(0, await CountAsync(desk));
    }

    [Fact]
    public async Task Interrupted_in_the_middle_it_goes_on_where_it_was()
    {
        using var desk = await Desk.NewAsync(server.Process);
        foreach (var number in Enumerable.Range(0, 80))
        {
            desk.Write($"in/{number}.md", $"# Number {number}\n\nThe file of number {number}.");
        }

        using var process = ChanceryProgram.Start(["ingest", "in", "--jobs", "1"], desk.Environment, desk.Folder);
        Assert.True(await SoonAsync(async () => await CountAsync(desk) >= 3), "Nothing was uploaded.");
        await EngineSandbox.SignalAsync("INT", process.Id);
        var interrupted = await ChanceryProgram.FinishAsync(process);
        var half = await CountAsync(desk);
        var resumed = await desk.RunAsync("ingest", "in", "--json");

        Assert.True(interrupted.Code == 130, interrupted.ToString());
        Assert.Contains("Run the same command again", interrupted.Errors, StringComparison.Ordinal);
        Assert.True(resumed.Code == 0, resumed.ToString());
        Assert.InRange(half, 3, 79);
        Assert.Equal(80, await CountAsync(desk));
        // What was on its way when the program ended may have arrived after it was counted.
        Assert.InRange(Outcomes(resumed).Count(outcome => outcome == "unchanged"), half, half + 1);
    }

    [Fact]
    public async Task Every_outcome_is_JSON_when_that_is_asked_for()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("rail.md", "# Rail\n\nThe water rail is shy and hides in the reeds.");
        desk.Write("copy.md", "old");
        await desk.RunAsync("ingest", "rail.md");
        string[][] commands =
        [
            ["ingest", "rail.md"],
            ["search", "water", "rail"],
            ["ask", "Where does the water rail hide?"],
            ["docs", "list"],
            ["docs", "show", "rail.md"],
            ["docs", "versions", "rail.md"],
            ["docs", "download", "rail.md", "--output", "copy.md", "--force"],
            ["docs", "tag", "rail.md", "--add", "shy"],
            ["docs", "move", "rail.md", "--collection", "default"],
            ["docs", "delete", "rail.md"],
            ["docs", "restore", "rail.md"],
            ["logout"],
        ];

        foreach (var command in commands)
        {
            var run = await desk.RunAsync([.. command, "--json"]);
            Assert.True(run.Code == 0, $"{string.Join(' ', command)}: {run}");
            Assert.Equal(JsonValueKind.Object, run.Json.ValueKind);
            if (command[0] == "ask")
            {
                Assert.Equal("answered", run.Json.Text("outcome"));
            }
        }

        Assert.Contains(
            "water rail",
            await File.ReadAllTextAsync(Path.Combine(desk.Folder, "copy.md"), Cancel),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task The_exit_code_says_what_was_wrong()
    {
        using var desk = await Desk.NewAsync(server.Process);

        var usage = await desk.RunAsync("docs", "lst");
        var option = await desk.RunAsync("ingest", "x", "--jobs", "99");
        var address = await desk.RunAsync("search", "x", "--server", "ftp://x");
        var unknown = await desk.RunAsync("docs", "show", "nothing.md");
        var tags = await desk.RunAsync("docs", "tag", "nothing.md");
        var silent = await desk.RunAsync("ask", "");
        desk.Environment["CHANCERY_API_KEY"] = "chk_some";
        var refused = await desk.RunAsync("ask", "x");
        var nobody = await desk.RunAsync("search", "x", "--server", "http://127.0.0.1:9");
        var ingest = await desk.RunAsync("ingest", ".", "--server", "http://127.0.0.1:9", "--patience", "0");

        Assert.Equal((2, 2, 2), (usage.Code, option.Code, address.Code));
        Assert.Equal((1, 2, 3), (unknown.Code, tags.Code, refused.Code));
        Assert.Equal((4, 4), (nobody.Code, ingest.Code));
        Assert.Contains("chancery docs list", unknown.Errors, StringComparison.Ordinal);
        Assert.Equal(1, silent.Code);
        Assert.Contains("question", silent.Errors, StringComparison.Ordinal);
        Assert.Contains("Is it running?", nobody.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_that_takes_one_of_a_few_names_them()
    {
        using var desk = await Desk.NewAsync(server.Process);

        var state = await desk.RunAsync("docs", "list", "--state", "bogus");
        var engine = await desk.RunAsync("queries", "list", "--engine", "disk");
        var time = await desk.RunAsync("queries", "list", "--from", "yesterday");
        var taken = await desk.RunAsync("docs", "list", "--state", "FAILED");

        Assert.Equal((2, 2, 2, 0), (state.Code, engine.Code, time.Code, taken.Code));
        Assert.Contains(
            "--state does not take \"bogus\". It is one of stored, fetching, queued, reading, cutting, embedding, ready, failed, working.",
            state.Errors,
            StringComparison.Ordinal
        );
        Assert.Contains("It is one of memory, postgres.", engine.Errors, StringComparison.Ordinal);
        Assert.Contains("such as 2026-03-31", time.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Nullable", state.Errors + engine.Errors + time.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logged_searches_are_narrowed_and_replayed_by_an_engine()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("rail.md", "# Rail\n\nThe water rail squeals.");
        await desk.RunAsync("ingest", "rail.md");
        await desk.RunAsync("search", "squeals");
        await desk.RunAsync("search", "zebra");

        var missed = await desk.RunAsync("queries", "list", "--no-hits", "--mode", "lexical", "--from", "2020-01-01");
        var none = await desk.RunAsync("queries", "list", "--to", "2020-01-01");
        var replay = await desk.RunAsync("queries", "replay", "last", "--engine", "postgres", "--json");
        await desk.RunAsync("search", "squeals");
        var again = await desk.RunAsync("queries", "replay", "last", "--rerank", "maxsim");
        var search = await desk.RunAsync("search", "squeals", "--rerank", "maxsim");
        var wrong = await desk.RunAsync("search", "squeals", "--rerank", "twice");

        Assert.Contains("zebra", missed.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("squeals", missed.Output, StringComparison.Ordinal);
        Assert.Matches("lexical in (memory|postgres), 0 found", missed.Output);
        Assert.Contains("Nothing is written down.", none.Errors, StringComparison.Ordinal);
        Assert.Equal("postgres", replay.Json.GetProperty("after").GetProperty("engine").GetString());
        Assert.Equal((0, 0, 2), (again.Code, search.Code, wrong.Code));
        // There is no local model in this server.
        const string Why =
            "No model runs in this server (setting EMBEDDING_LOCAL): the passages were not ranked again.";
        Assert.Contains(Why, again.Errors, StringComparison.Ordinal);
        Assert.Contains(Why, search.Errors, StringComparison.Ordinal);
        Assert.Contains("It is one of auto, off, maxsim, cross.", wrong.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bars_are_drawn_for_a_person_only()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("in/a.md", "# A\n\nAlone.");
        var command = $"dotnet '{ChanceryProgram.Assembly}' ingest in";

        var piped = await desk.RunAsync("ingest", "in");
        var watched = await ShellAsync(
            desk.Folder,
            $"TERM=xterm script -qec \"{command}\" /dev/null",
            desk.Environment
        );
        var plain = await ShellAsync(
            desk.Folder,
            $"NO_COLOR=1 TERM=xterm script -qec \"{command}\" /dev/null",
            desk.Environment
        );

        Assert.Contains("[####", watched, StringComparison.Ordinal);
        Assert.DoesNotContain("[####", plain, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', piped.Output + piped.Errors);
        Assert.DoesNotContain('\u001b', piped.Output + piped.Errors);
    }

    [Fact]
    public async Task Completion_is_accepted_by_bash_and_knows_verbs_options_and_documents()
    {
        using var desk = await Desk.NewAsync(server.Process);
        desk.Write("corn crake.md", "# Crake\n\nThe corn crake.");
        await desk.RunAsync("ingest", "corn crake.md");
        var script = $$"""
            set -eu
            chancery() { dotnet '{{ChanceryProgram.Assembly}}' "$@"; }
            source <(chancery completion bash)
            try() {
              COMP_LINE=$1; COMP_POINT=${#1}; read -ra COMP_WORDS <<<"$1"
              [[ $1 == *' ' ]] && COMP_WORDS+=("")
              COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
              _chancery || true
              echo "$1: ${COMPREPLY[*]}"
            }
            try 'chancery ing'
            try 'chancery docs '
            try 'chancery ask why --col'
            # A key that is pressed waits for no server, and a busy machine may be late.
            for _ in 1 2 3 4 5; do
              said=$(try 'chancery docs show corn')
              [[ $said == *crake* ]] && break
            done
            echo "$said"
            complete -p chancery
            """;

        var said = await ShellAsync(desk.Folder, script, desk.Environment);
        var help =
            (await desk.RunAsync("ask", "--help")).Output + (await desk.RunAsync("docs", "show", "--help")).Output;

        // Help is the same for everybody, and asks no server.
        Assert.DoesNotContain("crake", help, StringComparison.Ordinal);
        Assert.Contains("--document <document>", help, StringComparison.Ordinal);
        Assert.Contains("chancery ing: ingest", said, StringComparison.Ordinal);
        Assert.Contains("download", said, StringComparison.Ordinal);
        Assert.Contains("--col: --collection", said, StringComparison.Ordinal);
        Assert.Contains(@"corn: corn\ crake.md", said, StringComparison.Ordinal);
        Assert.Contains("complete -o default -F _chancery chancery", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_command_of_the_page_works()
    {
        using var desk = await Desk.NewAsync(server.Process, signedIn: false);
        desk.Write("contracts/lease.md", "# Lease\n\nThe lease ends in June.");
        desk.Write("contracts/drafts/new.md", "# Draft\n\nNot yet.");
        File.Copy(
            Path.Combine(AppContext.BaseDirectory, "Demo", "Documents", "employee-handbook.pdf"),
            Path.Combine(desk.Folder, "handbook.pdf")
        );
        var made = await desk.User.PostAsync(
            "/api/v1/keys",
            new { name = "robot", role = "admin" },
            System.Net.HttpStatusCode.Created
        );
        desk.Environment["EMAIL"] = desk.User.Email;
        desk.Environment["PASSWORD"] = desk.User.Password;
        desk.Environment["KEY"] = made.Text("key");
        desk.Environment["CHANCERY_SERVER"] = null;
        var blocks = DocsScript.Blocks("docs/command-line.md");
        // The key is kept by the second block; the session of the first one is what the rest uses.
        var script =
            $"chancery() {{ dotnet '{ChanceryProgram.Assembly}' \"$@\"; }}\n"
            + string.Join('\n', blocks)
                .Replace("localhost:8000", server.Process.Address.Authority, StringComparison.Ordinal);

        var said = await ShellAsync(desk.Folder, "set -euo pipefail\n" + script, desk.Environment);

        Assert.Equal(12, blocks.Count);
        Assert.Contains("contains_answer      1.000", said, StringComparison.Ordinal);
        Assert.Contains("{+Austria+}", said, StringComparison.Ordinal);
        Assert.Contains("Accepted: revision 3.", said, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(desk.Folder, "redline.docx")), said);
        Assert.Contains(" in both", said, StringComparison.Ordinal);
        Assert.Contains("27 days", said, StringComparison.Ordinal);
        Assert.Contains("[1] Employee handbook", said, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(desk.Folder, "copy.pdf")), said);
        Assert.Contains("Restored handbook.pdf", said, StringComparison.Ordinal);
        Assert.Contains("time,day,request_id,attempt", said, StringComparison.Ordinal);
        Assert.Contains("document.uploaded", said, StringComparison.Ordinal);
        Assert.Contains(": whole, ", said, StringComparison.Ordinal);
    }

    private static string[] Outcomes(Run run) =>
        [
            .. run
                .Json.GetProperty("files")
                .EnumerateArray()
                .Select(f => f.Text("outcome"))
                .Order(StringComparer.Ordinal),
        ];

    private static async Task<int> CountAsync(Desk desk) =>
        (await desk.User.GetAsync("/api/v1/docs?limit=100")).Items().Length;

    [GeneratedRegex(@"\b[B-Z]{4}-[B-Z]{4}\b")]
    private static partial Regex UserCode();

    private static async Task<bool> SoonAsync(Func<Task<bool>> condition)
    {
        for (var attempt = 0; attempt < 600; attempt++)
        {
            if (await condition())
            {
                return true;
            }

            await Task.Delay(20, Cancel);
        }

        return false;
    }

    private static async Task<string> ShellAsync(
        string folder,
        string script,
        IReadOnlyDictionary<string, string?>? environment = null
    )
    {
        var start = new ProcessStartInfo("bash", ["-c", script])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var run = await ChanceryProgram.FinishAsync(process);
        Assert.True(run.Code == 0, run.ToString());
        return run.Output;
    }
}
