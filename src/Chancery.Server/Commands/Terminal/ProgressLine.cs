using System.Globalization;

namespace Chancery.Server.Commands.Terminal;

/// <summary>
/// One line on standard error that is drawn over and over while somebody watches. Where nobody does (a pipe, a log,
/// <c>NO_COLOR</c>, a terminal that cannot) nothing is drawn. Safe for concurrent use.
/// </summary>
internal sealed class ProgressLine(TextWriter output, bool isWatched, TimeProvider time) : IDisposable
{
    private const int BarWidth = 24;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private long _drawnAt;
    private long _stageAt;
    private string _stage = "";
    private int _width;

    /// <summary>Whether a person looks at standard error.</summary>
    public static bool IsWatched { get; } =
        !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";

    public static ProgressLine OnStandardError(bool isWanted) =>
        new(Console.Error, isWanted && IsWatched, TimeProvider.System);

    public void Report(string stage, long done, long? total, string unit)
    {
        if (!isWatched)
        {
            return;
        }

        lock (_gate)
        {
            if (stage != _stage)
            {
                (_stage, _stageAt, _drawnAt) = (stage, time.GetTimestamp(), 0);
            }

            if (_drawnAt != 0 && time.GetElapsedTime(_drawnAt) < Pause && done != total)
            {
                return;
            }

            _drawnAt = time.GetTimestamp();
            Draw(LineOf(stage, done, total, unit, time.GetElapsedTime(_stageAt)));
        }
    }

    /// <summary>Writes a line that stays, above the one that is drawn.</summary>
    public void Say(string line)
    {
        lock (_gate)
        {
            Wipe();
            output.WriteLine(line);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Wipe();
        }
    }

    /// <summary><c>Uploading  [########----------------]  33 %  12 of 36 files, about 40 s left</c>.</summary>
    internal static string LineOf(string stage, long done, long? total, string unit, TimeSpan elapsed)
    {
        if (total is not > 0)
        {
            return $"{stage}  {Amount(done, unit)}";
        }

        var share = Math.Clamp((double)done / total.Value, 0, 1);
        var filled = (int)(share * BarWidth);
        var left =
            share is > 0.02 and < 1 && elapsed.TotalSeconds > 2
                ? $", about {Duration(elapsed * ((1 - share) / share))} left"
                : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{stage}  [{new string('#', filled)}{new string('-', BarWidth - filled)}] {share * 100, 3:0} %  {Amount(done, unit, total)}{left}"
        );
    }

    /// <summary><c>3.2 MB</c>.</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1000 && unit < units.Length - 1)
        {
            (value, unit) = (value / 1000, unit + 1);
        }

        return value.ToString(unit == 0 || value >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture)
            + " "
            + units[unit];
    }

    // The whole program runs with the invariant culture.
    private static string Amount(long done, string unit, long? total = null) =>
        (unit, total) switch
        {
            ("bytes", null) => Size(done),
            ("bytes", _) => $"{Size(done)} of {Size(total.Value)}",
            (_, null) => $"{done} {unit}",
            _ => $"{done} of {total} {unit}",
        };

    private static string Duration(TimeSpan span) =>
        span switch
        {
            { TotalSeconds: < 90 } => string.Create(
                CultureInfo.InvariantCulture,
                $"{Math.Ceiling(span.TotalSeconds)} s"
            ),
            { TotalMinutes: < 90 } => string.Create(
                CultureInfo.InvariantCulture,
                $"{Math.Ceiling(span.TotalMinutes)} min"
            ),
            _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours:0.0} h"),
        };

    private void Draw(string line)
    {
        var room = Math.Max(20, Width() - 1);
        var text = line.Length <= room ? line : line[..room];
        output.Write('\r' + text.PadRight(Math.Min(_width, room)));
        output.Flush();
        _width = text.Length;
    }

    private void Wipe()
    {
        if (_width > 0)
        {
            output.Write('\r' + new string(' ', _width) + '\r');
            output.Flush();
            _width = 0;
        }
    }

    private static int Width()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }
}
