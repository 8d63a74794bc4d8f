using System.Collections.Concurrent;
using Chancery.Server.Inference.Registry;

namespace Chancery.Server.Answers.Memory;

/// <summary>
/// How far our count of tokens is below what a model's own tokenizer gives, learnt from the counts that its provider reports. Windows
/// are taken for so much smaller: a prompt that was estimated to fit does. Safe for concurrent use.
/// </summary>
public sealed class TokenCalibration
{
    // Below, a model's template weighs more than the text.
    private const int LeastTokens = 300;
    private const double Most = 3;

    // A single odd prompt is forgotten after some dozens of others.
    private const double Fading = 0.05;

    private readonly ConcurrentDictionary<string, double> _factors = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Of prompt and answer together, in tokens as <see cref="Chancery.Models.TokenEstimate"/> counts them.</summary>
    public int WindowOf(ChatModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return (int)(model.Endpoint!.ContextWindowTokens / _factors.GetValueOrDefault(model.Id, 1));
    }

    /// <param name="estimated">Of a whole prompt.</param>
    /// <param name="reported">What the provider says that it was.</param>
    public void Note(ChatModel model, long estimated, long reported)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (estimated < LeastTokens || reported <= 0)
        {
            return;
        }

        var seen = Math.Clamp((double)reported / estimated, 1, Most);
        _factors.AddOrUpdate(model.Id, seen, (_, known) => seen > known ? seen : known + ((seen - known) * Fading));
    }
}
