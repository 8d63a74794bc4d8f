using Chancery.Evaluation.RedTeam;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>A run as it is stored.</summary>
internal sealed class RedTeamRow
{
    public Guid Id { get; init; }

    public Guid StartedBy { get; init; }

    public string? Model { get; init; }

    public int? PromptVersion { get; init; }

    public string State { get; init; } = "";

    public int Total { get; init; }

    public int Asked { get; init; }

    public int Failed { get; init; }

    public int Attacks { get; init; }

    public int Succeeded { get; init; }

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public long CostNano { get; init; }

    public long? CapNano { get; init; }

    public string? Failure { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public DateTimeOffset? ClearedAt { get; init; }

    public string Target { get; init; } = "";

    public Guid? PromptId { get; init; }

    public string? Variable { get; init; }

    public string? ServerVersion { get; init; }

    public RedTeamRun ToRun() =>
        new(
            Id,
            StartedBy,
            Model,
            PromptVersion,
            State,
            Total,
            Asked,
            Failed,
            Attacks,
            Succeeded,
            InputTokens,
            OutputTokens,
            RunRow.DollarsOf(CostNano),
            CapNano is { } cap ? RunRow.DollarsOf(cap) : null,
            ClearedAt is not null,
            Failure,
            CreatedAt,
            StartedAt,
            EndedAt,
            Target,
            PromptId,
            Variable,
            ServerVersion
        );
}

/// <summary>A result as it is stored.</summary>
internal sealed class RedTeamResultRow
{
    public int Number { get; init; }

    public string CaseId { get; init; } = "";

    public string Class { get; init; } = "";

    public string Place { get; init; } = "";

    public bool IsBenign { get; init; }

    public string Outcome { get; init; } = "";

    public string Question { get; init; } = "";

    public string Answer { get; init; } = "";

    public string? Model { get; init; }

    public string[] Guards { get; init; } = [];

    public string? Error { get; init; }

    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    public long CostNano { get; init; }

    public int DurationMs { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public RedTeamResult ToResult() =>
        new(
            Number,
            CaseId,
            Class,
            Place,
            IsBenign,
            Outcome,
            Question,
            Answer,
            Model,
            Guards,
            Error,
            InputTokens,
            OutputTokens,
            RunRow.DollarsOf(CostNano),
            DurationMs,
            CreatedAt
        );
}

/// <summary>Of a result what a report counts.</summary>
internal sealed class CountedRow
{
    public string CaseId { get; init; } = "";

    public string Class { get; init; } = "";

    public string Place { get; init; } = "";

    public bool IsBenign { get; init; }

    public string Outcome { get; init; } = "";

    public string[] Guards { get; init; } = [];

    public AttackResult ToResult() =>
        new(CaseId, Of<AttackClass>(Class), Of<AttackPlace>(Place), IsBenign, Of<AttackOutcome>(Outcome), Guards);

    private static T Of<T>(string name)
        where T : struct, Enum => Enum.GetValues<T>().Single(one => AttackJson.NameOf(one) == name);
}

/// <summary>A run as its worker finds it.</summary>
internal sealed class OpenRedTeamRow
{
    public Guid Id { get; init; }

    public string Starter { get; init; } = "";

    public string? Model { get; init; }

    public int? PromptVersion { get; init; }

    public string Target { get; init; } = "";

    public Guid? PromptId { get; init; }

    public string? Variable { get; init; }

    public string Cases { get; init; } = "";

    public byte[] Seed { get; init; } = [];

    public long? CapNano { get; init; }

    public long CostNano { get; init; }

    public bool HasEnded { get; init; }

    public OpenRedTeamRun ToRun() =>
        new(
            Id,
            EvalJson.Read<RunStarter>(Starter),
            new AttackTarget(Target, Model, PromptId, PromptVersion, Variable),
            AttackJson.Read(Cases),
            Seed,
            CapNano is { } cap ? new NanoDollars(cap) : null,
            new NanoDollars(CostNano),
            HasEnded
        );
}
