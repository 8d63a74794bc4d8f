namespace Chancery.Guards.Injection;

/// <summary>
/// Weights of signals, as <c>./run bench guards injection fit</c> prints them: fitted on the training half alone.
/// </summary>
internal static class InjectionWeights
{
    /// <summary>A person may give instructions; in what is only read, the same words are out of place.</summary>
    private const double OfWhatIsRead = 0.5;

    private const double Bias = -2.13;

    private static readonly Dictionary<string, double> _weights = new()
    {
        ["override"] = 2.80,
        ["forget-all"] = 2.20,
        ["new-task"] = 0.82,
        ["role"] = 0.37,
        ["persona"] = 0.87,
        ["unrestricted"] = 0.56,
        ["system-prompt"] = 2.30,
        ["chat-template"] = 2.20,
        ["speaker"] = 0.05,
        ["fence"] = 0.24,
        ["decode"] = 0.55,
        ["exfiltration"] = 0.40,
        ["to-assistant"] = 0.29,
        ["forced-answer"] = 1.37,
        ["forbidden-refusal"] = 0.69,
        ["fiction"] = 0.91,
        ["pressure"] = 0.21,
        ["command"] = 1.44,
        ["secret"] = 0.95,
        ["spaced-letters"] = 1.00,
        ["mixed-scripts"] = 0.00,
        ["noise"] = 0.53,
        ["policy"] = 0.02,
        ["invisible"] = 1.20,
        ["long"] = 0.00,
    };

    private static readonly double[] _inOrder =
    [
        .. InjectionSignals.Names.Select(name => _weights.GetValueOrDefault(name)),
    ];

    /// <summary>What is added whatever the weights are.</summary>
    public static double OffsetOf(double[] features, InjectionSource source) =>
        source == InjectionSource.Question || features[..^1].All(feature => feature == 0) ? 0 : OfWhatIsRead;

    /// <summary>From 0 to 1.</summary>
    public static double Weigh(double[] features, InjectionSource source)
    {
        var sum = Bias + OffsetOf(features, source);
        for (var i = 0; i < features.Length; i++)
        {
            sum += _inOrder[i] * features[i];
        }

        return 1 / (1 + Math.Exp(-sum));
    }
}
