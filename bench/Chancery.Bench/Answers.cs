using System.Globalization;
using Chancery.Evaluation.Scoring;
using Chancery.Testing.Answers;
using Chancery.Testing.Models;

namespace Chancery.Bench;

/// <summary>
/// How often does the whole product cite right and say "not in your documents" where that is so? Real questions over real documents,
/// uploaded, searched, answered and scored by a server of its own: without a model, and with one that has the faults of models.
/// </summary>
internal static class Answers
{
    private const string Extractive = "extractive";
    private const string Scripted = "scripted model";

    private static readonly (string Name, Func<JudgedSet> Read)[] Sets =
    [
        ("xquad-en", () => JudgedSets.Xquad("en")),
        ("xquad-de", () => JudgedSets.Xquad("de", foreign: 0)),
        ("rgb", () => JudgedSets.Rgb()),
        ("hotpot", JudgedSets.Hotpot),
        ("financebench", JudgedSets.Financebench),
    ];

    private sealed record Answered(string Set, string By, IReadOnlyList<ExamResult> Results);

    /// <param name="args">Names of sets; none for all.</param>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Except(Sets.Select(set => set.Name)).FirstOrDefault() is { } unknown)
        {
            await Console.Error.WriteLineAsync(
                $"\"{unknown}\" is none of the sets {string.Join(", ", Sets.Select(set => set.Name))}."
            );
            return 2;
        }

        await using var model = await ScriptedModelServer.StartAsync();
        model.Behaves(ScriptedReader.Answer);
        Environment.SetEnvironmentVariable("MODEL_URL", model.BaseAddress.ToString());
        Environment.SetEnvironmentVariable("MODEL_NAME", ScriptedModelServer.Model);
        Environment.SetEnvironmentVariable("MODEL_API_KEY", "sk-bench");
        var data = ServerProcess.NewDirectory();
        var all = new List<Answered>();
        await using (var server = await ServerProcess.StartAsync(Path.Combine(data, "data")))
        {
            foreach (var (_, read) in Sets.Where(set => args.Length == 0 || args.Contains(set.Name)))
            {
                var set = read();
                using var client = await server.SignUpAsync();
                var exam = new AnswerExam(client, set);
                await exam.UploadAsync(CancellationToken.None);
                all.Add(new(set.Name, Extractive, await exam.AskAsync(Extractive, CancellationToken.None)));
                all.Add(new(set.Name, Scripted, await exam.AskAsync(model: null, CancellationToken.None)));
            }
        }

        Directory.Delete(data, recursive: true);
        TellCitations(all);
        TellRefusals(all);
        TellAnswers(all);
        TellHabits(all);
        return 0;
    }

    private static void TellCitations(List<Answered> all)
    {
        Console.WriteLine("| Set | Answered by | Citation precision % | of | Citation recall % | of |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var (set, by, results) in all)
        {
            var figures = AnswerFigures.Of(results);
            if (figures.CitationRecall.Count > 0)
            {
                Console.WriteLine(
                    $"| {set} | {by} | {Percent(figures.CitationPrecision)} | {figures.CitationPrecision.Count} | {Percent(figures.CitationRecall)} | {figures.CitationRecall.Count} |"
                );
            }
        }

        Console.WriteLine();
    }

    private static void TellRefusals(List<Answered> all)
    {
        Console.WriteLine(
            "| Set | Answered by | False refusals % | of | Missed refusals, document left out % | of | Missed refusals, another subject % | of | Failed |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var (set, by, results) in all)
        {
            var figures = AnswerFigures.Of(results);
            Console.WriteLine(
                $"| {set} | {by} | {Rest(figures.Answered)} | {figures.Answered.Count} | {Rest(figures.LeftOutRefused)} | {figures.LeftOutRefused.Count} | {Rest(figures.ForeignRefused)} | {figures.ForeignRefused.Count} | {figures.Failed} |"
            );
        }

        Console.WriteLine();
    }

    private static void TellAnswers(List<Answered> all)
    {
        Console.WriteLine("| Set | Answered by | Token F1 % | Contains the answer % | of |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var (set, by, results) in all)
        {
            var figures = AnswerFigures.Of(results);
            if (figures.TokenF1.Count > 0)
            {
                Console.WriteLine(
                    $"| {set} | {by} | {Percent(figures.TokenF1)} | {Percent(figures.Contains)} | {figures.TokenF1.Count} |"
                );
            }
        }

        Console.WriteLine();
    }

    /// <summary>What the product makes of a model's faults: over all sets whose places are known.</summary>
    private static void TellHabits(List<Answered> all)
    {
        Console.WriteLine(
            "| The scripted model | Questions | Answerable: shown as answered % | Citation precision % | of | No answer: shown as answered % | of | Sentences that passages support % | of |"
        );
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        var said = all.Where(one => one.By == Scripted).SelectMany(one => one.Results).ToList();
        foreach (var habit in Enum.GetValues<ReadingHabit>())
        {
            var results = said.FindAll(result => ScriptedReader.HabitOf(result.Question.Text) == habit);
            var figures = AnswerFigures.Of(results);
            var wrongly = ScoreSummary.Of(
                results
                    .Where(result => result.Kind is not RoundKind.Answerable && !result.IsFailed)
                    .Select(result => Score.Of(!result.IsRefused))
            );
            var support = ScoreSummary.Of(results.Select(result => result.ScoreOf("support")));
            Console.WriteLine(
                $"| {NameOf(habit)} | {results.Count} | {Percent(figures.Answered)} | {Percent(figures.CitationPrecision)} | {figures.CitationPrecision.Count} | {Percent(wrongly)} | {wrongly.Count} | {Percent(support)} | {support.Count} |"
            );
        }
    }

    private static string NameOf(ReadingHabit habit) =>
        habit switch
        {
            ReadingHabit.Careful => "copies the best sentence with its mark, or refuses",
            ReadingHabit.MarksTheWrongPassage => "marks the passage after it",
            ReadingHabit.MarksNoPassage => "marks a passage that is not there",
            ReadingHabit.Unmarked => "marks nothing",
            ReadingHabit.AddsANumber => "adds a sentence with a number of its own",
            _ => "never refuses",
        };

    private static string Percent(ScoreSummary summary) =>
        summary is { Mean: { } mean, Interval: { } interval }
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{100 * mean:F1} ({100 * interval.Low:F1}–{100 * interval.High:F1})"
            )
            : "–";

    /// <summary>The share that is not in it.</summary>
    private static string Rest(ScoreSummary summary) =>
        summary is { Mean: { } mean, Interval: { } interval }
            ? Percent(summary with { Mean = 1 - mean, Interval = new(1 - interval.High, 1 - interval.Low) })
            : "–";
}
