using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Answers.Reasoning;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Knowledge.Collections;

namespace Chancery.Server.Gateway.Knowledge;

/// <summary>
/// <c>knowledge/…</c> as a model: an answer from the organisation's documents with checked citations, by a language model of the
/// installation where there is one. Safe for concurrent use.
/// </summary>
/// <remarks><c>knowledge/all</c> is everything that the caller may read; another name is a collection, by name or id.</remarks>
internal sealed class KnowledgeModel(
    ChatService chat,
    CollectionStore collections,
    ModelChoice choice,
    ReasoningSettings reasoning
)
{
    public const string Prefix = "knowledge/";

    private const string Everything = "all";

    // What a question may have; what is more is no question to documents.
    private const int LongestQuestion = 4_000;

    public static bool Is(string model) => model.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Null and why where it cannot be asked.</summary>
    public async Task<(ChatQuestion? Question, OpenAIError? Error)> QuestionOfAsync(
        Principal principal,
        string model,
        IReadOnlyList<(string Role, string Text)> messages,
        float? temperature,
        long? mostTokens,
        bool isReasoned,
        CancellationToken cancellationToken
    )
    {
        var name = model[Prefix.Length..];
        Guid[]? within = null;
        if (!name.Equals(Everything, StringComparison.OrdinalIgnoreCase))
        {
            if (
                !principal.May(Permission.DocumentsRead)
                || await collections.FindAsync(principal, name, cancellationToken) is not { } found
            )
            {
                return (null, OpenAIError.NoSuchModel("There is no such collection, or it is not yours to see."));
            }

            within = [found.Id];
        }

        if (messages.Count == 0 || messages[^1] is not { Role: "user", Text: var question })
        {
            return (null, OpenAIError.Invalid("messages", "The last message must be the user's question."));
        }

        if (
            string.IsNullOrWhiteSpace(question)
            || question.Length > LongestQuestion
            || question.Contains('\0', StringComparison.Ordinal)
        )
        {
            return (null, OpenAIError.Invalid("messages", $"A question has 1 to {LongestQuestion} characters."));
        }

        var chain = await choice.ChainAsync(principal.Tenant, cancellationToken);
        // A parameter that a model does not know is left out, as elsewhere in this protocol: it answers without steps.
        var wish =
            isReasoned && reasoning.IsEnabled && chain.Any(one => one.Reasons is not ModelReasoning.None)
                ? new ReasoningWish(reasoning.ShowsSteps, reasoning.MostSteps)
                : null;
        if (wish is not null)
        {
            chain = await choice.ReasoningChainAsync(principal.Tenant, reasoning.Model, cancellationToken);
        }

        return (
            new ChatQuestion(
                question,
                SessionId: null,
                chain.Count > 0 ? chain[0] : ChatModel.Extractive,
                Documents: null,
                Tags: null,
                Collections: within,
                HoldCharacters: 0,
                temperature is >= 0 and <= 2 ? temperature : null,
                chain.Count > 0 && mostTokens is { } most ? (int)Math.Min(most, chain[0].MaxOutputTokens ?? most) : null
            )
            {
                Fallbacks = [.. chain.Skip(1)],
                Told = [.. PairsOf(messages)],
                Reasoning = wish,
            },
            null
        );
    }

    public IAsyncEnumerable<AnswerEvent> AskAsync(
        Principal principal,
        ChatQuestion question,
        string traceId,
        CancellationToken cancellationToken
    ) => chat.AskAsync(principal, question, traceId, cancellationToken);

    /// <summary>What was asked and answered before, as far as each has the other.</summary>
    private static IEnumerable<RememberedPair> PairsOf(IReadOnlyList<(string Role, string Text)> messages)
    {
        string? asked = null;
        foreach (var (role, text) in messages.SkipLast(1))
        {
            if (role == "user")
            {
                asked = text;
            }
            else if (role == "assistant" && asked is not null)
            {
                yield return new RememberedPair(asked, text);
                asked = null;
            }
        }
    }
}
