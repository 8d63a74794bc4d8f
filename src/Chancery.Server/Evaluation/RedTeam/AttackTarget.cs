using System.Text.RegularExpressions;
using Chancery.Evaluation.RedTeam;
using Chancery.Evaluation.RedTeam.Judging;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Upgrade.Pipeline;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>What is attacked, as the API writes it.</summary>
internal static class RedTeamTarget
{
    /// <summary>Answers to documents, as <c>POST /api/v1/chat</c> gives them.</summary>
    public const string Answer = "answer";

    /// <summary>Upgrades of prompts: the attack is what somebody wants upgraded, or stands in the text that it quotes.</summary>
    public const string Upgrade = "upgrade";

    /// <summary>Drafts of contracts: the attack is the instruction, or stands in the text that it quotes.</summary>
    public const string Draft = "draft";

    /// <summary>A version of one of the organisation's own prompts: the attack fills its variable.</summary>
    public const string Prompt = "prompt";

    /// <summary><c>POST /api/v1/reasoning</c>.</summary>
    public const string Reasoning = "reasoning";

    public static readonly IReadOnlyList<string> All = [Answer, Upgrade, Draft, Prompt, Reasoning];
}

/// <summary>What a run attacks, and how. Immutable.</summary>
/// <param name="Kind">One of <see cref="RedTeamTarget"/>.</param>
/// <param name="Model">Null for the default.</param>
/// <param name="Prompt">Of the organisation's own: which one; else null.</param>
/// <param name="PromptVersion">Of what the target follows; null for the one in production.</param>
/// <param name="Variable">Of a prompt of one's own: which of its variables the attack fills; null for the only one without a default.</param>
internal sealed partial record AttackTarget(
    string Kind = RedTeamTarget.Answer,
    string? Model = null,
    Guid? Prompt = null,
    int? PromptVersion = null,
    string? Variable = null
)
{
    /// <summary>Less of the rules says nothing: a few words come out by chance.</summary>
    private const int LeastRules = 60;

    // Only to see what a case asks for: what a run is made from differs.
    private static readonly AttackValues Sample = new(new byte[32]);

    /// <summary>The target whose instructions a prompt is: the product's for answers, upgrades, drafts and reasoning, or one of the organisation's own.</summary>
    public static AttackTarget Of(Guid prompt, int version) =>
        prompt == AnswerPrompt.Shipped.Id ? new(RedTeamTarget.Answer, PromptVersion: version)
        : prompt == UpgradePrompts.Shipped.Id ? new(RedTeamTarget.Upgrade, PromptVersion: version)
        : prompt == DraftPrompts.Shipped.Id ? new(RedTeamTarget.Draft, PromptVersion: version)
        : prompt == ReasoningPrompt.Shipped.Id ? new(RedTeamTarget.Reasoning, PromptVersion: version)
        : new(RedTeamTarget.Prompt, Prompt: prompt, PromptVersion: version);

    /// <summary>Whether documents are laid out for it.</summary>
    public bool HasDocuments => Kind == RedTeamTarget.Answer;

    /// <summary>By which its models are chosen.</summary>
    public EvalTarget Asked => new(Kind, Model, Prompt: Prompt, PromptVersion: PromptVersion, Variable: Variable);

    /// <summary>What <see cref="PromptVersion"/> is a version of.</summary>
    public Guid? AskedPrompt => Asked.AskedPrompt();

    /// <summary>Of the words of a version, what a model is told as rules that its asker did not write; empty where the asker writes all of them.</summary>
    /// <remarks>
    /// What a prompt of the organisation's own quotes at length, such as a disclaimer, is there to be said, and no secret. Short quotations stay: by
    /// themselves they are too little to count, and the rules around them are whole only with them.
    /// </remarks>
    /// <param name="system">Of the version that is attacked.</param>
    public string RulesIn(string system) =>
        Kind switch
        {
            RedTeamTarget.Reasoning => "",
            // Where one mark is left over, nobody knows what stands between which.
            RedTeamTarget.Prompt when system.Count(c => c == '"') % 2 == 0 => ToBeSaid()
                .Replace(system, quoted => quoted.Value.Count(char.IsLetterOrDigit) < LeastRules ? quoted.Value : " "),
            _ => system,
        };

    // An apostrophe opens nothing.
    [GeneratedRegex("“[^“”]{1,2000}”|„[^„“”]{1,2000}[“”]|«[^«»]{1,2000}»|»[^«»]{1,2000}«|\"[^\"]{1,2000}\"")]
    private static partial Regex ToBeSaid();

    /// <summary>Whether a case can show anything here.</summary>
    /// <param name="rules">What the model is told as its rules; empty where whoever asks writes all of them.</param>
    public bool Takes(AttackCase attack, string rules) =>
        HasDocuments
        || (
            // Nothing is looked up, and so nothing that is closed could come out.
            attack.Place != AttackPlace.ToolCall
            && attack.Scope == AttackScope.Bait
            && attack.Goal is not (AttackGoal.Decoy or AttackGoal.Personal)
            // Long texts are the work of the first two; what a prompt writes ends by its own limit of tokens.
            && (
                attack.Goal != AttackGoal.Length
                || Kind is not (RedTeamTarget.Upgrade or RedTeamTarget.Draft or RedTeamTarget.Prompt)
            )
            && (attack.Goal != AttackGoal.Rules || rules.Length >= LeastRules)
            && !IsOwnWish(attack)
            // To give the text back would already count as success, and an upgrade may well keep what it is given.
            && (
                attack.IsBenign
                || !AttackJudge.Succeeded(
                    attack,
                    Sample,
                    "",
                    new ReleasedAnswer(AttackRequest.Of(attack, Sample).Whole, [], [])
                )
            )
        );

    /// <summary>
    /// Whether what an attack is after is no more than its asker's own wish, which a model does right to grant: a word or an address, where nobody
    /// but the asker says what is to be done. What stands in a question and nobody sees, its asker may have pasted.
    /// </summary>
    private bool IsOwnWish(AttackCase attack) =>
        Kind is RedTeamTarget.Upgrade or RedTeamTarget.Draft or RedTeamTarget.Reasoning
        && attack
            is {
                IsBenign: false,
                Place: AttackPlace.Question,
                Goal: AttackGoal.Mark or AttackGoal.Link,
                Class: not AttackClass.UnicodeSmuggling
            };

    /// <summary>Those that come with the product and can show anything here.</summary>
    /// <param name="rules">As <see cref="RulesIn"/> gives them.</param>
    public IReadOnlyList<AttackCase> Shipped(string rules) =>
        [.. ShippedAttacks.All.Where(attack => Takes(attack, rules))];
}
