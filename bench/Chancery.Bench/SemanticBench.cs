using System.Globalization;
using System.Text.RegularExpressions;
using Chancery.Bench.Retrieval;
using Chancery.Models;
using Chancery.Server.Inference.Caching;
using Microsoft.Extensions.AI;

namespace Chancery.Bench;

/// <summary>How often would the semantic cache give the answer to another question, and how often that to the same one?</summary>
/// <remarks>
/// Each question of the public collections is held against itself with one thing changed (a number, a name, a negation, a bound), which is
/// another question, and against itself in other words, which is not. Passages are left out: in the product they must be the same, too.
/// </remarks>
internal static partial class SemanticBench
{
    private sealed record Pair(string Kind, bool IsSame, string One, string Other);

    public static async Task<int> RunAsync()
    {
        if (BenchEncoder.Find() is not { } options)
        {
            return 1;
        }

        using var encoder = new LocalEncoder(options);
        var questions = Questions();
        var words = questions
            .SelectMany(question => Noun().Matches(question).Select(match => match.Value))
            .Distinct()
            .ToList();
        var pairs = questions
            .SelectMany(PairsOf)
            .Concat(questions.SelectMany((question, i) => WithAnotherWord(question, words, i)))
            .ToList();
        var texts = pairs.SelectMany(pair => (string[])[pair.One, pair.Other]).Distinct().ToList();
        var asQuery = new EmbeddingGenerationOptions
        {
            AdditionalProperties = new AdditionalPropertiesDictionary { [LocalEncoder.IsQuery] = true },
        };
        var vectors = (await encoder.GenerateAsync(texts, asQuery))
            .Zip(texts)
            .ToDictionary(pair => pair.Second, pair => pair.First.Vector.ToArray());

        Console.WriteLine(
            "| Pairs | Are the same | Number | Median cosine | At 0.95 by vectors alone | With the product's checks |"
        );
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var kind in pairs.GroupBy(pair => (pair.Kind, pair.IsSame)))
        {
            Print(kind.Key.Kind, kind.Key.IsSame ? "yes" : "no", [.. kind], vectors);
        }

        Print("**all that are other questions**: false hits", "no", [.. pairs.Where(pair => !pair.IsSame)], vectors);
        Print("**all that are the same**: hits", "yes", [.. pairs.Where(pair => pair.IsSame)], vectors);
        return 0;
    }

    private static void Print(string kind, string same, List<Pair> pairs, Dictionary<string, float[]> vectors)
    {
        var cosines = pairs.Select(pair => CosineOf(vectors[pair.One], vectors[pair.Other])).ToList();
        var near = cosines.Count(cosine => cosine >= AnswerCacheOptions.LeastThreshold);
        var given = pairs
            .Zip(cosines)
            .Count(pair =>
                pair.Second >= AnswerCacheOptions.LeastThreshold && SameSense.Holds(pair.First.One, pair.First.Other)
            );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"| {kind} | {same} | {pairs.Count} | {cosines.Order().ElementAt(cosines.Count / 2):0.000} | {100.0 * near / pairs.Count:0.0} % | {100.0 * given / pairs.Count:0.0} % |"
            )
        );
    }

    private static double CosineOf(float[] one, float[] other)
    {
        double dot = 0;
        double lengthOfOne = 0;
        double lengthOfOther = 0;
        for (var i = 0; i < one.Length; i++)
        {
            dot += (double)one[i] * other[i];
            lengthOfOne += (double)one[i] * one[i];
            lengthOfOther += (double)other[i] * other[i];
        }

        return dot / Math.Sqrt(lengthOfOne * lengthOfOther);
    }

    private static List<string> Questions() =>
        [
            .. Directory
                .EnumerateFiles(TestData.PathOf("qa"), "*.json*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .SelectMany(File.ReadLines)
                .SelectMany(line => Asked().Matches(line).Select(match => match.Groups["text"].Value))
                .Where(text =>
                    text.Length is > 20 and < 200
                    && text.EndsWith('?')
                    && !text.Contains('\\', StringComparison.Ordinal)
                )
                .Distinct()
                .Take(1_000),
        ];

    private static IEnumerable<Pair> PairsOf(string question)
    {
        var body = question.TrimEnd('?');
        var lower = char.ToLowerInvariant(body[0]) + body[1..];
        yield return new("asked politely", true, question, $"Please tell: {lower}?");
        yield return new("asked in a sentence", true, question, $"Tell what the answer to this is: {lower}.");
        yield return new("without capitals at its start, without its mark", true, question, lower);
        if (Number().Match(question) is { Success: true } number)
        {
            var other = (long.Parse(number.Value, CultureInfo.InvariantCulture) + 1).ToString(
                CultureInfo.InvariantCulture
            );
            yield return new("another number", false, question, Number().Replace(question, other, 1));
            yield return new(
                "another number, in other words",
                false,
                question,
                $"Please tell: {Number().Replace(lower, other, 1)}?"
            );
        }

        if (Name().Match(body, 1) is { Success: true } name)
        {
            yield return new(
                "another name",
                false,
                question,
                question.Replace(name.Value, "Globex", StringComparison.Ordinal)
            );
        }

        if (Verb().Match(question) is { Success: true } verb)
        {
            yield return new("turned round by not", false, question, Verb().Replace(question, $"{verb.Value} not", 1));
        }

        yield return new("bounded: before", false, $"{body} before the merger?", $"{body} after the merger?");
        yield return new("bounded: minimum", false, $"{body} at least?", $"{body} at most?");
    }

    /// <summary>What no check knows of: it is for the vectors to tell.</summary>
    private static IEnumerable<Pair> WithAnotherWord(string question, List<string> words, int seed)
    {
        var own = Noun().Matches(question);
        if (own.Count > 0)
        {
            var word = own[^1].Value;
            var other = words[(seed * 31 + 7) % words.Count];
            if (!question.Contains(other, StringComparison.OrdinalIgnoreCase))
            {
                yield return new(
                    "another word, at random",
                    false,
                    question,
                    question.Replace(word, other, StringComparison.Ordinal)
                );
            }
        }
    }

    [GeneratedRegex(@"(?<= )[a-z]{6,}\b")]
    private static partial Regex Noun();

    // "question": "What was …?"
    [GeneratedRegex("\"(?:question|query)\"\\s*:\\s*\"(?<text>[^\"]+)\"")]
    private static partial Regex Asked();

    [GeneratedRegex(@"\b\d{1,9}\b")]
    private static partial Regex Number();

    [GeneratedRegex(@"(?<= )[A-Z][a-z]{3,}\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"\b(?:is|are|was|were|does|did|do|has|have|can)\b")]
    private static partial Regex Verb();
}
