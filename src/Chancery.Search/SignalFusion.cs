using System.Numerics;

namespace Chancery.Search;

/// <summary>What both signals say of one passage.</summary>
/// <param name="Lexical">BM25; 0 where no word of the query occurs.</param>
/// <param name="Cosine">Of its vector with the query's; null where it has no vector.</param>
/// <param name="Identifiers">Those of the query that it holds: see <see cref="QueryIdentifiers.HeldBy"/>.</param>
public readonly record struct FusionCandidate(double Lexical, double? Cosine, uint Identifiers = 0);

/// <summary>How far meaning is followed. The table of the <c>ranking</c> benchmark tells how the figures were chosen.</summary>
/// <param name="Meaning">The weight of meaning where nothing speaks against it; words have the rest to one.</param>
/// <param name="Peak">What a clear winner among the words takes off that weight, at most.</param>
/// <param name="Lost">The familiarity up to which meaning does not count; below 0 where it counts in any language.</param>
/// <param name="AtHome">The familiarity from which on it counts fully.</param>
public sealed record FusionWeights(double Meaning, double Peak, double Lost, double AtHome)
{
    /// <summary>What counts where the model's vocabulary is not known, as of a model behind an endpoint.</summary>
    public const double UnknownTrust = 0.8;

    public static FusionWeights Default { get; } = new(Meaning: 0.8, Peak: 0.6, Lost: 0, AtHome: 0.7);

    /// <summary>How far the model is at home in a language, from 0 to 1.</summary>
    /// <param name="familiarity">The share of the passages' words that its vocabulary has whole; null where it is not known.</param>
    public double TrustIn(double? familiarity) =>
        familiarity is { } share ? Math.Clamp((share - Lost) / (AtHome - Lost), 0, 1) : UnknownTrust;
}

/// <param name="MeaningWeight">That of meaning in this ranking, from 0 to 1.</param>
/// <param name="Ranked">All candidates, best first; scores lie between 0 and 1. Equal ones keep their order.</param>
public sealed record FusedRanking(double MeaningWeight, IReadOnlyList<RankedCandidate> Ranked);

/// <summary>
/// Joins what words and meaning say of the same passages, as the weighted sum of both signals, each scaled to the query. Meaning
/// weighs less where words have a clear winner, which is then nearly always right, and where the model is lost in the passages'
/// language: a multilingual collection must not be searched worse for having an English model. Where the query names something
/// letter by letter and some passages have it, what others mean counts for little. Pure; safe for concurrent use.
/// </summary>
public static class SignalFusion
{
    /// <summary>The place whose distance from the first tells how clear the winner is.</summary>
    private const int RunnerUp = 10;

    /// <summary>Of what a passage with the whole query would have: who has less is no winner, however far behind the others are.</summary>
    private const double WinnersShare = 0.5;

    /// <summary>A query of no more words for each identifier is about what they name; in a longer one they are details.</summary>
    private const double WordsToAName = 3;

    /// <summary>What a passage without the identifier loses of its words' score; of meaning's it loses all.</summary>
    private const double WordsLost = 0.5;

    /// <param name="candidates">The best of both signals, those of words first.</param>
    /// <param name="wholeScore">What BM25 gives to a passage of average length that has each word of the query once.</param>
    /// <param name="familiarity">See <see cref="FusionWeights.TrustIn"/>.</param>
    /// <param name="namedShare">See <see cref="QueryIdentifiers.Share"/>.</param>
    public static FusedRanking Fuse(
        IReadOnlyList<FusionCandidate> candidates,
        double wholeScore,
        double? familiarity,
        double namedShare = 1,
        FusionWeights? weights = null
    )
    {
        ArgumentNullException.ThrowIfNull(candidates);

        weights ??= FusionWeights.Default;
        var best = candidates.Select(candidate => candidate.Lexical).DefaultIfEmpty().Max();
        var cosines = candidates.Select(candidate => candidate.Cosine).OfType<double>();
        var (nearest, farthest) = (cosines.DefaultIfEmpty().Max(), cosines.DefaultIfEmpty().Min());
        var weight =
            weights.Meaning
            * weights.TrustIn(familiarity)
            * (1 - (weights.Peak * PeakOf(candidates, best, wholeScore)));
        // Words say nothing at all: there is nothing to weigh against.
        weight = best > 0 ? weight : 1;

        var usual = cosines.Select(Scaled).DefaultIfEmpty().Average();
        var lacking = LackingOf(candidates, Math.Pow(Math.Min(1, namedShare * WordsToAName), 2));
        var ranked = new RankedCandidate[candidates.Count];
        for (var i = 0; i < ranked.Length; i++)
        {
            var lexical = best > 0 ? candidates[i].Lexical / best : 0;
            // What has no vector yet is taken to be as near as others are, and never falls below what words give it.
            var meaning = candidates[i].Cosine is { } cosine ? Scaled(cosine) : Math.Max(lexical, usual);
            ranked[i] = new RankedCandidate(
                i,
                (weight * meaning * (1 - lacking[i])) + ((1 - weight) * lexical * (1 - (WordsLost * lacking[i])))
            );
        }

        return new FusedRanking(weight, [.. ranked.OrderByDescending(candidate => candidate.Score)]);

        double Scaled(double cosine) => nearest > farthest ? (cosine - farthest) / (nearest - farthest) : 1;
    }

    /// <summary>
    /// For each candidate, from 0 to 1, how much it lacks of the identifiers that the best has, by how rare they are here.
    /// </summary>
    /// <param name="part">What counts of that.</param>
    private static double[] LackingOf(IReadOnlyList<FusionCandidate> candidates, double part)
    {
        Span<int> counts = stackalloc int[32];
        foreach (var candidate in candidates)
        {
            for (var rest = candidate.Identifiers; rest != 0; rest &= rest - 1)
                counts[BitOperations.TrailingZeroCount(rest)]++;
        }

        var held = new double[candidates.Count];
        for (var i = 0; i < held.Length; i++)
        {
            for (var rest = candidates[i].Identifiers; rest != 0; rest &= rest - 1)
                held[i] += Math.Log((double)candidates.Count / counts[BitOperations.TrailingZeroCount(rest)]);
        }

        var most = held.DefaultIfEmpty().Max();
        return Array.ConvertAll(held, one => most > 0 ? part * (1 - (one / most)) : 0);
    }

    /// <summary>
    /// How far the best by words stands above the tenth, from 0 to 1: little where it has little of the query itself.
    /// </summary>
    private static double PeakOf(IReadOnlyList<FusionCandidate> candidates, double best, double wholeScore)
    {
        var tenth = candidates
            .Select(candidate => candidate.Lexical)
            .OrderDescending()
            .Skip(RunnerUp - 1)
            .FirstOrDefault();
        return best > 0 ? (best - tenth) / Math.Max(best, WinnersShare * wholeScore) : 0;
    }
}
