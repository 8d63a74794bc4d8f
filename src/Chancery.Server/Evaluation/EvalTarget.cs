using System.ComponentModel.DataAnnotations;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Upgrade.Pipeline;

namespace Chancery.Server.Evaluation;

/// <summary>What the questions are asked of.</summary>
internal static class EvalTargetKind
{
    /// <summary>The documents, as <c>POST /api/v1/chat</c> answers.</summary>
    public const string Answer = "answer";

    /// <summary>The search alone, without an answer.</summary>
    public const string Search = "search";

    /// <summary>A version of one of the organisation's own prompts, without documents.</summary>
    public const string Prompt = "prompt";

    /// <summary>The improving of prompts: each question is a rough prompt, and what is made of it is asked of a model.</summary>
    public const string Upgrade = "upgrade";

    /// <summary>The drafting of contracts: each question is an instruction, and the answer is the draft.</summary>
    public const string Draft = "draft";

    /// <summary>Reasoning without documents, as <c>POST /api/v1/reasoning</c> answers.</summary>
    public const string Reasoning = "reasoning";

    /// <summary>Whether it is asked a model, and without documents.</summary>
    public static bool IsOfWordsAlone(string kind) => kind is Prompt or Upgrade or Draft or Reasoning;
}

/// <summary>What is asked, and how.</summary>
/// <param name="Kind">answer, search, prompt; upgrade: each question is a rough prompt, and the answer is what a model says to the better one; draft: each is an instruction, and the answer is the contract; reasoning: a model thinks about each, without documents.</param>
/// <param name="Model">Of an answer: one of <c>GET /api/v1/models</c>; left out, the default, whichever it is then.</param>
/// <param name="Documents">Only these documents.</param>
/// <param name="Tags">Only documents with one of these tags.</param>
/// <param name="Collections">Only documents of these collections.</param>
/// <param name="Temperature">Of an answer: 0 to 2; of an upgrade, of the answer to the better prompt.</param>
/// <param name="MaxTokens">Of an answer: most tokens; of an upgrade likewise.</param>
/// <param name="Prompt">Of a prompt: which one.</param>
/// <param name="PromptVersion">Of a prompt: its version. Of an answer, an upgrade, a draft or reasoning: a version of the product's prompt <c>answer</c>, <c>prompt-upgrade</c> or <c>contract-draft</c>; or of <c>reasoning</c>, which only models follow that do not think by themselves; left out, the one in production, whatever is rolled out.</param>
/// <param name="Variable">Of a prompt: which of its variables a question fills; left out, the only one that has no default.</param>
public sealed record EvalTarget(
    [property: OneOf(
        "EvalTargetKind",
        EvalTargetKind.Answer,
        EvalTargetKind.Search,
        EvalTargetKind.Prompt,
        EvalTargetKind.Upgrade,
        EvalTargetKind.Draft,
        EvalTargetKind.Reasoning
    )]
        string Kind = EvalTargetKind.Answer,
    [StringLength(200)] string? Model = null,
    [MaxLength(100)] Guid[]? Documents = null,
    [MaxLength(50)] string[]? Tags = null,
    [MaxLength(50)] Guid[]? Collections = null,
    [Range(0.0, 2.0)] float? Temperature = null,
    [Range(1, 100_000)] int? MaxTokens = null,
    Guid? Prompt = null,
    [Range(1, int.MaxValue)] int? PromptVersion = null,
    [StringLength(50)] string? Variable = null
)
{
    /// <summary>The prompt that <c>PromptVersion</c> is a version of; null of a search.</summary>
    internal Guid? AskedPrompt() =>
        Kind switch
        {
            EvalTargetKind.Answer => AnswerPrompt.Shipped.Id,
            EvalTargetKind.Upgrade => UpgradePrompts.Shipped.Id,
            EvalTargetKind.Draft => DraftPrompts.Shipped.Id,
            EvalTargetKind.Reasoning => ReasoningPrompt.Shipped.Id,
            EvalTargetKind.Prompt => Prompt,
            _ => null,
        };
}

/// <summary>Models that judge answers, beside what is computed.</summary>
/// <param name="Criteria">relevance, faithfulness, helpfulness, preference.</param>
/// <param name="Model">
/// Left out: the first of the organisation's models that is of another family than what is asked; where none is, the first that did not answer itself.
/// </param>
/// <param name="Against">For preference: another run of the dataset, with whose answers this one's are compared.</param>
/// <param name="Fresh">Whether the judge is asked also where it judged the same answer to the same question before this run, told the same.</param>
public sealed record EvalJudging(
    [Required, MinLength(1), MaxLength(4)] string[] Criteria,
    [StringLength(200)] string? Model = null,
    Guid? Against = null,
    bool? Fresh = null
)
{
    /// <summary>
    /// Whether the judge is of the same family of models as what is asked first, such as two of one maker: models think well of their like.
    /// Only of a run; left out where no model is asked, and of a request it is not read.
    /// </summary>
    public bool? SameFamily { get; init; }

    /// <summary>Which of two answers gets the person further; asked twice, with the answers swapped.</summary>
    internal const string Preference = "preference";

    /// <summary>The run whose answers are the other ones; null where none is compared with.</summary>
    internal Guid? Rival => Criteria.Contains(Preference) ? Against : null;
}
