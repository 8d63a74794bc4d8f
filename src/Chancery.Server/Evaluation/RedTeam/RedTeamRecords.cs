using System.ComponentModel.DataAnnotations;
using Chancery.Evaluation.RedTeam;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>What attacks are after, as the API writes it.</summary>
internal static class RedTeamClass
{
    public const string DirectInjection = "direct_injection";
    public const string IndirectInjection = "indirect_injection";
    public const string SystemPromptLeak = "system_prompt_leak";
    public const string PersonalDataLeak = "personal_data_leak";
    public const string CrossTenantLeak = "cross_tenant_leak";
    public const string Exfiltration = "exfiltration";
    public const string UnicodeSmuggling = "unicode_smuggling";
    public const string CostAttack = "cost_attack";
    public const string ToolAbuse = "tool_abuse";

    /// <summary>All of them, for people.</summary>
    public static string Names => string.Join(", ", Enum.GetValues<AttackClass>().Select(AttackJson.NameOf));

    /// <summary>Null for a name that there is not.</summary>
    public static AttackClass? Find(string? name) =>
        Enum.GetValues<AttackClass>()
            .Where(one => AttackJson.NameOf(one) == name)
            .Select(one => (AttackClass?)one)
            .FirstOrDefault();
}

/// <summary>Where a case's text stands, as the API writes it.</summary>
internal static class RedTeamPlace
{
    public const string Question = "question";
    public const string Document = "document";
    public const string FileName = "file_name";
    public const string ToolResult = "tool_result";
    public const string ToolCall = "tool_call";
}

/// <summary>What has to come out for an attack to have succeeded, as the API writes it.</summary>
internal static class RedTeamGoal
{
    public const string Mark = "mark";
    public const string Rules = "rules";
    public const string Personal = "personal";
    public const string Decoy = "decoy";
    public const string Link = "link";
    public const string Hidden = "hidden";
    public const string Length = "length";
    public const string ToolCall = "tool_call";
}

/// <summary>Which documents a case's question is limited to, as the API writes it.</summary>
internal static class RedTeamScope
{
    public const string Bait = "bait";
    public const string Decoy = "decoy";
    public const string Closed = "closed";
}

/// <summary>How a case ended, as the API writes it.</summary>
internal static class RedTeamOutcome
{
    public const string Held = "held";
    public const string Succeeded = "succeeded";
    public const string Passed = "passed";
    public const string Disturbed = "disturbed";
    public const string Failed = "failed";

    public static readonly IReadOnlyList<string> All = [Held, Succeeded, Passed, Disturbed, Failed];
}

/// <summary>How a share is beside that of the release before, as the API writes it.</summary>
internal static class RedTeamChange
{
    public const string More = AttackChange.More;
    public const string Fewer = AttackChange.Fewer;
    public const string Unclear = AttackChange.Unclear;
}

/// <summary>A case of one's own.</summary>
/// <param name="Id">Unique within the run.</param>
/// <param name="Text">What stands at the place; docs/red-team.md says what may stand for marks and secrets.</param>
/// <param name="Question">What is asked where the text is not the question.</param>
/// <param name="Language">BCP 47; left out, en.</param>
/// <param name="Goal">What has to come out; left out, the mark.</param>
/// <param name="Scope">Which documents it is asked of; left out, those that are open to the asker.</param>
/// <param name="IsBenign">Whether it is harmless, and no guard is to touch its answer.</param>
public sealed record RedTeamCase(
    [Required, StringLength(AttackCase.LongestId, MinimumLength = 1)] string Id,
    [property: OneOf(typeof(RedTeamClass))] [Required] string Class,
    [property: OneOf(typeof(RedTeamPlace))] [Required] string Place,
    [Required, StringLength(AttackCase.LongestText, MinimumLength = 1)] string Text,
    [StringLength(AttackCase.LongestQuestion, MinimumLength = 1)] string? Question = null,
    [StringLength(35, MinimumLength = 2)] string? Language = null,
    [property: OneOf(typeof(RedTeamGoal))] string? Goal = null,
    [property: OneOf(typeof(RedTeamScope))] string? Scope = null,
    bool IsBenign = false
)
{
    /// <summary>The case, or what is wrong with it.</summary>
    internal (AttackCase? Case, string? Problem) Read()
    {
        if (
            RedTeamClass.Find(Class) is not { } ofClass
            || !TryRead<AttackPlace>(Place, out var place)
            || !TryRead<AttackGoal>(Goal ?? RedTeamGoal.Mark, out var goal)
            || !TryRead<AttackScope>(Scope ?? RedTeamScope.Bait, out var scope)
        )
        {
            return (null, "class, place, goal or scope is not one of those that there are.");
        }

        var read = new AttackCase(Id, ofClass, place, Language ?? "en", Text, Question, goal, scope, IsBenign);
        return read.WhyNot() is { } why ? (null, why) : (read, null);
    }

    private static bool TryRead<T>(string name, out T value)
        where T : struct, Enum
    {
        foreach (var one in Enum.GetValues<T>())
        {
            if (AttackJson.NameOf(one) == name)
            {
                value = one;
                return true;
            }
        }

        value = default;
        return false;
    }
}

/// <summary>A run of attacks.</summary>
/// <param name="Model">Which model was asked for; left out, the default.</param>
/// <param name="PromptVersion">Of the prompt that the target follows; left out, the one in production.</param>
/// <param name="Total">Cases that it has to try.</param>
/// <param name="Asked">Cases that have a result.</param>
/// <param name="Failed">Of those, the ones that got no answer to look at.</param>
/// <param name="Attacks">Attacks that got one; harmless cases are not among them.</param>
/// <param name="Succeeded">Of those, the ones that got what they were after.</param>
/// <param name="CostUsd">What models cost so far, in dollars.</param>
/// <param name="CostCapUsd">No further case is tried once it is reached.</param>
/// <param name="IsCleared">Whether the documents that were laid out for it are gone.</param>
/// <param name="Failure">Why it did not come to its end.</param>
/// <param name="Target">What was attacked.</param>
/// <param name="Prompt">Of the organisation's own: which prompt was attacked; else left out.</param>
/// <param name="Variable">Which of its variables the attacks filled; left out, the only one without a default.</param>
/// <param name="ServerVersion">The release that was attacked; left out until it begins, where more than one worked on it, and of runs of before it was noted.</param>
/// <param name="Report">What it came to so far; only where one run is asked for.</param>
/// <param name="Former">What the release before came to; only where one run is asked for, and left out where there is nothing that can be compared.</param>
public sealed record RedTeamRun(
    Guid Id,
    Guid StartedBy,
    string? Model,
    int? PromptVersion,
    [property: OneOf(
        "RedTeamState",
        RunState.Queued,
        RunState.Running,
        RunState.Done,
        RunState.Failed,
        RunState.Cancelled,
        RunState.OverCap
    )]
        string State,
    int Total,
    int Asked,
    int Failed,
    int Attacks,
    int Succeeded,
    long InputTokens,
    long OutputTokens,
    decimal CostUsd,
    decimal? CostCapUsd,
    bool IsCleared,
    string? Failure,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    [property: OneOf(typeof(RedTeamTarget))] string Target,
    Guid? Prompt,
    string? Variable,
    string? ServerVersion,
    IReadOnlyList<RedTeamClassView>? Report = null,
    RedTeamFormer? Former = null
);

/// <summary>
/// The last run of another release with which this one can be compared: of the same target, prompt, version and words, with the same cases, answered by
/// the same models, and in both every case with an answer.
/// </summary>
/// <param name="ServerVersion">The release that it attacked.</param>
/// <param name="Classes">Classes that both runs have; all together, without a name, come last.</param>
public sealed record RedTeamFormer(
    Guid Run,
    string ServerVersion,
    DateTimeOffset CreatedAt,
    IReadOnlyList<RedTeamClassChange> Classes
)
{
    internal static RedTeamFormer Of(RedTeamRun then, RedTeamReport was, RedTeamReport now) =>
        new(
            then.Id,
            then.ServerVersion!,
            then.CreatedAt,
            [
                .. now.Both(was)
                    .Select(both => new RedTeamClassChange(
                        both.Now.Class is { } ofClass ? AttackJson.NameOf(ofClass) : null,
                        RedTeamRate.Of(both.Then.Success),
                        both.Now.Success.ChangeFrom(both.Then.Success),
                        RedTeamRate.Of(both.Then.FalsePositives),
                        both.Now.FalsePositives.ChangeFrom(both.Then.FalsePositives)
                    )),
            ]
        );
}

/// <summary>How attacks of a class did in the release before.</summary>
/// <param name="Class">Left out of all classes together.</param>
/// <param name="AttackSuccess">The share of attacks that got what they were after, then.</param>
/// <param name="AttackChange">What this run has beside that: more or fewer only where the intervals do not touch; left out where either has none.</param>
/// <param name="FalsePositives">The share of harmless cases whose answer a guard touched, then.</param>
/// <param name="FalsePositiveChange">The same of those.</param>
public sealed record RedTeamClassChange(
    [property: OneOf(typeof(RedTeamClass))] string? Class,
    RedTeamRate AttackSuccess,
    [property: OneOf(typeof(RedTeamChange))] string? AttackChange,
    RedTeamRate FalsePositives,
    [property: OneOf(typeof(RedTeamChange))] string? FalsePositiveChange
);

/// <summary>A share of cases, with its interval at 95 % (Wilson).</summary>
/// <param name="Value">From 0 to 1; left out where there is none.</param>
public sealed record RedTeamRate(int Hits, int Count, double? Value, double Low, double High)
{
    internal static RedTeamRate Of(AttackRate rate) =>
        new(
            rate.Hits,
            rate.Count,
            rate.Value is { } value ? Math.Round(value, 4) : null,
            Math.Round(rate.Low, 4),
            Math.Round(rate.High, 4)
        );
}

/// <summary>How attacks of a class did.</summary>
/// <param name="Class">Left out of all classes together, which come first.</param>
/// <param name="AttackSuccess">The share of attacks that got what they were after.</param>
/// <param name="FalsePositives">The share of harmless cases whose answer a guard touched.</param>
/// <param name="Failed">Cases that got no answer to look at; in neither share.</param>
/// <param name="Guards">In how many attacks each guard acted or noticed something.</param>
/// <param name="Succeeded">Ids of the attacks that did.</param>
/// <param name="Disturbed">Ids of the harmless cases that a guard touched.</param>
public sealed record RedTeamClassView(
    [property: OneOf(typeof(RedTeamClass))] string? Class,
    RedTeamRate AttackSuccess,
    RedTeamRate FalsePositives,
    int Failed,
    IReadOnlyDictionary<string, int> Guards,
    IReadOnlyList<string> Succeeded,
    IReadOnlyList<string> Disturbed
)
{
    internal static RedTeamClassView Of(AttackClassReport report) =>
        new(
            report.Class is { } ofClass ? AttackJson.NameOf(ofClass) : null,
            RedTeamRate.Of(report.Success),
            RedTeamRate.Of(report.FalsePositives),
            report.Failed,
            report.Guards,
            report.Succeeded,
            report.Disturbed
        );

    internal static IReadOnlyList<RedTeamClassView> Of(RedTeamReport report) =>
        [Of(report.All), .. report.Classes.Select(Of)];
}

/// <summary>What became of one case.</summary>
/// <param name="Number">Its place in the run, from 1.</param>
/// <param name="Question">What was asked.</param>
/// <param name="Answer">What reached the asker, its beginning: at most 2,000 characters.</param>
/// <param name="Guards">Which guards acted (as link, instructions) or noticed something (suspected:document).</param>
/// <param name="Error">Why there is nothing to look at.</param>
public sealed record RedTeamResult(
    int Number,
    string Case,
    [property: OneOf(typeof(RedTeamClass))] string Class,
    [property: OneOf(typeof(RedTeamPlace))] string Place,
    bool IsBenign,
    [property: OneOf(typeof(RedTeamOutcome))] string Outcome,
    string Question,
    string Answer,
    string? Model,
    IReadOnlyList<string> Guards,
    string? Error,
    long InputTokens,
    long OutputTokens,
    decimal CostUsd,
    double DurationMs,
    DateTimeOffset CreatedAt
);

/// <summary>A run that is to be queued.</summary>
/// <param name="IsWhole">Whether its cases are all of those that come with the product and can show anything of the target.</param>
internal sealed record NewRedTeamRun(
    RunStarter Starter,
    AttackTarget Target,
    IReadOnlyList<AttackCase> Cases,
    bool IsWhole,
    NanoDollars? Cap
);

/// <summary>A run as its worker sees it.</summary>
/// <param name="HasEnded">Only its documents are to be taken away.</param>
internal sealed record OpenRedTeamRun(
    Guid Id,
    RunStarter Starter,
    AttackTarget Target,
    IReadOnlyList<AttackCase> Cases,
    byte[] Seed,
    NanoDollars? Cap,
    NanoDollars Spent,
    bool HasEnded
);
