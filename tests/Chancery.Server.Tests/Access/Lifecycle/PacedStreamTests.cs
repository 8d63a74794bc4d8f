using Chancery.Server.Access.Lifecycle.Archiving;

namespace Chancery.Server.Tests.Access.Lifecycle;

/// <summary>How slowly an archive may be read.</summary>
public sealed class PacedStreamTests
{
    private static readonly byte[] Piece = new byte[1000];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_stops_reading_is_given_up()
    {
        await using var stuck = new ReaderAt(Timeout.InfiniteTimeSpan);
        await using var paced = Paced(stuck, new ArchivePace { Patience = TimeSpan.FromMilliseconds(200) });

        await Assert.ThrowsAsync<ReaderTooSlowException>(async () => await paced.WriteAsync(Piece, Cancel));
    }

    [Fact]
    public async Task Whoever_reads_on_average_too_slowly_is_given_up_and_a_pause_is_not()
    {
        var pace = new ArchivePace { BytesPerSecond = 100_000, Patience = TimeSpan.FromMilliseconds(400) };
        await using var slow = new ReaderAt(TimeSpan.FromMilliseconds(60));
        await using var paced = Paced(slow, pace);
        var written = 0;

        await Assert.ThrowsAsync<ReaderTooSlowException>(async () =>
        {
            for (; written < 100; written++)
            {
                await paced.WriteAsync(Piece, Cancel);
            }
        });

        // Each piece is due after 10 ms and takes 60: it falls behind by 50 each time.
        Assert.InRange(written, 1, 10);

        await using var pausing = new ReaderAt(TimeSpan.FromMilliseconds(200));
        await using var lasting = Paced(pausing, pace);
        await lasting.WriteAsync(Piece, Cancel);
        pausing.Pause = TimeSpan.Zero;
        for (var again = 0; again < 200; again++)
        {
            await lasting.WriteAsync(Piece, Cancel);
        }
    }

    [Fact]
    public async Task All_of_it_has_an_end_at_whatever_pace()
    {
        await using var steady = new ReaderAt(TimeSpan.FromMilliseconds(20));
        await using var paced = Paced(
            steady,
            new ArchivePace { BytesPerSecond = 1, Longest = TimeSpan.FromMilliseconds(300) }
        );

        await Assert.ThrowsAsync<ReaderTooSlowException>(async () =>
        {
            for (var written = 0; written < 1000; written++)
            {
                await paced.WriteAsync(Piece, Cancel);
            }
        });
    }

    private static PacedStream Paced(Stream reader, ArchivePace pace) => new(reader, pace, TimeProvider.System);

    /// <summary>Takes each piece after a while.</summary>
    private sealed class ReaderAt(TimeSpan pause) : MemoryStream
    {
        public TimeSpan Pause { get; set; } = pause;

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (Pause != TimeSpan.Zero)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }
}
