using System.Globalization;

namespace Chancery.Isolation.Tests;

/// <summary>How long a foreign id takes beside a missing one, medians of calls that took turns.</summary>
/// <param name="ForeignLowMs">The fast fifth: what others do on the machine touches it least.</param>
internal sealed record TimingLine(
    Route Route,
    double ForeignMs,
    double MissingMs,
    double ForeignLowMs,
    double MissingLowMs
)
{
    private const double LargestRatio = 1.2;

    // Below this a difference is the machine's, not the answer's.
    private const double SmallestDifferenceMs = 0.3;

    /// <summary>Medians and fast fifths both differ, and the same way.</summary>
    public bool Tells =>
        Differ(ForeignMs, MissingMs)
        && Differ(ForeignLowMs, MissingLowMs)
        && ForeignMs > MissingMs == ForeignLowMs > MissingLowMs;

    private static bool Differ(double one, double other) =>
        Math.Abs(one - other) > SmallestDifferenceMs && Math.Max(one, other) / Math.Min(one, other) > LargestRatio;

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"`{Route}`: foreign {ForeignMs:0.00} ms, missing {MissingMs:0.00} ms, ratio {ForeignMs / MissingMs:0.00} "
                + $"(fast fifth {ForeignLowMs:0.00} and {MissingLowMs:0.00} ms)"
        );
}

/// <summary>Compares the time of an answer about somebody else's thing with one about nobody's.</summary>
internal static class Timing
{
    private const int Samples = 80;
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
        // By lot, from a fixed seed: a regular turn would fall in step with whatever else is regular on the machine.
        var lot = new Random(20);
        for (var sample = 0; sample < Samples; sample++)
        {
            if (lot.Next(2) == 0)
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

        return new TimingLine(
            route,
            Quantile(foreignMs, 0.5),
            Quantile(missingMs, 0.5),
            Quantile(foreignMs, 0.2),
            Quantile(missingMs, 0.2)
        );
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

    private static double Quantile(List<double> values, double share)
    {
        // The first calls pay for connections and compilation.
        var sorted = values.Skip(Samples / 6).Order().ToList();
        return sorted[(int)(sorted.Count * share)];
    }
}
