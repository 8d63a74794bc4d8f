using System.Globalization;

namespace Chancery.Isolation.Tests;

/// <summary>How long a foreign id takes beside a missing one, medians of calls that took turns.</summary>
internal sealed record TimingLine(Route Route, double ForeignMs, double MissingMs)
{
    private const double LargestRatio = 1.2;

    // Below this a difference is the machine's, not the answer's.
    private const double SmallestDifferenceMs = 0.3;

    public bool Tells =>
        Math.Abs(ForeignMs - MissingMs) > SmallestDifferenceMs
        && Math.Max(ForeignMs, MissingMs) / Math.Min(ForeignMs, MissingMs) > LargestRatio;

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"`{Route}`: foreign {ForeignMs:0.00} ms, missing {MissingMs:0.00} ms, ratio {ForeignMs / MissingMs:0.00}"
        );
}

/// <summary>Compares the time of an answer about somebody else's thing with one about nobody's.</summary>
internal static class Timing
{
    private const int Samples = 60;
    private const int Rounds = 3;

    /// <summary>
    /// A difference that is there in every one of three rounds is the server's; one that is not is the machine's.
    /// </summary>
    public static async Task<IReadOnlyList<TimingLine>> CompareAsync(
        Organisation acme,
        Organisation globex,
        IEnumerable<Route> routes,
        CancellationToken cancellationToken
    )
    {
        var lines = new List<TimingLine>();
        foreach (var route in routes.Where(IsComparable))
        {
            var wanted = await Attack.MakeAsync(acme, route.Example!);
            var missing = wanted.ToDictionary(pair => pair.Key, _ => Guid.CreateVersion7().ToString());
            TimingLine line;
            var round = 0;
            do
            {
                line = await RoundAsync(route, globex, wanted, missing, cancellationToken);
            } while (line.Tells && ++round < Rounds);

            lines.Add(line);
        }

        return lines;
    }

    private static bool IsComparable(Route route) =>
        route is { IsApi: true, Method: "GET", Example: not null } && Attack.Places(route.Example).Count == 1;

    private static async Task<TimingLine> RoundAsync(
        Route route,
        Organisation globex,
        Dictionary<Place, string> wanted,
        Dictionary<Place, string> missing,
        CancellationToken cancellationToken
    )
    {
        var foreignMs = new List<double>();
        var missingMs = new List<double>();
        for (var sample = 0; sample < Samples; sample++)
        {
            // Who goes first changes, so that neither always finds the warmer cache.
            if (sample % 2 == 0)
            {
                foreignMs.Add(await OnceAsync(route, globex, wanted, cancellationToken));
                missingMs.Add(await OnceAsync(route, globex, missing, cancellationToken));
            }
            else
            {
                missingMs.Add(await OnceAsync(route, globex, missing, cancellationToken));
                foreignMs.Add(await OnceAsync(route, globex, wanted, cancellationToken));
            }
        }

        return new TimingLine(route, Median(foreignMs), Median(missingMs));
    }

    private static async Task<double> OnceAsync(
        Route route,
        Organisation globex,
        Dictionary<Place, string> ids,
        CancellationToken cancellationToken
    )
    {
        var started = TimeProvider.System.GetTimestamp();
        await Attack.CallAsync(globex.Owner.Http, route, globex, ids, cancellationToken);
        return TimeProvider.System.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Median(List<double> values)
    {
        // The first calls pay for connections and compilation.
        var sorted = values.Skip(Samples / 6).Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
