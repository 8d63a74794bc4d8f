using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Evaluation.Rollouts;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>What gets the same version each time.</summary>
internal static class RolloutUnit
{
    public const string Conversation = "conversation";
    public const string User = "user";
    public const string Organization = "organization";

    public static bool IsOne(string text) => text is Conversation or User or Organization;
}

/// <summary>Where a rollout stands.</summary>
internal static class RolloutState
{
    public const string Running = "running";

    /// <summary>The new version is in production.</summary>
    public const string Complete = "complete";

    /// <summary>It did harm by the plan's policy, or somebody turned it back.</summary>
    public const string RolledBack = "rolled_back";

    /// <summary>It exceeded a limit that ends a rollout at once.</summary>
    public const string Killed = "killed";
}

/// <summary>What slow and dear mean in a stage: quantiles of the control's uses before it.</summary>
internal sealed record RolloutLimits(double? LatencyMs, long? CostNano)
{
    public static readonly RolloutLimits Unknown = new(null, null);

    [JsonIgnore]
    public bool IsKnown => LatencyMs is not null;
}

/// <summary>A rollout as it is stored.</summary>
internal sealed record Rollout(
    Guid Id,
    Guid PromptId,
    int Control,
    int Treatment,
    string Unit,
    RolloutPlan Plan,
    string State,
    int Exposure,
    RolloutProgress Progress,
    RolloutLimits Limits,
    RolloutDecision? Decision,
    string Author,
    DateTimeOffset CreatedAt,
    DateTimeOffset LookedAt,
    DateTimeOffset? EndedAt,
    string? EndedBy,
    string? Reason
);

/// <summary>Something that happened to a rollout.</summary>
/// <param name="Kind">started, advanced, asked, complete, rolled_back or killed.</param>
/// <param name="Exposure">From then on, in percent.</param>
/// <param name="By">Who did it; left out where the rollout's own rule did.</param>
/// <param name="Why">In words.</param>
public sealed record RolloutEvent(
    int Number,
    string Kind,
    double Exposure,
    string? By,
    string? Why,
    DateTimeOffset CreatedAt
);

/// <summary>How plans and progress are stored.</summary>
internal static class RolloutJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // jsonb does not keep the order of members, so that what says which decision it is may come last.
        AllowOutOfOrderMetadataProperties = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    public static T Read<T>(string json) =>
        JsonSerializer.Deserialize<T>(json, Options)
        ?? throw new InvalidDataException($"A stored {typeof(T).Name} is empty.");
}
