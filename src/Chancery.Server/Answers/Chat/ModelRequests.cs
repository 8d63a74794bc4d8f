using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Chat;

/// <summary>What a model is asked from passages, and how that may be answered from the cache.</summary>
/// <remarks>
/// The cache is looked into after the search: what somebody may not read is in no key of theirs, and a passage that changed makes
/// another one. So everybody in the tenant may be given the answer who would have asked the same, word for word and passage for passage.
/// </remarks>
internal static class ModelRequests
{
    /// <summary>Whoever wants a livelier model wants another answer each time.</summary>
    private const float MostTemperature = 0.5f;

    /// <param name="options">All of them: an answer that was made with others is another answer.</param>
    public static ChatRequest Of(
        TenantId tenant,
        ChatModel model,
        Prompt prompt,
        ChatOptions options,
        CacheFreshness freshness
    )
    {
        var key =
            options.Temperature > MostTemperature
                ? null
                : AnswerCacheKey.Of(
                    new CacheSpace(tenant, CacheNamespace.Chat, UserId: null),
                    model,
                    prompt.Messages,
                    options,
                    PromptBuilder.Version,
                    [.. prompt.Passages.Select(passage => passage.ChunkId.ToString())],
                    prompt.Boundary
                );
        return new ChatRequest(prompt.Messages, options, prompt.EstimatedTokens)
        {
            Cache = new CacheWish<ChatResponseUpdate>(key, UpdateCodec.Instance, freshness)
            {
                IsFit = text => OutputGuard.Find(text, [prompt.Boundary]) is null,
                Documents = [.. prompt.Passages.Select(passage => passage.DocumentId).Distinct()],
            },
        };
    }
}
