using Chancery.Evaluation.Judging;
using Chancery.Server.Access;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Evaluation.Judging;

/// <summary>A version of a judge's prompt that a run is judged by.</summary>
/// <param name="Criterion">relevance, faithfulness or helpfulness.</param>
/// <param name="Prompt">The id of the prompt, of <c>GET /api/v1/prompts</c>.</param>
/// <param name="Version">From 1.</param>
/// <param name="Sha256">Of what it says: runs with the same are judged by the same words, also after a release that ships others.</param>
public sealed record EvalJudge(string Criterion, Guid Prompt, int Version, string Sha256)
{
    /// <summary>
    /// Whether two runs were judged alike: neither was; or both were by the same criteria, by the same model, told the same, and held against the same run if against any. By whom a run
    /// was judged that does not say is not known, and is like nothing.
    /// </summary>
    internal static bool AreAlike(
        (EvalJudging? Judging, IReadOnlyList<EvalJudge>? Judges) one,
        (EvalJudging? Judging, IReadOnlyList<EvalJudge>? Judges) other
    ) =>
        (one, other) switch
        {
            ({ Judging: null }, { Judging: null }) => true,
            (
                { Judging.Model: { } model, Judges: { } judges },
                { Judging.Model: { } itsModel, Judges: { } itsJudges }
            ) => model == itsModel
                && one.Judging.Rival == other.Judging.Rival
                && WordsOf(judges).SetEquals(WordsOf(itsJudges)),
            _ => false,
        };

    private static HashSet<(string Criterion, string Sha256)> WordsOf(IReadOnlyList<EvalJudge> judges) =>
        [.. judges.Select(judge => (judge.Criterion, judge.Sha256))];
}

/// <summary>A version that a run is judged by, as the run keeps it.</summary>
/// <param name="IsStored">As of <see cref="PromptUse"/>.</param>
/// <param name="Rollout">The rollout that dealt it; null where none was running.</param>
internal sealed record KeptJudge(
    string Criterion,
    Guid Prompt,
    int Version,
    string Sha256,
    bool IsStored,
    Guid? Rollout,
    bool IsTreated
)
{
    public EvalJudge View => new(Criterion, Prompt, Version, Sha256);
}

/// <summary>
/// What judges are told to look at: prompts of the product, which an organisation may put in other words. What makes a judge safe (the boundary
/// around what is judged, and the form of its answer) is no part of them. Safe for concurrent use.
/// </summary>
internal sealed class JudgePrompts(PromptUses uses, PromptStore prompts)
{
    private const string Gone = "The prompt of its judge is not there any more as it was when the run began.";

    private static readonly Dictionary<JudgeCriterion, ShippedPrompt> _shipped = new()
    {
        [JudgeCriterion.Relevance] = Ship(
            JudgeCriterion.Relevance,
            7,
            "Judges whether an answer is about the question."
        ),
        [JudgeCriterion.Faithfulness] = Ship(
            JudgeCriterion.Faithfulness,
            8,
            "Judges whether everything in an answer stands in the passages."
        ),
        [JudgeCriterion.Helpfulness] = Ship(
            JudgeCriterion.Helpfulness,
            9,
            "Judges whether an answer gets the person who asks further."
        ),
    };

    public static IEnumerable<ShippedPrompt> Shipped => _shipped.Values;

    /// <summary>The versions for a run: those that it has, or else those in production or dealt by a rollout, whose unit is the run.</summary>
    /// <param name="kept">What the run was begun with; null for one that has not begun.</param>
    /// <exception cref="RunStoppedException">A version that it was begun with is gone.</exception>
    public async Task<IReadOnlyDictionary<JudgeCriterion, PromptUse>> ForRunAsync(
        Principal principal,
        Guid run,
        IReadOnlyList<string> criteria,
        IReadOnlyList<KeptJudge>? kept,
        CancellationToken cancellationToken
    )
    {
        var judges = new Dictionary<JudgeCriterion, PromptUse>();
        foreach (var criterion in criteria.Select(Judges.Find).OfType<JudgeCriterion>().Distinct())
        {
            var own = _shipped[criterion];
            judges[criterion] = kept?.FirstOrDefault(judge => judge.Prompt == own.Id) is { } judge
                ? await KeptAsync(principal, own, judge, cancellationToken)
                // Runs are held against each other, and by gates: a release has an organisation's judged by the same words.
                : await uses.PickAsync(principal, own.Name, run, cancellationToken, isByOrganization: true);
        }

        return judges;
    }

    /// <summary>As a run keeps them.</summary>
    public static IReadOnlyList<KeptJudge> Keep(IReadOnlyDictionary<JudgeCriterion, PromptUse> judges) =>
        [
            .. judges.Select(judge => new KeptJudge(
                Judges.NameOf(judge.Key),
                judge.Value.PromptId,
                judge.Value.Version,
                HashOf(judge.Value.Content),
                judge.Value.IsStored,
                judge.Value.Rollout,
                judge.Value.IsTreated
            )),
        ];

    private async Task<PromptUse> KeptAsync(
        Principal principal,
        ShippedPrompt own,
        KeptJudge judge,
        CancellationToken cancellationToken
    )
    {
        var content = (await prompts.FindVersionAsync(principal, own.Id, judge.Version, cancellationToken))?.Content;
        if (content is null || HashOf(content) != judge.Sha256)
        {
            // Words of a release go on being words, whatever everybody has by now.
            content = judge.IsStored
                ? null
                : await prompts.FindShippedAsync(principal, own.Id, judge.Sha256, cancellationToken);
        }

        return content is null
            ? throw new RunStoppedException(Gone)
            : new PromptUse(
                own.Id,
                own.Name,
                judge.Version,
                content,
                judge.IsStored,
                IsCounted: true,
                judge.Rollout,
                judge.IsTreated
            );
    }

    private static string HashOf(PromptContent content) =>
        Convert.ToHexStringLower(PromptContent.HashOf(content.ToCanonical()));

    private static ShippedPrompt Ship(JudgeCriterion criterion, int number, string description) =>
        new(
            new Guid($"01900000-0000-8000-8000-00000000000{number}"),
            $"judge-{Judges.NameOf(criterion)}",
            description
                + " It says what 1, 3 and 5 mean. The marks around what is judged and the form of the answer are the product's, and stand after it.",
            JudgePrompt.RubricOf(criterion),
            IsRubric: true
        );
}
