namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>What has become of a change.</summary>
internal static class ModelChangeState
{
    /// <summary>The former model serves, and the other's vectors are made.</summary>
    public const string Running = "running";

    /// <summary>The other model serves.</summary>
    public const string Done = "done";

    /// <summary>The other model serves and its vectors are being made: the former one could not be had any more.</summary>
    public const string Forced = "forced";

    public const string Cancelled = "cancelled";

    public const string Failed = "failed";
}

/// <summary>A row of an organisation's changes from one embedding model to another.</summary>
internal sealed record ModelChange
{
    public required Guid ChangeId { get; init; }
    public required string FromModel { get; init; }
    public required string ToModel { get; init; }
    public required string State { get; init; }

    /// <summary>Null where the installation's model changed.</summary>
    public Guid? StartedBy { get; init; }

    public required DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? EndedAt { get; init; }
    public required int Passages { get; init; }

    /// <summary>Passages that have their vector.</summary>
    public required int Done { get; init; }

    public required int Refused { get; init; }
    public DateTimeOffset? RunSince { get; init; }
    public required int RunFrom { get; init; }
    public DateTimeOffset? ProgressAt { get; init; }
    public string? Waiting { get; init; }
    public DateTimeOffset? WaitingSince { get; init; }
    public string? Failure { get; init; }
    public DateTimeOffset? KeptUntil { get; init; }
    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>At the speed of the present run; null while nothing tells it.</summary>
    public double? SecondsLeft =>
        State == ModelChangeState.Running
        && Waiting is null
        && RunSince is { } since
        && ProgressAt is { } at
        && at > since
        && Done > RunFrom
            ? Math.Max(0, Passages - Done - Refused) * (at - since).TotalSeconds / (Done - RunFrom)
            : null;
}

/// <summary>The subject of a work item: one change.</summary>
internal sealed record ModelChangeWork(Guid ChangeId)
{
    public const string Kind = "model-change";
}

/// <summary>The subject of a work item: the vectors that a tenant's ended changes left behind.</summary>
internal sealed record FormerVectorsWork
{
    public const string Kind = "former-vectors";
}
