using System.Text.RegularExpressions;

namespace Chancery.Testing.Models;

/// <summary>How a <see cref="ScriptedReader"/> treats one question.</summary>
public enum ReadingHabit
{
    /// <summary>Copies the sentence that fits best, with the mark of its passage; refuses where none fits.</summary>
    Careful,

    /// <summary>Marks the passage after the one that it copies from.</summary>
    MarksTheWrongPassage,

    /// <summary>Marks a passage that it was not given.</summary>
    MarksNoPassage,

    /// <summary>Marks nothing.</summary>
    Unmarked,

    /// <summary>Adds a sentence with a number that stands in no passage, and marks it.</summary>
    AddsANumber,

    /// <summary>Answers with the best sentence, however little it fits.</summary>
    NeverRefuses,
}

/// <summary>
/// A model that answers from the passages in its prompt, as language models do: mostly well, at times with a wrong mark, without one, with
/// something made up, or where it should refuse. Which of them is decided by the question alone, so that every run is the same. Safe
/// for concurrent use.
/// </summary>
public static partial class ScriptedReader
{
    /// <summary>What it says where the passages hold no answer, as its prompt asks for.</summary>
    public const string Refusal = "The passages do not answer this question.";

    /// <summary>The share of the question's words, by weight, that a sentence has to have.</summary>
    private const double LeastShare = 0.5;

    /// <summary>The beginning of a word that is compared, in place of its stem.</summary>
    private const int Stem = 5;

    private const int LeastWord = 3;

    private sealed record Given(int Number, IReadOnlyList<(string Text, HashSet<string> Words)> Sentences);

    /// <summary>Of a hundred questions ten, five, five, ten and ten have a fault; the others are read with care.</summary>
    public static ReadingHabit HabitOf(string question)
    {
        // FNV-1a, since the hash of a string differs from process to process.
        var hash = 2166136261u;
        foreach (var c in question)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return (hash % 20) switch
        {
            0 or 1 => ReadingHabit.MarksTheWrongPassage,
            2 => ReadingHabit.MarksNoPassage,
            3 => ReadingHabit.Unmarked,
            4 or 5 => ReadingHabit.AddsANumber,
            6 or 7 => ReadingHabit.NeverRefuses,
            _ => ReadingHabit.Careful,
        };
    }

    public static ScriptedReply Answer(ScriptedRequest request)
    {
        var question = request.LastUserMessage;
        var habit = HabitOf(question);
        var passages = PassagesOf(request);
        var sentences = passages.SelectMany(passage => passage.Sentences.Select(one => (passage.Number, one))).ToList();
        var wanted = WordsOf(question);
        // A word that every sentence has tells nothing.
        var weights = wanted.ToDictionary(
            word => word,
            word => Math.Log(1 + ((double)sentences.Count / (1 + sentences.Count(one => one.one.Words.Contains(word)))))
        );
        var all = weights.Values.Sum();
        var (share, number, text) = sentences
            .Select(one =>
                (
                    Share: all == 0
                        ? 0
                        : weights.Where(word => one.one.Words.Contains(word.Key)).Sum(word => word.Value) / all,
                    one.Number,
                    one.one.Text
                )
            )
            .DefaultIfEmpty()
            .MaxBy(one => one.Share);
        if (text is null || (share < LeastShare && habit is not ReadingHabit.NeverRefuses))
        {
            return new ScriptedReply(Refusal);
        }

        return new ScriptedReply(
            habit switch
            {
                ReadingHabit.MarksTheWrongPassage => $"{text} [{(number % passages.Count) + 1}]",
                ReadingHabit.MarksNoPassage => $"{text} [{passages.Count + 7}]",
                ReadingHabit.Unmarked => text,
                ReadingHabit.AddsANumber => $"{text} [{number}] This was confirmed by 4711 reports [{number}].",
                _ => $"{text} [{number}]",
            }
        );
    }

    private static List<Given> PassagesOf(ScriptedRequest request) =>
        [
            .. request
                .Messages.Where(message => message.Role == "user")
                .SelectMany(message => Passage().Matches(message.Content))
                .Select(match => new Given(
                    int.Parse(match.Groups["number"].ValueSpan, null),
                    [
                        .. SentenceEnd()
                            .Split(match.Groups["text"].Value)
                            .Select(sentence => sentence.Trim().TrimStart('#').Trim())
                            .Where(sentence => sentence.Any(char.IsLetterOrDigit))
                            .Select(sentence => (sentence, WordsOf(sentence))),
                    ]
                )),
        ];

    private static HashSet<string> WordsOf(string text) =>
        [
            .. Word()
                .Matches(text.ToLowerInvariant())
                .Select(match => match.Value)
                .Where(word => word.Length > LeastWord || char.IsDigit(word[0]))
                .Select(word => word.Length > Stem ? word[..Stem] : word),
        ];

    [GeneratedRegex(
        @"^=== (?<mark>[0-9a-f]+) passage (?<number>\d+) · [^\n]*===\n(?<text>.*?)\n=== \k<mark> end of passage",
        RegexOptions.Singleline | RegexOptions.Multiline
    )]
    private static partial Regex Passage();

    [GeneratedRegex(@"(?<=[.!?])\s+(?=[\p{Lu}\d""“(])|\n+")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();
}
