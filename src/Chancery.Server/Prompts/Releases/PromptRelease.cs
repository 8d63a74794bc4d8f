using Chancery.Evaluation.Rollouts;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Templates;

namespace Chancery.Server.Prompts.Releases;

/// <summary>How the words of a release stand.</summary>
internal static class ReleaseState
{
    /// <summary>The first that were seen here: there was nothing to compare them with.</summary>
    public const string First = "first";

    /// <summary>Used by everybody from the start: <c>PROMPT_RELEASES</c> said so.</summary>
    public const string AtOnce = "at_once";

    /// <summary>Given to few, then to more.</summary>
    public const string Running = RolloutState.Running;

    /// <summary>Everybody has them.</summary>
    public const string Complete = RolloutState.Complete;

    /// <summary>They did harm by the rule, or the operator turned them back.</summary>
    public const string RolledBack = RolloutState.RolledBack;

    /// <summary>They exceeded a limit that ends a rollout at once.</summary>
    public const string Killed = RolloutState.Killed;

    /// <summary>Whether everybody gets the former words.</summary>
    public static bool IsTurnedBack(string state) => state is RolledBack or Killed;

    /// <summary>Whether these words are everybody's.</summary>
    public static bool IsEverybodys(string state) => state is First or AtOnce or Complete;

    /// <summary>From the words that were shipped last back to those that everybody has, which stand last; empty where there are none.</summary>
    /// <param name="all">Of one prompt, those that were shipped last first.</param>
    public static IReadOnlyList<PromptRelease> PathOf(IReadOnlyList<PromptRelease> all)
    {
        var path = new List<PromptRelease>();
        var next = all.Count > 0 ? all[0] : null;
        while (next is not null)
        {
            path.Add(next);
            next = IsEverybodys(next.State) ? null : all.First(release => release.Sha256 == path[^1].FormerSha256);
        }

        return path;
    }
}

/// <summary>The words that a release ships of one of the product's prompts, and how far they have come. The installation's, and no organisation's.</summary>
/// <param name="Id">Units are dealt by it, and uses name it as their rollout.</param>
/// <param name="Content">In canonical form.</param>
/// <param name="FormerContent">What everybody had before them, likewise; null of the first.</param>
/// <param name="Exposure">Units that get them while they run, in hundredths of a percent.</param>
/// <param name="CreatedAt">When they were first seen here.</param>
/// <param name="ShippedAt">When a server that ships them started last.</param>
/// <param name="BegunAt">When their rollout began, or began again.</param>
internal sealed record PromptRelease(
    Guid Id,
    Guid PromptId,
    string Sha256,
    string Content,
    string? FormerSha256,
    string? FormerContent,
    string State,
    RolloutPlan Plan,
    int Exposure,
    RolloutProgress Progress,
    RolloutLimits Limits,
    RolloutDecision? Decision,
    DateTimeOffset CreatedAt,
    DateTimeOffset ShippedAt,
    DateTimeOffset BegunAt,
    DateTimeOffset LookedAt,
    DateTimeOffset? EndedAt,
    string? EndedBy,
    string? Reason
);

/// <summary>Why the operator's wish for a release was not followed.</summary>
internal enum ReleaseFault
{
    None,

    /// <summary>There is no such release.</summary>
    NoRelease,

    /// <summary>Everybody has its words, or nobody has them: there is nothing left to do.</summary>
    Settled,

    /// <summary>Its words were turned back, and nobody said that they may try again.</summary>
    TurnedBack,

    /// <summary>It is at another stage than whoever wished it saw.</summary>
    Moved,
}

/// <summary>How words of a release come to those who follow releases.</summary>
/// <param name="IsStaged">Step by step beside the former words; else at once. The setting <c>PROMPT_RELEASES</c>.</param>
/// <param name="Plan">The steps.</param>
internal sealed record ReleasePolicy(bool IsStaged, RolloutPlan Plan)
{
    /// <summary>Reads PROMPT_RELEASES: staged, which is the default, or at-once.</summary>
    /// <exception cref="Platform.Settings.SettingException">It is something else.</exception>
    public static ReleasePolicy Read(IConfiguration configuration) =>
        new(
            configuration["PROMPT_RELEASES"]?.ToUpperInvariant() switch
            {
                null or "" or "STAGED" => true,
                "AT-ONCE" => false,
                _ => throw new Platform.Settings.SettingException("PROMPT_RELEASES", "takes staged or at-once."),
            },
            RolloutPlan.Default
        );
}

/// <summary>Words that somebody gets who follows releases.</summary>
/// <param name="Release">The release that is rolled out and dealt them; null where none is.</param>
/// <param name="IsTreated">Whether they are the new ones.</param>
/// <param name="Stage">Index of the rollout's stage.</param>
/// <param name="Exposure">Of the stage, in hundredths of a percent.</param>
internal readonly record struct DealtWords(
    PromptContent Content,
    Guid? Release,
    bool IsTreated,
    int Stage,
    int Exposure
);

/// <summary>The release of one of the product's own prompts on its way to those who follow releases, or back.</summary>
/// <param name="State">running: some have its words; rolled_back or killed: nobody has them.</param>
/// <param name="Percent">Of conversations that get its words, or of whoever asks outside of one.</param>
public sealed record ReleaseNotice(
    [property: Platform.OpenApi.OneOf(
        "ReleaseNoticeState",
        ReleaseState.Running,
        ReleaseState.RolledBack,
        ReleaseState.Killed
    )]
        string State,
    double Percent
);
