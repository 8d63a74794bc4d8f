namespace Chancery.Evaluation.Statistics;

/// <summary>Both ends belong to it.</summary>
public readonly record struct Interval(double Low, double High)
{
    public bool Contains(double value) => Low <= value && value <= High;
}
