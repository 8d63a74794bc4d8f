namespace Chancery.Guards.Injection;

/// <summary>
/// Weights of signals, as <c>./run bench guards injection fit</c> prints them: fitted on the training half alone.
/// </summary>
internal static class InjectionWeights
{
    /// <summary>A person may give instructions; in what is only read, the same words are out of place.</summary>
    private const double OfWhatIsRead = 0.5;

    private const double Bias = -3;

    private static readonly Dictionary<string, double> _weights = new()
    {
        ["override"] = 3,
    };

    private static readonly double[] _inOrder = [.. InjectionSignals.Names.Select(name => _weights.GetValueOrDefault(name))];

    /// <summary>From 0 to 1.</summary>
    public static double Weigh(double[] features, InjectionSource source)
    {
        var sum = Bias + (source == InjectionSource.Question || features[..^1].All(feature => feature == 0) ? 0 : OfWhatIsRead);
        for (var i = 0; i < features.Length; i++)
        {
            sum += _inOrder[i] * features[i];
        }

        return 1 / (1 + Math.Exp(-sum));
    }
}
