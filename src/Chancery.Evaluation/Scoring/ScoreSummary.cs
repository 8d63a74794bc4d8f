using Chancery.Evaluation.Statistics;

namespace Chancery.Evaluation.Scoring;

/// <summary>A mean, and what it is a mean of.</summary>
/// <param name="Mean">Of the numbers; null where there is none.</param>
/// <param name="Interval">Of the mean (95 %): Wilson where every number is 0 or 1, else by bootstrap.</param>
/// <param name="Count">Numbers.</param>
/// <param name="NotApplicable">Questions that had nothing to score.</param>
/// <param name="Failed">Questions that should have been scored and could not be.</param>
/// <param name="Coverage">Share of numbers among what should have been scored; 1 where nothing should.</param>
public sealed record ScoreSummary(
    double? Mean,
    Interval? Interval,
    int Count,
    int NotApplicable,
    int Failed,
    double Coverage
)
{
    public static ScoreSummary Of(IEnumerable<Score> scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        var all = scores.ToList();
        double[] numbers = [.. all.OfType<Score.Number>().Select(number => number.Amount)];
        var failed = all.OfType<Score.Failed>().Count();
        return new(
            numbers.Length == 0 ? null : numbers.Average(),
            IntervalOf(numbers),
            numbers.Length,
            all.OfType<Score.NotApplicable>().Count(),
            failed,
            numbers.Length + failed == 0 ? 1 : (double)numbers.Length / (numbers.Length + failed)
        );
    }

    private static Interval? IntervalOf(double[] numbers) =>
        numbers.Length > 0 && numbers.All(number => number is 0 or 1)
            ? Proportion.Wilson(numbers.LongCount(number => number is 1), numbers.Length)
            : Bootstrap.OfMean(numbers);
}
