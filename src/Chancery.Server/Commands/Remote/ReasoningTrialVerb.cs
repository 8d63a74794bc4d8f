using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery eval reasoning</c>: what thinking step by step is worth with a model.</summary>
internal static class ReasoningTrialVerb
{
    private static readonly Option<string> Model = new("--model")
    {
        Description = "Which model is asked, plainly and step by step",
        Required = true,
    };

    private static readonly Option<string?> Judge = new("--judge-model")
    {
        Description = "Which model judges steps and coherence, better another one; left out, only accuracy is measured",
    };

    private static readonly Option<FileInfo?> Questions = new("--questions")
    {
        Description = "JSON Lines with question and answer; else the 20 that come with the program",
    };

    private static readonly Option<bool> Check = new("--check")
    {
        Description = "End with 1 where a measure does not reach its target, or could not be had",
    };

    public static Command Create() =>
        RemoteCommand.Verb(
            "reasoning",
            "Ask a model questions plainly and step by step, and compare",
            RunAsync,
            Model,
            Judge,
            Questions,
            Check
        );

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var questions = verb.Value(Questions) is { } file
            ? await ReadAsync(file, cancellationToken)
            : ReasoningTrial.Shipped;
        var trial = new ReasoningTrial(session, verb.Value(Model), verb.Value(Judge));
        var tried = new List<TriedQuestion>();
        foreach (var question in questions)
        {
            verb.Line.Report("asking", tried.Count, questions.Count, "questions");
            tried.Add(await trial.TryAsync(question, cancellationToken));
        }

        var measures = ReasoningTrial.Measure(tried);
        if (verb.AsJson)
        {
            verb.PrintJson(
                new
                {
                    Model = verb.Value(Model),
                    JudgeModel = verb.Value(Judge),
                    trial.Tokens,
                    Measures = measures,
                    Questions = tried,
                }
            );
        }
        else
        {
            foreach (var measure in measures)
            {
                verb.Print(Told(measure));
            }

            verb.Say($"{tried.Count} questions, {trial.Tokens} tokens.");
        }

        return verb.Value(Check) && measures.Any(measure => measure.IsReached != true) ? Exit.Failed : Exit.Ok;
    }

    private static string Told(TrialMeasure measure)
    {
        if (measure.After is not { } after)
        {
            return $"{measure.Name}: not judged";
        }

        var outcome = measure.IsReached == true ? "reached" : "not reached";
        var told = measure.Before is { } before
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{measure.Name}: {before:0.00} plainly, {after:0.00} step by step"
            )
            : string.Create(CultureInfo.InvariantCulture, $"{measure.Name}: {after:0.00}");
        var gain = measure.Improvement is { } share
            ? string.Create(CultureInfo.InvariantCulture, $", {share:+0 %;-0 %;0 %}")
            : "";
        var interval = string.Create(
            CultureInfo.InvariantCulture,
            $" (95 % interval{(measure.Before is null ? "" : " of the difference")} {measure.Low:0.00} to {measure.High:0.00}, {measure.Count} questions)"
        );
        return $"{told}{gain}{interval}; wanted: {measure.Target}: {outcome}";
    }

    private static async Task<IReadOnlyList<TrialQuestion>> ReadAsync(
        FileInfo file,
        CancellationToken cancellationToken
    )
    {
        if (!file.Exists)
        {
            throw new RemoteException(Exit.Usage, $"There is no file {file.Name}.");
        }

        var questions = new List<TrialQuestion>();
        var number = 0;
        await foreach (var line in File.ReadLinesAsync(file.FullName, cancellationToken))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            questions.Add(
                Read(line)
                    ?? throw new RemoteException(
                        Exit.Usage,
                        $"Line {number} of {file.Name} is no JSON object with question and answer."
                    )
            );
        }

        return questions.Count > 0
            ? questions
            : throw new RemoteException(Exit.Usage, $"There is no question in {file.Name}.");
    }

    private static TrialQuestion? Read(string line)
    {
        try
        {
            return
                JsonSerializer.Deserialize<TrialQuestion>(line, JsonSerializerOptions.Web)
                    is { Question.Length: > 0, Answer.Length: > 0 } read
                ? read
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
