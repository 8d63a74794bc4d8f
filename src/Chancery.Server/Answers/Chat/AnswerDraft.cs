using System.Text;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Answers.Chat;

/// <summary>An answer while it is made: what would be stored if it ended now.</summary>
internal sealed class AnswerDraft(string model, DateTimeOffset askedAt, Guid? threadId)
{
    private readonly StringBuilder _text = new();

    public string Model { get; private set; } = model;

    public DateTimeOffset AskedAt { get; } = askedAt;

    public Guid QuestionId { get; } = Guid.CreateVersion7(askedAt);

    public Guid ThreadId => threadId ?? QuestionId;

    public List<Citation> Citations { get; } = [];

    public IReadOnlyList<string> Unsupported { get; set; } = [];

    /// <summary>How far the passages support what was said, 0 to 1; null where nobody looked.</summary>
    public double? Support { get; set; }

    /// <summary>The passages that the model was shown: of those that were found, what fitted.</summary>
    public IReadOnlyList<Passage> Shown { get; set; } = [];

    /// <summary>Those that are shown.</summary>
    public List<ReasoningStep> Steps { get; } = [];

    /// <summary>What the model was shown, and so what its thoughts may tell of.</summary>
    public IReadOnlyList<Guid> DocumentsRead { get; set; } = [];

    /// <summary>The version of the prompt that a model is asked with; null where none is asked.</summary>
    public PromptUse? Prompt { get; set; }

    /// <summary>The version of the prompt by which it is asked to think first; null where it thinks by itself, or was not asked to.</summary>
    public PromptUse? Thinking { get; set; }

    /// <summary>Whether the model wrote a thought down, whoever sees it.</summary>
    public bool HasThought { get; set; }

    /// <summary>Of the conversation, what its model was told in beginnings only.</summary>
    public IReadOnlyList<RememberedPair> LeftOut { get; set; } = [];

    /// <summary>What looked like an attempt to give the model other instructions: of <see cref="Guarding.InjectionWatch"/>.</summary>
    public IReadOnlyList<string> Suspected { get; set; } = [];

    public TokenUsage Usage { get; set; } = new(0, 0);

    public bool Truncated { get; set; }

    public bool Degraded { get; private set; }

    /// <summary>
    /// Whether no model was asked because there was no money, or the asker's own key was refused: that says nothing of the prompt.
    /// </summary>
    public bool IsUnasked { get; set; }

    /// <summary>Whether the model failed or was stopped, whatever took its place.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Whether a model was not asked, because it had been asked the same.</summary>
    public bool Cached { get; set; }

    /// <summary>How near the question is to the one that was answered then, where it was asked in other words.</summary>
    public double? Similarity { get; set; }

    /// <summary>Whether the caller saw any of it.</summary>
    public bool IsShown { get; set; }

    public bool IsClosed { get; set; }

    public double? FirstTextMs { get; set; }

    public string Text => _text.ToString();

    public void Append(string text) => _text.Append(text);

    /// <summary>Another model than the one that was asked first may have answered.</summary>
    public void AnsweredBy(string model) => Model = model;

    /// <summary>Forgets what a failed model said: quotes take its place.</summary>
    public void Degrade(string replacement)
    {
        _text.Clear();
        Citations.Clear();
        Steps.Clear();
        Unsupported = [];
        Usage = new TokenUsage(0, 0);
        Model = replacement;
        Degraded = true;
        Cached = false;
    }

    public Exchange ToExchange(
        ChatQuestion question,
        string outcome,
        Guid answerId,
        DateTimeOffset answeredAt,
        object usage
    ) =>
        new(
            QuestionId,
            ThreadId,
            new Asked(
                question.Documents,
                question.Tags,
                question.Collections,
                question.Temperature,
                question.MaxTokens,
                question.Reasoning is null ? null : true
            ),
            question.Text,
            AskedAt,
            answerId,
            Text,
            answeredAt,
            outcome,
            Model,
            Degraded,
            Citations,
            Unsupported,
            usage
        )
        {
            Reasoning = Steps.Count == 0 ? null : new StoredReasoning(Steps, DocumentsRead),
        };
}
