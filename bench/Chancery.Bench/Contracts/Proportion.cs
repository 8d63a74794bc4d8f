namespace Chancery.Bench.Contracts;

/// <summary>How often something was so, with the interval in which the true share is in 19 of 20 cases (Wilson 1927).</summary>
internal readonly record struct Proportion(int Count, int Of)
{
    private const double Normal = 1.959964;

    public static Proportion operator +(Proportion a, Proportion b) => new(a.Count + b.Count, a.Of + b.Of);

    public static Proportion Of1(bool isSo) => new(isSo ? 1 : 0, 1);

    /// <summary>"83.2 (79.0–86.7)" in per cent; "–" of nothing.</summary>
    public override string ToString()
    {
        if (Of == 0)
        {
            return "–";
        }

        var share = (double)Count / Of;
        var square = Normal * Normal / Of;
        var middle = (share + (square / 2)) / (1 + square);
        var reach = Normal * Math.Sqrt((share * (1 - share) / Of) + (square / (4 * Of))) / (1 + square);
        return FormattableString.Invariant(
            $"{100 * share:F1} ({100 * (middle - reach):F1}–{100 * (middle + reach):F1})"
        );
    }
}
