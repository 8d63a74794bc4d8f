using Chancery.Server.Access;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Knowledge;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Chat;

/// <summary>Whether somebody asked the same in other words before. Off unless the operator wants it. Safe for concurrent use.</summary>
/// <remarks>
/// One's own questions only, the first of a conversation only, and only where the search found the very same passages: then the answers
/// could differ by the words alone. Not for what names people by their addresses or numbers.
/// </remarks>
public sealed class SemanticLookup(
    AnswerCacheOptions options,
    AnswerCache cache,
    AlikeQuestions alike,
    QuestionVectors vectors,
    TimeProvider time,
    ILogger<SemanticLookup> logger
)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(250);

    /// <summary>What came of a look-up.</summary>
    /// <param name="Key">Of the answer to the question that is alike; null where there is none.</param>
    internal sealed record Found(
        AnswerCacheKey? Key,
        double? Similarity,
        AnswerCacheKey Bucket,
        float[] Vector,
        string Hash
    );

    /// <summary>Null where nothing is looked for: it is off, not that kind of question, or answered word for word already.</summary>
    internal async Task<Found?> FindAsync(
        Principal principal,
        ChatQuestion question,
        int remembered,
        ChatModel model,
        Func<ChatModel, ChatRequest> requestFor,
        Func<Prompt> promptOf,
        CancellationToken cancellationToken
    )
    {
        if (
            !options.IsSemantic
            || remembered > 0
            || model.IsOwnKey
            || question.Freshness != CacheFreshness.Any
            || SameSense.IsPersonal(question.Text)
        )
        {
            return null;
        }

        var request = requestFor(model);
        if (
            request.Cache?.Key is not { } exact
            || await cache.FindAsync(exact, cancellationToken) is not null
            || await vectors.OfAsync(question.Text, cancellationToken) is not { } vector
            || BucketOf(principal, model, promptOf(), request.Options) is not { } bucket
        )
        {
            return null;
        }

        var nearest = await alike.FindAsync(bucket, question.Text, vector, cancellationToken);
        var key = nearest is { } near ? exact with { Hash = near.Question.Hash } : null;
        // It may have been pushed out, or was no answer to be kept.
        var isThere = key is not null && await cache.FindAsync(key, cancellationToken) is not null;
        return new Found(isThere ? key : null, isThere ? nearest?.Similarity : null, bucket, vector, exact.Hash);
    }

    /// <summary>A model has answered the question: whoever asks alike may be given the answer. Never throws, and never takes long.</summary>
    internal async Task RememberAsync(ChatQuestion question, Found found)
    {
        try
        {
            await alike
                .AddAsync(
                    found.Bucket,
                    new AlikeQuestion(question.Text, found.Vector, found.Hash, time.GetUtcNow() + options.TimeToLive),
                    CancellationToken.None
                )
                .WaitAsync(LongestWait, time);
        }
        catch (Exception exception)
        {
            // The answer is made; that the next one is not found by it is no fault of the question's.
            Log.NotRemembered(logger, exception);
        }
    }

    private AnswerCacheKey? BucketOf(Principal principal, ChatModel model, Prompt prompt, ChatOptions chat) =>
        AnswerCacheKey.Of(
            new CacheSpace(principal.Tenant, CacheNamespace.Semantic, principal.UserId),
            model,
            // All but the question, which is the last.
            [.. prompt.Messages.SkipLast(1)],
            chat,
            $"{PromptBuilder.Version}/{vectors.Model}",
            [.. prompt.Passages.Select(passage => passage.ChunkId.ToString())],
            prompt.Boundary
        );
}
