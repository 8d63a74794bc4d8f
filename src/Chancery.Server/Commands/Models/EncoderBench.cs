using System.Diagnostics;
using Chancery.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Commands.Models;

/// <summary>How one encoder does on this machine with so many threads.</summary>
/// <param name="TextsPerSecond">Passages of about 150 words, as many at once as there are threads.</param>
/// <param name="QueryP50Ms">Of one short question at a time; that is never more than one thread's work.</param>
/// <param name="MemoryBytes">The most that the process held resident, the program itself included.</param>
internal sealed record EncoderFigures(
    string Model,
    int Threads,
    int Dimensions,
    double TextsPerSecond,
    double TokensPerSecond,
    double QueryP50Ms,
    double QueryP95Ms,
    long MemoryBytes
);

/// <summary>Measures an encoder in this process, which should do nothing else meanwhile.</summary>
internal static class EncoderBench
{
    /// <summary>What somebody types: 11 tokens of MiniLM.</summary>
    public const string Question = "How long is the notice period of the lease?";

    private const int PassageCharacters = 900;
    private const int FewestQuestions = 50;

    private static readonly EmbeddingGenerationOptions AsQuestion = new()
    {
        AdditionalProperties = new AdditionalPropertiesDictionary { [LocalEncoder.IsQuery] = true },
    };

    /// <param name="time">How long passages are encoded, and how long questions are.</param>
    /// <exception cref="LocalModelException">The model cannot be loaded.</exception>
    public static async Task<EncoderFigures> MeasureAsync(
        LocalEncoderOptions options,
        IReadOnlyList<string> passages,
        TimeSpan time,
        CancellationToken cancellationToken
    )
    {
        using var encoder = new LocalEncoder(options);
        // Once through, so that no thread meets its buffers for the first time while the clock runs.
        await encoder.GenerateAsync(passages, cancellationToken: cancellationToken);

        long texts = 0;
        long tokens = 0;
        var started = Stopwatch.GetTimestamp();
        do
        {
            var vectors = await encoder.GenerateAsync(passages, cancellationToken: cancellationToken);
            texts += vectors.Count;
            tokens += vectors.Usage!.InputTokenCount!.Value;
        } while (Stopwatch.GetElapsedTime(started) < time);

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var questions = await QuestionsAsync(encoder, time, cancellationToken);
        using var self = Process.GetCurrentProcess();
        return new EncoderFigures(
            options.Model,
            options.Threads,
            encoder.Dimensions,
            texts / seconds,
            tokens / seconds,
            Percentile(questions, 0.50),
            Percentile(questions, 0.95),
            self.PeakWorkingSet64
        );
    }

    private static async Task<double[]> QuestionsAsync(
        LocalEncoder encoder,
        TimeSpan time,
        CancellationToken cancellationToken
    )
    {
        var milliseconds = new List<double>();
        var started = Stopwatch.GetTimestamp();
        while (milliseconds.Count < FewestQuestions || Stopwatch.GetElapsedTime(started) < time)
        {
            var asked = Stopwatch.GetTimestamp();
            await encoder.GenerateAsync([Question], AsQuestion, cancellationToken);
            milliseconds.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }

        return [.. milliseconds.Order()];
    }

    /// <summary>The least value that so large a share does not exceed.</summary>
    internal static double Percentile(double[] sorted, double share) =>
        sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];

    /// <summary>Passages of the documents that come with the program, each with its own beginning.</summary>
    public static IReadOnlyList<string> Passages()
    {
        var text = string.Join(
            "\n\n",
            Directory
                .EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Demo", "Documents"))
                .Where(file => Path.GetExtension(file) is ".md" or ".txt")
                .Order(StringComparer.Ordinal)
                .Select(File.ReadAllText)
        );
        var passages = new List<string>();
        for (var start = 0; start + PassageCharacters <= text.Length; start += PassageCharacters / 2)
        {
            passages.Add(text.Substring(start, PassageCharacters));
        }

        return passages;
    }
}
