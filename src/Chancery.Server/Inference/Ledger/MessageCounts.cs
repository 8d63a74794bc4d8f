using System.Globalization;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Redis;

namespace Chancery.Server.Inference.Ledger;

/// <summary>How many messages were answered, of one thing.</summary>
/// <param name="Name">A type of message, a person's id or a model.</param>
public sealed record MessageCount(string Name, long Messages);

/// <summary>What Redis has counted of a tenant's answered messages.</summary>
/// <param name="Since">When the first of them was counted; null when there is none.</param>
/// <param name="Total">Of all types.</param>
/// <param name="CompleteSince">From when on the time series has all of them: it is cut to the newest.</param>
/// <param name="Series">Messages in each step of what was asked for, the oldest first.</param>
public sealed record CountedMessages(
    DateTimeOffset? Since,
    long Total,
    IReadOnlyList<MessageCount> ByType,
    IReadOnlyList<MessageCount> ByPerson,
    IReadOnlyList<MessageCount> ByModel,
    DateTimeOffset? CompleteSince,
    IReadOnlyList<long> Series
);

/// <summary>
/// Counters of answered messages in Redis, for figures that are looked at: lost with it, and nothing is decided by them. Safe for
/// concurrent use.
/// </summary>
public sealed class MessageCounts(RedisGateway redis)
{
    /// <summary>The time series keeps so many of the newest messages.</summary>
    public const int MostInSeries = 10_000;

    /// <summary>Of people and models the busiest are told.</summary>
    public const int MostNames = 50;

    // Names are ranked beside their counters, so that they are listed without a search through all keys.
    // KEYS: messages of the type, messages of the person, uses of the model, the time series, types, people, models, since.
    // ARGV: milliseconds, request, type, person, model.
    private const string TrackScript = """
        redis.call('INCR', KEYS[1])
        redis.call('INCR', KEYS[2])
        redis.call('INCR', KEYS[3])
        redis.call('ZADD', KEYS[4], ARGV[1], ARGV[2])
        redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -10001)
        redis.call('ZINCRBY', KEYS[5], 1, ARGV[3])
        redis.call('ZINCRBY', KEYS[6], 1, ARGV[4])
        redis.call('ZINCRBY', KEYS[7], 1, ARGV[5])
        redis.call('SET', KEYS[8], ARGV[1], 'NX')
        return {'tracked'}
        """;

    // All keys are of one tenant and lie in one slot, those that are named by what stands in others, too.
    // KEYS: types, people, models, since, the time series. ARGV: what keys of counters begin with, how many names, the first
    // millisecond, milliseconds of a step, steps. Answers since, how many the series has, its oldest, then three lists of names and
    // counts, each after its length, then the steps.
    private const string ReadScript = """
        local oldest = redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')
        local answer = {redis.call('GET', KEYS[4]) or '', tostring(redis.call('ZCARD', KEYS[5])), oldest[2] or ''}
        local before = {'stats:messages:', 'stats:user:', 'stats:model:'}
        local after = {'', ':messages', ':usage'}
        for kind = 1, 3 do
          local names = redis.call('ZREVRANGE', KEYS[kind], 0, tonumber(ARGV[2]) - 1)
          answer[#answer + 1] = tostring(#names)
          for _, name in ipairs(names) do
            answer[#answer + 1] = name
            answer[#answer + 1] = redis.call('GET', ARGV[1] .. before[kind] .. name .. after[kind]) or '0'
          end
        end
        local from, step = tonumber(ARGV[3]), tonumber(ARGV[4])
        for at = 0, tonumber(ARGV[5]) - 1 do
          local first = string.format('%.0f', from + at * step)
          local past = string.format('(%.0f', from + (at + 1) * step)
          answer[#answer + 1] = tostring(redis.call('ZCOUNT', KEYS[5], first, past))
        end
        return answer
        """;

    /// <summary>Counts one answered message; nobody waits for it.</summary>
    internal void Track(ReservationRequest request, string model, DateTimeOffset now)
    {
        var prefix = PrefixOf(request.Payer.Tenant);
        var (type, person) = (request.Purpose.Operation, request.Payer.UserId.ToString());
        redis.Fire(
            TrackScript,
            [
                $"{prefix}stats:messages:{type}",
                $"{prefix}stats:user:{person}:messages",
                $"{prefix}stats:model:{model}:usage",
                $"{prefix}timeline:messages",
                $"{prefix}stats:messages",
                $"{prefix}stats:users",
                $"{prefix}stats:models",
                $"{prefix}stats:since",
            ],
            [
                now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
                request.Id.ToString(),
                type,
                person,
                model,
            ]
        );
    }

    /// <summary>Everything at once; null when Redis is gone.</summary>
    /// <param name="from">Where the series begins.</param>
    /// <param name="steps">0 for no series.</param>
    public async Task<CountedMessages?> ReadAsync(
        TenantId tenant,
        DateTimeOffset from,
        TimeSpan step,
        int steps,
        CancellationToken cancellationToken
    )
    {
        var prefix = PrefixOf(tenant);
        var answer = await redis
            .RunAsync(
                ReadScript,
                [
                    $"{prefix}stats:messages",
                    $"{prefix}stats:users",
                    $"{prefix}stats:models",
                    $"{prefix}stats:since",
                    $"{prefix}timeline:messages",
                ],
                [
                    prefix,
                    Text(MostNames),
                    Text(from.ToUnixTimeMilliseconds()),
                    Text((long)step.TotalMilliseconds),
                    Text(steps),
                ]
            )
            .WaitAsync(cancellationToken);
        return answer is null ? null : Parse(answer);
    }

    private static CountedMessages Parse(string[] answer)
    {
        var at = 3;
        var (types, people, models) = (Counts(), Counts(), Counts());
        var since = Moment(answer[0]);
        return new CountedMessages(
            since,
            types.Sum(type => type.Messages),
            types,
            people,
            models,
            Number(answer[1]) >= MostInSeries ? Moment(answer[2]) : since,
            [.. answer.Skip(at).Select(Number)]
        );

        List<MessageCount> Counts()
        {
            var counts = new List<MessageCount>((int)Number(answer[at++]));
            while (counts.Count < counts.Capacity)
            {
                counts.Add(new MessageCount(answer[at], Number(answer[at + 1])));
                at += 2;
            }

            return counts;
        }
    }

    private static string PrefixOf(TenantId tenant) => $"{{{tenant.Value:n}}}:";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    // A score is a double, and may be told with an exponent.
    private static DateTimeOffset? Moment(string text) =>
        text.Length == 0
            ? null
            : DateTimeOffset.FromUnixTimeMilliseconds((long)double.Parse(text, CultureInfo.InvariantCulture));
}
