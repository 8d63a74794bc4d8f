namespace Chancery.Evaluation.Scoring;

/// <summary>One score of a question that was asked several times.</summary>
/// <param name="Score">
/// The mean of the numbers where at least half of the times gave one; else what the others were: failed, or not applicable where that was more
/// frequent. The question stays one observation, however often it was asked, and what is known of few of its times is not what is known of it.
/// </param>
/// <param name="Spread">The standard deviation between the times (of n − 1); null of fewer than two numbers.</param>
public sealed record RepeatedScore(Score Score, double? Spread)
{
    /// <param name="times">At least one.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static RepeatedScore Of(IReadOnlyCollection<Score> times)
    {
        ArgumentNullException.ThrowIfNull(times);
        if (times.Count == 0)
        {
            throw new ArgumentException("It takes the score of one time at least.", nameof(times));
        }

        double[] numbers = [.. times.OfType<Score.Number>().Select(number => number.Amount)];
        if (numbers.Length * 2 < times.Count)
        {
            Score[] failed = [.. times.Where(score => score is Score.Failed)];
            return new(failed.Length * 2 >= times.Count - numbers.Length ? failed[0] : Score.None, null);
        }

        var mean = numbers.Average();
        return new(
            // What rounding adds is no score, and no difference to the same answers asked another number of times.
            Score.Of(Math.Clamp(Math.Round(mean, 12), 0, 1)),
            numbers.Length < 2
                ? null
                : Math.Sqrt(numbers.Sum(number => (number - mean) * (number - mean)) / (numbers.Length - 1))
        );
    }
}
