namespace Chancery.Evaluation.Scoring;

/// <summary>One score of a question that was asked several times.</summary>
/// <param name="Score">
/// The mean of the numbers; failed where no time gave one and one should have; else not applicable. The question stays one observation, however often
/// it was asked.
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
        if (numbers.Length == 0)
        {
            return new(times.FirstOrDefault(score => score is Score.Failed) ?? Score.None, null);
        }

        var mean = numbers.Average();
        return new(
            // What rounding adds to a mean of ones is no score.
            Score.Of(Math.Clamp(mean, 0, 1)),
            numbers.Length < 2
                ? null
                : Math.Sqrt(numbers.Sum(number => (number - mean) * (number - mean)) / (numbers.Length - 1))
        );
    }
}
