using Chancery.Server.Audit.Reading;
using Npgsql;

namespace Chancery.Server.Audit.Live;

/// <summary>What came since somebody looked last: from Redis where it has it, else from the table. Not safe for concurrent use.</summary>
internal sealed class LiveWatch(LiveStream stream, EntryStore entries, TimeProvider time, Guid tenant, long after)
{
    public const string FromStream = "stream";
    public const string FromTable = "table";

    private const int AtOnce = 100;

    /// <summary>The stream may miss something: the table is asked so often, too.</summary>
    private static readonly TimeSpan BetweenChecks = TimeSpan.FromSeconds(5);

    /// <summary>While Redis is gone.</summary>
    private static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(2);

    private long _askedAt = time.GetTimestamp();

    /// <summary>The last number that was told.</summary>
    public long Last { get; private set; } = after;

    /// <summary>Where entries come from at present.</summary>
    public string Source { get; private set; } = FromStream;

    /// <param name="isInHurry">Whether the table is asked at once where the stream has nothing.</param>
    public async Task<IReadOnlyList<EntryView>> NextAsync(bool isInHurry, CancellationToken cancellationToken)
    {
        var streamed = await stream.AfterAsync(tenant, Last);
        Source = streamed is null ? FromTable : FromStream;
        if (streamed is { Count: > 0 })
        {
            Last = streamed[^1].Seq;
            return streamed;
        }

        if (!isInHurry && time.GetElapsedTime(_askedAt) < (streamed is null ? BetweenPolls : BetweenChecks))
        {
            return [];
        }

        _askedAt = time.GetTimestamp();
        try
        {
            var rows = await entries.OldestAsync(tenant, new EntryFilter(), Last, AtOnce, cancellationToken);
            if (rows.Count > 0)
            {
                Last = rows[^1].Seq;
                // More may wait: it is asked again at once.
                _askedAt -= rows.Count == AtOnce ? time.TimestampFrequency * 10 : 0;
            }

            return [.. rows.Select(EntryView.Of)];
        }
        catch (NpgsqlException)
        {
            // Nobody can say just now; asked again in a moment.
            return [];
        }
    }
}
