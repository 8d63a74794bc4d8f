using System.Collections.Concurrent;
using System.Diagnostics;
using Chancery.Models;
using Chancery.Search;
using Chancery.Server.Knowledge.Search.Reranking;

namespace Chancery.Bench.Retrieval;

/// <summary>What late interaction gives to the best passages of each question, as the product makes it.</summary>
internal sealed class TokenScores
{
    /// <summary>More than a search has time for.</summary>
    public const int Depth = 50;

    private readonly Dictionary<JudgedQuestion, Dictionary<string, double>> _scores = new(
        ReferenceEqualityComparer.Instance
    );

    /// <summary>Milliseconds for a passage that was not looked at before.</summary>
    public double EncodeMilliseconds { get; private set; }

    /// <summary>Milliseconds for a question.</summary>
    public double QueryMilliseconds { get; private set; }

    /// <summary>Milliseconds to compare a question with one passage.</summary>
    public double CompareMilliseconds { get; private set; }

    /// <summary>Bytes that are kept of a passage.</summary>
    public double PassageBytes { get; private set; }

    public bool Has(JudgedQuestion question) => _scores.ContainsKey(question);

    public double Of(JudgedQuestion question, string passage) => _scores[question][passage];

    /// <param name="best">For each question the ids of its best passages.</param>
    public static async Task<TokenScores> MeasureAsync(
        JudgedCollection collection,
        IReadOnlyList<IEnumerable<string>> best,
        LocalEncoder encoder
    )
    {
        var texts = collection.Passages.ToDictionary(
            one => one.Id,
            one => one.Title.Length == 0 ? one.Text : $"{one.Title}\n{one.Text}",
            StringComparer.Ordinal
        );
        string[] needed = [.. best.SelectMany(one => one).Distinct()];
        await Console.Error.WriteLineAsync($"Tokens of {needed.Length} passages of {collection.Name}");
        var passages = new ConcurrentDictionary<string, PassageTokens>(StringComparer.Ordinal);
        var encoding = 0L;
        await Parallel.ForEachAsync(
            needed,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            async (id, cancellationToken) =>
            {
                var began = Stopwatch.GetTimestamp();
                var states = await encoder.EncodeTokensAsync(
                    texts[id],
                    isQuery: false,
                    LateInteraction.MostPassageTokens,
                    cancellationToken
                );
                Interlocked.Add(ref encoding, Stopwatch.GetTimestamp() - began);
                passages[id] = LateInteraction.PassageOf(states);
            }
        );
        var scores = new TokenScores
        {
            EncodeMilliseconds = Stopwatch.GetElapsedTime(0, encoding).TotalMilliseconds / needed.Length,
            PassageBytes = passages.Values.Average(one => one.Bytes),
        };
        var (asking, comparing, compared) = (TimeSpan.Zero, TimeSpan.Zero, 0);
        foreach (var (place, question) in collection.Questions.Index())
        {
            var began = Stopwatch.GetTimestamp();
            var states = await encoder.EncodeTokensAsync(
                question.Text,
                isQuery: true,
                LateInteraction.MostQueryTokens,
                CancellationToken.None
            );
            asking += Stopwatch.GetElapsedTime(began);
            began = Stopwatch.GetTimestamp();
            var query = LateInteraction.QueryOf(states);
            scores._scores[question] = best[place]
                .Distinct()
                .ToDictionary(id => id, id => query.MaxSim(passages[id]), StringComparer.Ordinal);
            comparing += Stopwatch.GetElapsedTime(began);
            compared += scores._scores[question].Count;
        }

        scores.QueryMilliseconds = asking.TotalMilliseconds / collection.Questions.Count;
        scores.CompareMilliseconds = comparing.TotalMilliseconds / compared;
        return scores;
    }
}
