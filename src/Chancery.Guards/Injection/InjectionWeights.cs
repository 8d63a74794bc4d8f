namespace Chancery.Guards.Injection;

/// <summary>
/// Weights of signals, as <c>./run bench guards injection fit</c> prints them: fitted on the training half alone.
/// </summary>
internal static class InjectionWeights
{
    /// <summary>A person may give instructions; in what is only read, the same words are out of place.</summary>
    private const double OfWhatIsRead = 0.5;

    private const double Bias = -2.32;

    private static readonly Dictionary<string, double> _weights = new()
    {
        ["override"] = 2.80,
        ["forget-all"] = 1.24,
        ["new-task"] = 1.05,
        ["role"] = 0.51,
        ["persona"] = 0.85,
        ["unrestricted"] = 0.61,
        ["system-prompt"] = 2.00,
        ["chat-template"] = 2.20,
        ["speaker"] = 0.05,
        ["fence"] = 0.21,
        ["decode"] = 0.63,
        ["exfiltration"] = 0.40,
        ["to-assistant"] = 0.29,
        ["forced-answer"] = 1.43,
        ["forbidden-refusal"] = 0.67,
        ["fiction"] = 0.94,
        ["pressure"] = 0.24,
        ["command"] = 1.40,
        ["secret"] = 0.79,
        ["spaced-letters"] = 1.00,
        ["mixed-scripts"] = 0.00,
        ["noise"] = 1.94,
        ["policy"] = 0.00,
        ["invisible"] = 1.20,
        ["long"] = 0.00,
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
