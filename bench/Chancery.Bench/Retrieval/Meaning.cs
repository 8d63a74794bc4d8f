using System.Numerics.Tensors;
using Chancery.Models;

namespace Chancery.Bench.Retrieval;

/// <summary>Meaning for the measures of answers, where a verb is asked to follow it: as the product with its local model.</summary>
internal sealed class Meaning(LocalEncoder encoder, string identity)
{
    private const int TellingPassages = 10;
    private const int TellingCharacters = 256;
    private const int DenseCandidates = 100;

    private readonly VectorCache _cache = new(encoder, identity);
    private readonly Dictionary<string, float[]> _passages = new(StringComparer.Ordinal);
    private readonly Dictionary<string, float[]> _questions = new(StringComparer.Ordinal);

    /// <summary>Null where words alone are measured.</summary>
    public static Meaning? Followed { get; set; }

    /// <summary>Vectors of passages, in their order; each text is embedded once.</summary>
    public float[][] OfPassages(IReadOnlyList<IndexedPassage> passages)
    {
        string[] texts = [.. passages.Select(TextToEmbed)];
        string[] missing = [.. texts.Where(text => !_passages.ContainsKey(text)).Distinct()];
        if (missing.Length > 0)
        {
            var vectors = _cache
                .OfAsync("passages to answer from", missing, areQuestions: false)
                .GetAwaiter()
                .GetResult();
            foreach (var (place, text) in missing.Index())
                _passages[text] = vectors[(place * _cache.Dimensions)..((place + 1) * _cache.Dimensions)];
        }

        return Array.ConvertAll(texts, text => _passages[text]);
    }

    /// <summary>The places of the passages that are nearest, and how near all are.</summary>
    public (int[] Nearest, float[] Cosines) Search(string question, float[][] passages)
    {
        if (!_questions.TryGetValue(question, out var vector))
            _questions[question] = vector = _cache
                .OfAsync("a question", [question], areQuestions: true, isKept: false)
                .GetAwaiter()
                .GetResult();
        var cosines = Array.ConvertAll(passages, passage => TensorPrimitives.Dot<float>(vector, passage));
        return (
            [
                .. Enumerable
                    .Range(0, cosines.Length)
                    .OrderByDescending(place => cosines[place])
                    .Take(DenseCandidates)
                    .Where(place => cosines[place] >= encoder.Unrelated),
            ],
            cosines
        );
    }

    public double? Familiarity(IEnumerable<string> byWords, IEnumerable<string> byMeaning) =>
        byWords
            .Take(TellingPassages)
            .Concat(byMeaning.Take(TellingPassages))
            .Aggregate(
                default(TokenFit),
                (fit, text) => fit + encoder.Fit(text[..Math.Min(TellingCharacters, text.Length)])
            )
            .Familiarity;

    private static string TextToEmbed(IndexedPassage passage) =>
        string.IsNullOrEmpty(passage.Heading) ? passage.Text : $"{passage.Heading}\n{passage.Text}";
}
