using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;

namespace Chancery.Server.Answers.Chat;

/// <summary>A question that was checked and may be answered.</summary>
/// <param name="Text">1 to 4000 characters.</param>
/// <param name="SessionId">The caller's name for the conversation; null starts one.</param>
/// <param name="HoldCharacters">
/// How much of a model's answer is held back before it is shown: while nothing is shown, a failing model can still be
/// replaced by quotes.
/// </param>
/// <param name="Temperature">0 to 2; null leaves it to the model.</param>
/// <param name="MaxTokens">Most tokens of the answer; null for a share of the model's window.</param>
/// <param name="ThreadId">The first question at the place that this one takes; null for a new place.</param>
public sealed record ChatQuestion(
    string Text,
    string? SessionId,
    ChatModel Model,
    Guid[]? Documents,
    string[]? Tags,
    Guid[]? Collections,
    int HoldCharacters,
    float? Temperature,
    int? MaxTokens,
    Guid? ThreadId = null
)
{
    /// <summary>Asked one after the other when <see cref="Model"/> fails before it says anything.</summary>
    public IReadOnlyList<ChatModel> Fallbacks { get; init; } = [];

    /// <summary>Whether nobody named a model, so that the version of the prompt may say whom to ask first.</summary>
    public bool IsModelOpen { get; init; }

    /// <summary>Whether the model is to think step by step first; null: it is not asked to.</summary>
    public ReasoningWish? Reasoning { get; init; }

    /// <summary>The conversation so far as the caller tells it, oldest first; null for what is stored of it.</summary>
    public IReadOnlyList<RememberedPair>? Told { get; init; }

    /// <summary>What the caller wants of the cache of answers.</summary>
    public CacheFreshness Freshness { get; init; } = CacheFreshness.Any;

    /// <summary>What the cache had to do with the answer; known from its first text on.</summary>
    public CacheReport Cache { get; init; } = new();

    /// <summary>Whether question and answer are stored as a conversation of the asker's.</summary>
    public bool IsKept { get; init; } = true;

    /// <summary>The version of the product's prompt for answers; null for the one that is in use.</summary>
    public int? PromptVersion { get; init; }

    /// <summary>Whether a rollout may deal it a new version of the prompt, and counts what becomes of it.</summary>
    public bool JoinsRollouts { get; init; } = true;

    /// <summary>One of <see cref="UsageComponent"/>: what models are paid for.</summary>
    public string Component { get; init; } = UsageComponent.Chat;

    /// <summary>What models cost for the answer; known when it has ended, however it did.</summary>
    public AnswerBill Bill { get; } = new();

    /// <summary>What guards had to do with the answer; known when it has ended, however it did.</summary>
    internal AnswerGuarding Guarding { get; } = new();
}

/// <summary>Filled while a question is answered by a model; stays as it is where none is asked.</summary>
internal sealed class AnswerGuarding
{
    /// <summary>What the organisation says of what models write.</summary>
    public AnswerRules Wanted { get; set; } = AnswerRules.Default;

    /// <summary>What the model was told as its rules; null where none was asked.</summary>
    public string? Rules { get; set; }

    /// <summary>What stopped the answer, of <see cref="Guarding.GuardHit"/>; null for nothing.</summary>
    public string? Stopped { get; set; }

    /// <summary>What was taken out of it, of <see cref="Guarding.GuardHit"/>.</summary>
    public IReadOnlyList<string> Removed { get; set; } = [];

    /// <summary>All that acted, each once.</summary>
    public IReadOnlyList<string> Acted => [.. Removed.Concat(Stopped is { } stopped ? [stopped] : []).Distinct()];

    /// <summary>What looked like an attempt to give the model other instructions, of <see cref="Guarding.InjectionWatch"/>.</summary>
    public IReadOnlyList<string> Suspected { get; set; } = [];
}

/// <summary>Filled while a question is answered.</summary>
public sealed class AnswerBill
{
    public NanoDollars Cost { get; set; }
}

/// <summary>Filled while a question is answered.</summary>
public sealed class CacheReport
{
    public CacheOutcome Outcome { get; set; }
}
