namespace Chancery.Testing;

/// <summary>The machine's clock, ahead by as much as a test says.</summary>
public sealed class MovedClock : TimeProvider
{
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;

    public override long GetTimestamp() =>
        System.GetTimestamp() + (long)(Ahead.TotalSeconds * System.TimestampFrequency);
}
