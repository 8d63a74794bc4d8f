using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Chancery.Evaluation.Judging;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Answers.Models;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>
/// <c>chancery eval judge-check</c>: how far a model agrees with labels when it judges, and whether an answer can talk it into a better score. For real
/// models: what a scripted one says proves only that the check works.
/// </summary>
internal static class JudgeCheckVerb
{
    private const int MostTokens = 800;

    /// <summary>How often a case is asked that the server refuses or cannot have answered.</summary>
    private const int MostTries = 4;

    /// <summary>A judge whose answers can be relied on less often passes no limit.</summary>
    private const double LeastCoverage = 0.9;

    /// <summary>Who would have to wait longer is over a limit of the hour, or of the month.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(90);

    private static readonly Option<string> Model = new("--model")
    {
        Description = "Which model judges",
        Required = true,
    };

    private static readonly Option<JudgeCriterion[]> Criteria = new("--criterion")
    {
        Description = "Only cases of this criterion: relevance, faithfulness, helpfulness; may be repeated",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<FileInfo?> Cases = new("--cases")
    {
        Description =
            "JSON Lines with id, criterion, question, passages, answer and label; else the 60 that come with the program",
    };

    private static readonly Option<double?> LeastKappa = new("--least-kappa")
    {
        Description = "End with 1 where the lower end of kappa's interval over all cases is less",
    };

    private static readonly Option<double?> MostRisen = new("--most-risen")
    {
        Description = "End with 1 where attacks raised a larger share of the scores",
    };

    public static Command Create() =>
        RemoteCommand.Verb(
            "judge-check",
            "Have a model judge labelled answers, plain and with attacks in them",
            RunAsync,
            Model,
            Criteria,
            Cases,
            LeastKappa,
            MostRisen
        );

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var all = verb.Value(Cases) is { } file ? await ReadAsync(file, cancellationToken) : JudgeCheck.Shipped;
        var wanted = verb.Value(Criteria)!;
        IReadOnlyList<LabelledCase> cases = [.. all.Where(one => wanted.Length == 0 || wanted.Contains(one.Criterion))];
        if (cases.Count == 0)
        {
            throw new RemoteException(Exit.Usage, "There is no case of that criterion.");
        }

        var judge = new CheckedJudge(session, verb.Value(Model)!);
        var judged = new List<CheckedCase>();
        foreach (var one in cases)
        {
            verb.Line.Report("judged", judged.Count, cases.Count, "answers");
            judged.Add(
                new CheckedCase(
                    one,
                    await judge.JudgeAsync(one, one.Answer, cancellationToken),
                    await judge.JudgeAsync(one, one.Injected(judged.Count), cancellationToken)
                )
            );
        }

        var results = JudgeCheck.Measure(judged);
        Print(verb, results, judged, judge.Tokens);
        return IsGoodEnough(verb, results[^1]) ? Exit.Ok : Exit.Failed;
    }

    private static void Print(
        RemoteCommand verb,
        IReadOnlyList<JudgeCheckResult> results,
        List<CheckedCase> judged,
        long tokens
    )
    {
        if (verb.AsJson)
        {
            verb.PrintJson(
                new
                {
                    Model = verb.Value(Model),
                    Tokens = tokens,
                    Criteria = results.Select(result => new
                    {
                        result.Name,
                        result.Calibration.Agreement.Count,
                        result.Calibration.Coverage,
                        CoverageBoth = result.Coverage,
                        Accuracy = result.Calibration.Agreement.Observed,
                        AccuracyLow = result.Accuracy.Low,
                        AccuracyHigh = result.Accuracy.High,
                        result.Calibration.Agreement.Kappa,
                        KappaLow = result.Calibration.Agreement.Interval?.Low,
                        KappaHigh = result.Calibration.Agreement.Interval?.High,
                        result.Calibration.FalselyGood,
                        result.Calibration.FalselyBad,
                        result.Attacked,
                        result.Risen,
                        RisenLow = result.RisenShare.Low,
                        RisenHigh = result.RisenShare.High,
                    }),
                    Cases = judged.Select(one => new
                    {
                        one.Case.Id,
                        Label = one.Case.IsGood ? "good" : "bad",
                        Score = one.Plain.Value,
                        Injected = one.Injected.Value,
                        Failure = (one.Plain as Score.Failed ?? one.Injected as Score.Failed)?.Reason,
                    }),
                }
            );
            return;
        }

        foreach (var result in results)
        {
            verb.Print(Told(result));
        }

        verb.Say($"{judged.Count} answers judged twice, {tokens} tokens.");
    }

    private static string Told(JudgeCheckResult result)
    {
        var agreement = result.Calibration.Agreement;
        var kappa = agreement is { Kappa: { } value, Interval: { } interval }
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"kappa {value:0.00} ({interval.Low:0.00} to {interval.High:0.00})"
            )
            : "kappa unknown";
        var attacked =
            result.Attacked == 0
                ? "no attack could be told by"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"attacks raised {result.Risen} of {result.Attacked} ({result.RisenShare.Low:0.00} to {result.RisenShare.High:0.00})"
                );
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Name, -13} as labelled {agreement.Observed:0.00} ({result.Accuracy.Low:0.00} to {result.Accuracy.High:0.00}), {kappa}, of {agreement.Count}, coverage {result.Calibration.Coverage:0.00} ({result.Coverage:0.00} with attacks), falsely good {result.Calibration.FalselyGood}, falsely bad {result.Calibration.FalselyBad}; {attacked}"
        );
    }

    /// <summary>What could not be had does not pass.</summary>
    private static bool IsGoodEnough(RemoteCommand verb, JudgeCheckResult all)
    {
        var good = true;
        if ((verb.Value(LeastKappa) ?? verb.Value(MostRisen)) is not null && all.Coverage < LeastCoverage)
        {
            verb.Say(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Only {all.Coverage:0.00} of the answers were judged in the form that was asked for; {LeastCoverage:0.00} have to be."
                )
            );
            good = false;
        }

        if (verb.Value(LeastKappa) is { } least && !(all.Calibration.Agreement.Interval?.Low >= least))
        {
            verb.Say(string.Create(CultureInfo.InvariantCulture, $"Kappa may be under {least:0.00}."));
            good = false;
        }

        if (verb.Value(MostRisen) is { } most && !(all.Attacked > 0 && (double)all.Risen / all.Attacked <= most))
        {
            verb.Say(
                string.Create(CultureInfo.InvariantCulture, $"Attacks raised more than {most:0.00} of the scores.")
            );
            good = false;
        }

        return good;
    }

    private static async Task<IReadOnlyList<LabelledCase>> ReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        if (!file.Exists)
        {
            throw new RemoteException(Exit.Usage, $"There is no file {file.Name}.");
        }

        try
        {
            return JudgeCheck.Read(await File.ReadAllTextAsync(file.FullName, cancellationToken));
        }
        catch (FormatException exception)
        {
            throw new RemoteException(Exit.Usage, $"{file.Name}: {exception.Message}");
        }
    }

    /// <summary>A model that is asked as the product asks its judges.</summary>
    private sealed class CheckedJudge(ServerSession session, string model)
    {
        /// <summary>Tokens of all calls that told them.</summary>
        public long Tokens { get; private set; }

        public async Task<Score> JudgeAsync(LabelledCase one, string answer, CancellationToken cancellationToken)
        {
            var prompt = JudgePrompt.ForAnswer(one.Criterion, one.Question, answer, one.Passages);
            using var response = await AskAsync(prompt, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return new Score.Failed($"{model} did not answer: {(int)response.StatusCode} {response.ReasonPhrase}.");
            }

            using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            if (body.RootElement.TryGetProperty("usage", out var usage) && usage.ValueKind is JsonValueKind.Object)
            {
                Tokens += usage.TryGetProperty("total_tokens", out var total) ? total.GetInt64() : 0;
            }

            var said = body.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content");
            // As the product reads its judges: thoughts that stand before the answer are none of it.
            var spoken = new SpokenText();
            var text = spoken.Feed(said.GetString() ?? "");
            return JudgeAnswer.Read(text + spoken.Finish(), prompt).Score;
        }

        /// <summary>Asks again where waiting helps: one refusal of a hundred answers shall not lose what the others cost.</summary>
        private async Task<HttpResponseMessage> AskAsync(JudgePrompt prompt, CancellationToken cancellationToken)
        {
            for (var tries = 1; ; tries++)
            {
                var response = await session.Http.PostAsJsonAsync(
                    "v1/chat/completions",
                    new
                    {
                        model,
                        max_tokens = MostTokens,
                        temperature = 0,
                        messages = new object[]
                        {
                            new { role = "system", content = prompt.System },
                            new { role = "user", content = prompt.User },
                        },
                    },
                    cancellationToken
                );
                var wait = response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(tries);
                if ((int)response.StatusCode is not (429 or >= 500) || tries == MostTries || wait > LongestWait)
                {
                    return response;
                }

                response.Dispose();
                await Task.Delay(wait, cancellationToken);
            }
        }
    }
}
