using System.CommandLine;
using System.Globalization;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery eval</c>: questions with expected answers, and how the server does on them.</summary>
internal static class EvalCommand
{
    private const int PageSize = 100;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    private static readonly Argument<string> Dataset = new("DATASET")
    {
        Description = "By name or id",
        HelpName = "DATASET",
    };

    private static readonly Argument<FileInfo> Questions = new("FILE") { Description = "CSV or JSON Lines" };
    private static readonly Argument<Guid> Before = new("RUN") { Description = "The run to compare with" };
    private static readonly Argument<Guid> After = new("OTHER") { Description = "The other run" };

    private static readonly Option<EvalTargetKind?> Target = Choices.Of<EvalTargetKind>(
        "--target",
        "What is asked: the documents, the search alone, upgrades of rough prompts, drafts of contracts; else the documents"
    );

    private static readonly Option<string?> Model = new("--model") { Description = "Which model answers" };

    private static readonly Option<string[]> Judge = new("--judge")
    {
        Description = "Have a model judge: relevance, faithfulness, helpfulness, preference; may be repeated",
        HelpName = "CRITERION",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<Guid?> JudgeAgainst = new("--judge-against")
    {
        Description = "For --judge preference: another run of the dataset, with whose answers these are compared",
    };

    private static readonly Option<string?> JudgeModel = new("--judge-model") { Description = "Which model judges" };

    private static readonly Option<bool> JudgeFresh = new("--judge-fresh")
    {
        Description = "Have it judged also where the judge judged the same before, told the same",
    };

    private static readonly Option<double?> CostCap = new("--cost-cap")
    {
        Description = "In dollars: no further question is asked once it is reached",
    };

    private static readonly Option<int?> Repeats = new("--repeats")
    {
        Description = "Ask each question so many times, 1 to 10; scores are means, and their spread is told",
    };

    private static readonly Option<Floor[]> FailUnder = new("--fail-under")
    {
        Description = "Fail where the mean of a score is lower, as in contains_answer=0.8; may be repeated",
        HelpName = "SCORE=VALUE",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            var floors = new List<Floor>();
            foreach (var token in result.Tokens)
            {
                if (Floor.Parse(token.Value) is { } floor)
                {
                    floors.Add(floor);
                }
                else
                {
                    result.AddError($"--fail-under takes a score and a value from 0 to 1, not \"{token.Value}\".");
                }
            }

            return [.. floors];
        },
    };

    private static readonly Option<double> LeastCoverage = new("--least-coverage")
    {
        Description = "Fail, too, where a score of --fail-under could be had of a smaller share of its questions",
        DefaultValueFactory = _ => 0.9,
    };

    public static Command Create() =>
        new("eval", "Questions with expected answers, and how the server does on them")
        {
            RemoteCommand.Verb("list", "List datasets, newest first", ListAsync),
            RemoteCommand.Verb(
                "import",
                "Add the questions of a file to a dataset; it is made where there is none of the name",
                ImportAsync,
                Dataset,
                Questions
            ),
            RemoteCommand.Verb(
                "run",
                "Ask the questions of a dataset and show how it went; ends with 1 where a score is under what is wanted",
                RunAsync,
                Dataset,
                Target,
                Model,
                Judge,
                JudgeModel,
                JudgeAgainst,
                JudgeFresh,
                CostCap,
                Repeats,
                FailUnder,
                LeastCoverage
            ),
            ReasoningTrialVerb.Create(),
            JudgeCheckVerb.Create(),
            RemoteCommand.Verb("compare", "Compare two runs question by question", CompareAsync, Before, After),
        };

    private static async Task<int> ListAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var datasets = await AllAsync(session.Client, cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(datasets);
            return Exit.Ok;
        }

        foreach (var dataset in datasets)
        {
            var active = dataset.IsActive ? ", asked every night" : "";
            verb.Print($"{dataset.Id}  {dataset.Name}  {dataset.Questions} questions{active}");
        }

        if (datasets.Count == 0)
        {
            verb.Say("There is no dataset: chancery eval import makes one.");
        }

        return Exit.Ok;
    }

    private static async Task<int> ImportAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var name = verb.Value(Dataset)!;
        var file = verb.Value(Questions)!;
        await using var content = file.OpenRead();
        var dataset =
            await FindAsync(session.Client, name, cancellationToken)
            ?? await session.Client.CreateEvalDatasetAsync(
                new DatasetCreateRequest { Name = name },
                cancellationToken: cancellationToken
            );
        var imported = await session.Client.ImportEvalQuestionsAsync(
            dataset.Id,
            new FileParameter(content, file.Name, "text/plain"),
            cancellationToken: cancellationToken
        );
        foreach (var row in imported.Rejected)
        {
            verb.Say($"row {row.Row}: {row.Reason}");
        }

        if (verb.AsJson)
        {
            verb.PrintJson(imported);
        }
        else
        {
            verb.Print($"Added {imported.Added} questions to {dataset.Name}; {imported.RejectedCount} rows rejected.");
        }

        return imported.RejectedCount > 0 ? Exit.Failed : Exit.Ok;
    }

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var name = verb.Value(Dataset)!;
        var dataset =
            await FindAsync(session.Client, name, cancellationToken)
            ?? throw new RemoteException(
                Exit.Failed,
                $"There is no dataset \"{name}\": chancery eval list names those that there are."
            );
        var judges = verb.Value(Judge)!;
        var started = await session.Client.StartEvalRunAsync(
            new RunStartRequest
            {
                Dataset = dataset.Id,
                Target = new EvalTarget
                {
                    Kind = verb.Value(Target) ?? EvalTargetKind.Answer,
                    Model = verb.Value(Model),
                },
                Judging =
                    judges.Length > 0
                        ? new EvalJudging
                        {
                            Criteria = judges,
                            Model = verb.Value(JudgeModel),
                            Against = verb.Value(JudgeAgainst),
                            Fresh = verb.Value(JudgeFresh) ? true : null,
                        }
                        : null,
                CostCapUsd = verb.Value(CostCap),
                Repeats = verb.Value(Repeats) ?? 1,
            },
            Guid.CreateVersion7().ToString(),
            cancellationToken
        );
        var run = await EndedAsync(verb, session.Client, started, cancellationToken);
        var low = verb.Value(FailUnder)!
            .Select(floor => floor.WhyNot(run, verb.Value(LeastCoverage)))
            .OfType<string>()
            .ToList();
        if (verb.AsJson)
        {
            verb.PrintJson(run);
        }
        else
        {
            PrintRun(verb, run);
        }

        foreach (var why in low)
        {
            verb.Say(why);
        }

        return run.State == EvalRunState.Done && low.Count == 0 ? Exit.Ok : Exit.Failed;
    }

    private static async Task<int> CompareAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var compared = await session.Client.CompareEvalRunsAsync(
            verb.Value(Before),
            verb.Value(After),
            cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(compared);
            return Exit.Ok;
        }

        foreach (var change in compared.Scores)
        {
            verb.Print(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{change.Name, -20} {change.Before:0.000} → {change.After:0.000}  {change.Difference:+0.000;-0.000;0.000} ({change.Low:0.000} to {change.High:0.000})  {Choices.WordOf(change.Verdict)}, {change.Better} better, {change.Worse} worse of {change.Pairs}"
                )
            );
        }

        return Exit.Ok;
    }

    /// <summary>Whoever leaves ends the run, too.</summary>
    private static async Task<EvalRun> EndedAsync(
        RemoteCommand verb,
        ChanceryClient client,
        EvalRun run,
        CancellationToken cancellationToken
    )
    {
        try
        {
            while (run.State is EvalRunState.Queued or EvalRunState.Running)
            {
                verb.Line.Report("asked", run.Asked, run.Total, "questions");
                await Task.Delay(BetweenLooks, cancellationToken);
                run = await client.GetEvalRunAsync(run.Id, cancellationToken);
            }

            return run;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            using var farewell = new CancellationTokenSource(Farewell);
            await client.CancelEvalRunAsync(run.Id, farewell.Token);
            throw;
        }
    }

    private static void PrintRun(RemoteCommand verb, EvalRun run)
    {
        verb.Print(
            string.Create(
                CultureInfo.InvariantCulture,
                $"run {run.Id}: {Choices.WordOf(run.State)}, {run.Asked} of {run.Total} questions, {run.Failed} without an answer, {run.CostUsd:0.00####} dollars"
            )
        );
        if (run.Failure is { } failure)
        {
            verb.Say(failure);
        }

        foreach (var score in run.Scores ?? [])
        {
            verb.Print(
                score.Mean is null
                    ? $"{score.Name, -20} of no question"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{score.Name, -20} {score.Mean:0.000} ({score.Low:0.000} to {score.High:0.000})  of {score.Count}, coverage {score.Coverage:0.00}"
                    )
                        + (
                            score.Spread is { } spread
                                ? string.Create(CultureInfo.InvariantCulture, $", spread {spread:0.000}")
                                : ""
                        )
            );
        }
    }

    private static async Task<EvalDataset?> FindAsync(
        ChanceryClient client,
        string wanted,
        CancellationToken cancellationToken
    ) =>
        Guid.TryParse(wanted, out var id)
            ? await client.GetEvalDatasetAsync(id, cancellationToken)
            : (await AllAsync(client, cancellationToken)).FirstOrDefault(dataset =>
                dataset.Name.Equals(wanted, StringComparison.OrdinalIgnoreCase)
            );

    private static async Task<IReadOnlyList<EvalDataset>> AllAsync(
        ChanceryClient client,
        CancellationToken cancellationToken
    )
    {
        var datasets = new List<EvalDataset>();
        string? cursor = null;
        do
        {
            var page = await client.ListEvalDatasetsAsync(PageSize, cursor, cancellationToken);
            datasets.AddRange(page.Items);
            cursor = page.NextCursor;
        } while (cursor is not null);

        return datasets;
    }

    /// <summary>The least that the mean of a score may be.</summary>
    private sealed record Floor(string Score, double Least)
    {
        public static Floor? Parse(string text) =>
            text.Split('=') is [{ Length: > 0 } score, var value]
            && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var least)
            && least is >= 0 and <= 1
                ? new Floor(score, least)
                : null;

        /// <summary>Null where the run is at least as good.</summary>
        public string? WhyNot(EvalRun run, double coverage)
        {
            var score = run.Scores?.FirstOrDefault(one => one.Name == Score);
            return score?.Mean is not { } mean ? $"{Score} is of no question."
                : mean < Least
                    ? string.Create(CultureInfo.InvariantCulture, $"{Score} is {mean:0.000}, under {Least:0.000}.")
                : score.Coverage < coverage
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"{Score} covers {score.Coverage:0.00} of its questions, under {coverage:0.00}."
                    )
                : null;
        }
    }
}
