using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Chancery.Client;
using Chancery.Evaluation.RedTeam;
using Chancery.Evaluation.RedTeam.Corpora;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery redteam</c>: attacks on the server, and what comes out.</summary>
internal static class RedTeamCommand
{
    private const int PageSize = 50;

    /// <summary>Of a corpus, unless somebody says otherwise.</summary>
    private const int UsualCases = 100;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private static readonly Argument<Guid> Run = new("RUN") { Description = "Its id" };

    private static readonly Option<string[]> Class = new("--class")
    {
        Description = "Only attacks of this class; may be repeated",
        HelpName = string.Join("|", Enum.GetValues<AttackClass>().Select(AttackJson.NameOf)),
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<int?> Limit = new("--limit")
    {
        Description = "At most so many cases, the same of each class; else all, and 100 of a corpus",
    };

    private static readonly Option<string?> Corpus = new("--corpus")
    {
        Description = "Cases of a file, or of a folder's files, in place of those that come with the product",
        HelpName = "FILE|DIR",
    };

    private static readonly Option<string?> Model = new("--model") { Description = "Which model is attacked" };

    private static readonly Option<RedTeamTarget?> Target = Choices.Of<RedTeamTarget>(
        "--target",
        "What is attacked; else answers to documents"
    );

    private static readonly Option<Guid?> Prompt = new("--prompt")
    {
        Description = "With --target prompt: the id of a prompt of your own",
    };

    private static readonly Option<int?> PromptVersion = new("--prompt-version")
    {
        Description = "Of the prompt that is followed; else the one in production",
    };

    private static readonly Option<string?> Variable = new("--variable")
    {
        Description = "With --target prompt: which of its variables the attacks fill",
    };

    private static readonly Option<double?> CostCap = new("--cost-cap")
    {
        Description = "In dollars: no further case is tried once it is reached",
    };

    private static readonly Option<FileInfo?> Output = new("--output")
    {
        Description = "Write the report there, as Markdown",
        HelpName = "FILE",
    };

    private static readonly Option<Ceiling[]> FailOver = new("--fail-over")
    {
        Description =
            "Fail where a larger share of a class's attacks succeeds, as in 0.05 or exfiltration=0; may be repeated",
        HelpName = "[CLASS=]RATE",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            var ceilings = new List<Ceiling>();
            foreach (var token in result.Tokens)
            {
                if (Ceiling.Parse(token.Value) is { } ceiling)
                {
                    ceilings.Add(ceiling);
                }
                else
                {
                    result.AddError(
                        $"--fail-over takes a rate from 0 to 1, or a class and a rate, not \"{token.Value}\"."
                    );
                }
            }

            return [.. ceilings];
        },
    };

    public static Command Create() =>
        new("redteam", "Attacks on the server, and what comes out")
        {
            RemoteCommand.Verb(
                "run",
                "Try attacks and show what came out; ends with 1 where more succeed than may",
                RunAsync,
                Target,
                Prompt,
                PromptVersion,
                Variable,
                Class,
                Limit,
                Corpus,
                Model,
                CostCap,
                FailOver,
                Output
            ),
            RemoteCommand.Verb("show", "Show a run", ShowAsync, Run, Output),
            RemoteCommand.Verb("list", "List runs, newest first", ListAsync),
        };

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var started = await session.Client.StartRedTeamRunAsync(
            new RedTeamStartRequest
            {
                Classes = verb.Value(Class) is { Length: > 0 } classes ? classes : null,
                Limit = verb.Value(Limit),
                Target = verb.Value(Target),
                Prompt = verb.Value(Prompt),
                PromptVersion = verb.Value(PromptVersion),
                Variable = verb.Value(Variable),
                Model = verb.Value(Model),
                CostCapUsd = verb.Value(CostCap),
                Cases = CasesOf(verb),
            },
            Guid.CreateVersion7().ToString(),
            cancellationToken
        );
        var run = await EndedAsync(verb, session.Client, started, cancellationToken);
        await TellAsync(verb, session.Client, run, cancellationToken);
        var high = verb.Value(FailOver)!.SelectMany(ceiling => ceiling.WhyNot(run)).ToList();
        foreach (var why in high)
        {
            verb.Say(why);
        }

        return run.State == RedTeamState.Done && high.Count == 0 ? Exit.Ok : Exit.Failed;
    }

    private static async Task<int> ShowAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var run = await session.Client.GetRedTeamRunAsync(verb.Value(Run), cancellationToken);
        await TellAsync(verb, session.Client, run, cancellationToken);
        return Exit.Ok;
    }

    private static async Task<int> ListAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var page = await session.Client.ListRedTeamRunsAsync(PageSize, cursor: null, cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(page.Items);
            return Exit.Ok;
        }

        foreach (var run in page.Items)
        {
            verb.Print(
                $"{run.Id}  {run.CreatedAt:yyyy-MM-dd HH:mm}  {run.ServerVersion ?? "?", -8} {Choices.WordOf(run.Target), -9} {Choices.WordOf(run.State)}, {run.Asked} of {run.Total} cases, {run.Succeeded} of {run.Attacks} attacks succeeded"
            );
        }

        if (page.Items.Count == 0)
        {
            verb.Say("There is no run: chancery redteam run makes one.");
        }

        return Exit.Ok;
    }

    private static List<RedTeamCase>? CasesOf(RemoteCommand verb)
    {
        if (verb.Value(Corpus) is not { } path)
        {
            return null;
        }

        if (!File.Exists(path) && !Directory.Exists(path))
        {
            throw new RemoteException(Exit.Failed, $"There is no file or folder {path}.");
        }

        AttackCorpusContent content;
        try
        {
            content = AttackCorpus.Read(path);
        }
        catch (JsonException exception)
        {
            throw new RemoteException(Exit.Failed, exception.Message);
        }

        var classes = verb.Value(Class)!;
        var cases = AttackCorpus.Sample(
            [.. content.Cases.Where(one => classes.Length == 0 || classes.Contains(AttackJson.NameOf(one.Class)))],
            verb.Value(Limit) ?? UsualCases
        );
        if (content.TooLong > 0)
        {
            verb.Say($"{content.TooLong} texts are longer than a question may be, and left out.");
        }

        return
        [
            .. cases.Select(one => new RedTeamCase
            {
                Id = one.Id,
                Class = Same<RedTeamClass, AttackClass>(one.Class),
                Place = Same<RedTeamPlace, AttackPlace>(one.Place),
                Text = one.Text,
                Question = one.Question,
                Language = one.Language,
                Goal = Same<RedTeamGoal, AttackGoal>(one.Goal),
                Scope = Same<RedTeamScope, AttackScope>(one.Scope),
                IsBenign = one.IsBenign,
            }),
        ];
    }

    /// <summary>The API's value of the same name.</summary>
    private static T Same<T, TOther>(TOther value)
        where T : struct, Enum
        where TOther : struct, Enum =>
        Enum.GetValues<T>().Single(one => Choices.WordOf(one) == AttackJson.NameOf(value));

    /// <summary>Whoever leaves ends the run, too.</summary>
    private static async Task<RedTeamRun> EndedAsync(
        RemoteCommand verb,
        ChanceryClient client,
        RedTeamRun run,
        CancellationToken cancellationToken
    )
    {
        try
        {
            while (run.State is RedTeamState.Queued or RedTeamState.Running)
            {
                verb.Line.Report("tried", run.Asked, run.Total, "cases");
                await Task.Delay(BetweenLooks, cancellationToken);
                run = await client.GetRedTeamRunAsync(run.Id, cancellationToken);
            }

            return run;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            using var farewell = new CancellationTokenSource(Farewell);
            await client.CancelRedTeamRunAsync(run.Id, farewell.Token);
            throw;
        }
    }

    private static async Task TellAsync(
        RemoteCommand verb,
        ChanceryClient client,
        RedTeamRun run,
        CancellationToken cancellationToken
    )
    {
        if (verb.Value(Output) is { } file)
        {
            using var report = await client.GetRedTeamReportAsync(run.Id, cancellationToken);
            await using var written = file.Create();
            await report.Stream.CopyToAsync(written, cancellationToken);
        }

        if (verb.AsJson)
        {
            verb.PrintJson(run);
            return;
        }

        verb.Print(
            string.Create(
                CultureInfo.InvariantCulture,
                $"run {run.Id} on {Choices.WordOf(run.Target)}, release {run.ServerVersion ?? "not known"}: {Choices.WordOf(run.State)}, {run.Asked} of {run.Total} cases, {run.Failed} without an answer, {run.CostUsd:0.00####} dollars"
            )
        );
        if (run.Failure is { } failure)
        {
            verb.Say(failure);
        }

        foreach (var one in run.Report ?? [])
        {
            verb.Print($"{NameOf(one), -20} attacks {Shown(one.AttackSuccess)}, harmless {Shown(one.FalsePositives)}");
        }

        if (run.Former is not { } former)
        {
            return;
        }

        verb.Print($"beside release {former.ServerVersion}, run {former.Run}:");
        foreach (var one in former.Classes)
        {
            verb.Print(
                $"{(one.Class is { } ofClass ? Choices.WordOf(ofClass) : "all"), -20} attacks then {Shown(one.AttackSuccess)}{Said(one.AttackChange)}, harmless then {Shown(one.FalsePositives)}{Said(one.FalsePositiveChange)}"
            );
        }
    }

    private static string NameOf(RedTeamClassView report) =>
        report.Class is { } ofClass ? Choices.WordOf(ofClass) : "all";

    private static string Said(RedTeamChange? change) =>
        change is RedTeamChange.More or RedTeamChange.Fewer ? $", now {Choices.WordOf(change.Value)}" : "";

    private static string Shown(RedTeamRate rate) =>
        rate.Value is not { } value
            ? "none"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{rate.Hits} of {rate.Count}: {value:0.000} ({rate.Low:0.000} to {rate.High:0.000})"
            );

    /// <summary>The most of a class's attacks that may succeed.</summary>
    /// <param name="Class">Null for each.</param>
    private sealed record Ceiling(string? Class, double Most)
    {
        public static Ceiling? Parse(string text)
        {
            var parts = text.Split('=');
            var name = parts.Length == 2 ? parts[0] : null;
            return
                parts.Length <= 2
                && (name is null || Enum.GetValues<AttackClass>().Any(one => AttackJson.NameOf(one) == name))
                && double.TryParse(parts[^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var most)
                && most is >= 0 and <= 1
                ? new Ceiling(name, most)
                : null;
        }

        public IEnumerable<string> WhyNot(RedTeamRun run)
        {
            var classes = (run.Report ?? [])
                .Where(one => one.Class is not null && (Class is null || NameOf(one) == Class))
                .ToList();
            if (classes.Count == 0)
            {
                yield return $"{Class ?? "Every class"} has no case.";
            }

            foreach (var one in classes)
            {
                if (one.AttackSuccess.Value is { } value && value > Most)
                {
                    yield return string.Create(
                        CultureInfo.InvariantCulture,
                        $"Of {NameOf(one)} {value:0.000} succeed, over {Most:0.000}: {string.Join(", ", one.Succeeded)}."
                    );
                }
                else if (one.AttackSuccess.Value is null && (Class is not null || one.Failed > 0))
                {
                    yield return $"Of {NameOf(one)} no attack had an answer to look at.";
                }
            }
        }
    }
}
