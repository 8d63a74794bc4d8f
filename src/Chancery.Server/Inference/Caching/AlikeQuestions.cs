using System.Text.Json;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Inference.Caching;

/// <summary>A question that was answered, for those who ask it in other words.</summary>
/// <param name="Vector">Of length one.</param>
/// <param name="Hash">Of the key of its answer.</param>
/// <param name="UsedUntil">When that answer ends.</param>
public sealed record AlikeQuestion(string Text, float[] Vector, string Hash, DateTimeOffset UsedUntil);

/// <summary>
/// Questions of one person that differ in nothing but their words: same passages, same model, same parameters. Safe for concurrent use.
/// </summary>
/// <remarks>Two who write at the same time may lose one of both; Redis gone, there is nothing alike.</remarks>
public sealed class AlikeQuestions
{
    private const int Most = 50;

    private readonly RedisGateway _redis;
    private readonly Hurried _hurried;
    private readonly CacheStamps _stamps;
    private readonly IDataKeys _keys;
    private readonly AnswerCacheOptions _options;
    private readonly TimeProvider _time;

    internal AlikeQuestions(
        RedisGateway redis,
        Hurried hurried,
        CacheStamps stamps,
        IDataKeys keys,
        AnswerCacheOptions options,
        TimeProvider time
    )
    {
        (_redis, _hurried, _stamps, _keys, _options, _time) = (redis, hurried, stamps, keys, options, time);
    }

    /// <summary>The one that is nearest in meaning and says nothing else; null where none is near enough.</summary>
    /// <param name="bucket">What all of them have in common.</param>
    public async Task<(AlikeQuestion Question, double Similarity)?> FindAsync(
        AnswerCacheKey bucket,
        string question,
        float[] vector,
        CancellationToken cancellationToken
    )
    {
        (AlikeQuestion Question, double Similarity)? best = null;
        foreach (var known in await ReadAsync(bucket, cancellationToken))
        {
            if (known.Vector.Length != vector.Length || !SameSense.Holds(known.Text, question))
            {
                continue;
            }

            var similarity = CosineOf(known.Vector, vector);
            if (similarity >= _options.SemanticThreshold && similarity > (best?.Similarity ?? 0))
            {
                best = (known, similarity);
            }
        }

        return best;
    }

    public async Task AddAsync(AnswerCacheKey bucket, AlikeQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        var known = await ReadAsync(bucket, cancellationToken);
        var all = known.Where(other => other.Hash != question.Hash).Append(question).TakeLast(Most).ToList();
        var name = await NameAsync(bucket);
        var sealed_ = SealedAnswer.Seal(
            JsonSerializer.SerializeToUtf8Bytes(all),
            await _keys.GetAsync(bucket.Space.Tenant, cancellationToken),
            name
        );
        await _redis.SetAllAsync([(name, sealed_, _options.TimeToLive)]);
    }

    private static double CosineOf(float[] one, float[] other)
    {
        var sum = 0.0;
        for (var i = 0; i < one.Length; i++)
        {
            sum += (double)one[i] * other[i];
        }

        return sum;
    }

    private async Task<IReadOnlyList<AlikeQuestion>> ReadAsync(
        AnswerCacheKey bucket,
        CancellationToken cancellationToken
    )
    {
        var name = await NameAsync(bucket);
        if (await _hurried.OrNothingAsync(() => _redis.GetBytesAsync(name)) is not { } kept)
        {
            return [];
        }

        var key = await _keys.GetAsync(bucket.Space.Tenant, cancellationToken);
        var now = _time.GetUtcNow();
        return SealedAnswer.Open<List<AlikeQuestion>>(kept, key, name) is { } known
            ? [.. known.Where(question => question.UsedUntil > now)]
            : [];
    }

    private async ValueTask<string> NameAsync(AnswerCacheKey bucket) =>
        bucket.Name(await _stamps.OfAsync(bucket.Space));
}
