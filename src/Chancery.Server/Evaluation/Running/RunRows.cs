using Chancery.Evaluation.Scoring;
using Chancery.Server.Evaluation.Comparing;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Evaluation.Running;

/// <summary>A run as it is stored.</summary>
internal sealed class RunRow
{
    public Guid Id { get; init; }

    public Guid DatasetId { get; init; }

    public string DatasetName { get; init; } = "";

    public string Origin { get; init; } = "";

    public Guid StartedBy { get; init; }

    public string Target { get; init; } = "";

    public string? Judging { get; init; }

    public string? Judges { get; init; }

    public string State { get; init; } = "";

    public int Repeats { get; init; }

    public int Total { get; init; }

    public int Asked { get; init; }

    public int Failed { get; init; }

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public long CostNano { get; init; }

    public long? CapNano { get; init; }

    public string? Summary { get; init; }

    public string? Regressions { get; init; }

    public string? Failure { get; init; }

    public string? PromptSha256 { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public EvalRun ToRun() =>
        new(
            Id,
            DatasetId,
            DatasetName,
            Origin,
            StartedBy,
            EvalJson.Read<EvalTarget>(Target),
            Judging is null ? null : EvalJson.Read<EvalJudging>(Judging),
            Judges is null ? null : [.. EvalJson.Read<KeptJudge[]>(Judges).Select(judge => judge.View)],
            State,
            Repeats,
            Total,
            Asked,
            Failed,
            InputTokens,
            OutputTokens,
            DollarsOf(CostNano),
            CapNano is { } cap ? DollarsOf(cap) : null,
            Summary is null ? null : EvalJson.Read<ScoreMean[]>(Summary),
            Regressions is null ? null : EvalJson.Read<ScoreChange[]>(Regressions),
            Failure,
            CreatedAt,
            StartedAt,
            EndedAt
        )
        {
            PromptSha256 = PromptSha256,
        };

    public static decimal DollarsOf(long nano) => Math.Round(new NanoDollars(nano).Dollars, 6);
}

/// <summary>A result as it is stored, and whether whoever looks may read it.</summary>
internal sealed class ResultRow
{
    public Guid QuestionId { get; init; }

    public int Number { get; init; }

    public string Question { get; init; } = "";

    public string Answer { get; init; } = "";

    public string Outcome { get; init; } = "";

    public string? Model { get; init; }

    public string Places { get; init; } = "";

    public string Scores { get; init; } = "";

    public string Notes { get; init; } = "";

    public string? Labels { get; init; }

    public string? Error { get; init; }

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public long CostNano { get; init; }

    public string[] Cached { get; init; } = [];

    public int Times { get; init; }

    public string? Spread { get; init; }

    public int DurationMs { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public bool IsWithheld { get; init; }

    public EvalResult ToResult()
    {
        var scores = EvalJson.Read<Dictionary<string, Score>>(Scores);
        var spread = Spread is null ? [] : EvalJson.Read<Dictionary<string, double>>(Spread);
        return new(
            QuestionId,
            Number,
            Question,
            IsWithheld ? null : Answer,
            Outcome,
            Model,
            IsWithheld ? null : EvalJson.Read<FoundPlace[]>(Places),
            [
                .. ScoreName
                    .All.Where(scores.ContainsKey)
                    .Select(name =>
                        ScoreView.Of(name, scores[name]) with
                        {
                            Cached = Cached.Contains(name) ? true : null,
                            Spread = spread.TryGetValue(name, out var apart) ? Math.Round(apart, 6) : null,
                        }
                    )
                    // A judge says what it read.
                    .Select(score => IsWithheld ? score with { Reason = null } : score),
            ],
            IsWithheld ? null : EvalJson.Read<string[]>(Notes),
            Labels is null ? null : EvalJson.Read<Dictionary<string, string>>(Labels),
            Error,
            Times,
            IsWithheld ? true : null,
            InputTokens,
            OutputTokens,
            RunRow.DollarsOf(CostNano),
            DurationMs,
            CreatedAt
        );
    }
}
