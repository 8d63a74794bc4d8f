using System.Text;
using Chancery.Models;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Answers.Prompting;

namespace Chancery.Server.Answers.Memory;

/// <summary>What of a conversation goes into a prompt.</summary>
/// <param name="Pairs">Word for word, oldest first; long ones are cut.</param>
/// <param name="Earlier">In short, what was before them; null when there was nothing.</param>
/// <param name="LeftOut">Of the pairs, those that are only told in short and are in no summary yet, oldest first.</param>
internal sealed record RememberedText(
    IReadOnlyList<RememberedPair> Pairs,
    string? Earlier,
    IReadOnlyList<RememberedPair> LeftOut
)
{
    /// <summary>What a message costs beside its text.</summary>
    private const int MessageTokens = 8;

    private const int MostEarlierTokens = 800;
    private const int ClipOfQuestion = 200;
    private const int ClipOfAnswer = 240;

    /// <summary>
    /// The newest pairs that fit, and of all before them the summary and, as long as they are not in it, the beginnings. The newest
    /// pair is always told, cut if it must be.
    /// </summary>
    /// <param name="memory">Oldest first.</param>
    /// <param name="boundary">Of the prompt.</param>
    public static RememberedText Fit(
        IReadOnlyList<RememberedPair> memory,
        EarlierSummary? summary,
        int mostPairs,
        string boundary,
        int budgetTokens
    )
    {
        if (memory.Count == 0 || budgetTokens <= 0)
        {
            return new RememberedText([], null, []);
        }

        var told = Newest(memory, mostPairs, boundary, budgetTokens);
        if (told.Count == memory.Count && summary is null)
        {
            return new RememberedText(told, null, []);
        }

        var inShort = Math.Min(MostEarlierTokens, budgetTokens / 3);
        told = Newest(memory, mostPairs, boundary, budgetTokens - inShort);
        var before = memory.Take(memory.Count - told.Count).ToList();
        var leftOut = before
            .Where(pair =>
                summary is null || pair.ThreadId is null || pair.ThreadId.Value.CompareTo(summary.Through) > 0
            )
            .ToList();
        return new RememberedText(told, TellEarlier(summary, leftOut, boundary, inShort), leftOut);
    }

    /// <summary>The beginnings of a pair, on one line: what there is of it where no model sums it up.</summary>
    public static string InShort(RememberedPair pair, string boundary)
    {
        var question = Line(pair.Question, ClipOfQuestion, boundary);
        var answer = Line(CitationMarkers.Remove(pair.Answer), ClipOfAnswer, boundary);
        return $"- Asked: {question} Answered: {answer}\n";
    }

    /// <summary>Its beginning, in not more tokens than that.</summary>
    public static string Clip(string text, int tokens)
    {
        // A token has a letter at least, and about four in most languages.
        var length = (int)Math.Min(text.Length, Math.Max(tokens, 0) * 8L);
        while (length > 0 && TokenEstimate.Of(text.AsSpan(0, length)) > tokens)
        {
            length = length * 3 / 4;
        }

        if (length == text.Length)
        {
            return text;
        }

        if (length > 0 && char.IsHighSurrogate(text[length - 1]))
        {
            length--;
        }

        return text[..length] + "…";
    }

    private static List<RememberedPair> Newest(
        IReadOnlyList<RememberedPair> memory,
        int mostPairs,
        string boundary,
        int budgetTokens
    )
    {
        var kept = new List<RememberedPair>();
        var left = budgetTokens;
        for (var i = memory.Count - 1; i >= 0 && kept.Count < mostPairs; i--)
        {
            // One long answer must not drive out all others.
            var most = Math.Max(budgetTokens / 2 - 2 * MessageTokens, 0);
            var question = Clip(UntrustedText.Neutralise(Bounded(memory[i].Question, most), boundary), most / 2);
            var answer = Clip(
                // Markers of earlier answers number other passages.
                CitationMarkers.Remove(UntrustedText.Neutralise(Bounded(memory[i].Answer, most), boundary)),
                most - TokenEstimate.Of(question)
            );
            left -= Cost(question) + Cost(answer);
            if (left < 0)
            {
                break;
            }

            kept.Add(memory[i] with { Question = question, Answer = answer });
        }

        kept.Reverse();
        return kept;
    }

    private static string? TellEarlier(
        EarlierSummary? summary,
        List<RememberedPair> leftOut,
        string boundary,
        int budgetTokens
    )
    {
        var head = $"=== {boundary} what was said earlier, in short ===\n";
        var foot = $"=== {boundary} end of what was said earlier ===\n";
        var left = budgetTokens - Cost(head) - Cost(foot);
        var text = "";
        if (summary is not null)
        {
            text = Clip(UntrustedText.Neutralise(summary.Text, boundary), left * 2 / 3) + "\n";
            left -= Cost(text);
        }

        // The newest of them, in their order.
        var lines = new Stack<string>();
        for (var i = leftOut.Count - 1; i >= 0; i--)
        {
            var line = InShort(leftOut[i], boundary);
            left -= TokenEstimate.Of(line);
            if (left < 0)
            {
                break;
            }

            lines.Push(line);
        }

        return text.Length == 0 && lines.Count == 0
            ? null
            : new StringBuilder(head).Append(text).AppendJoin("", lines).Append(foot).ToString();
    }

    private static string Line(string text, int length, string boundary)
    {
        // Neutralised before it is cut short, and cut before, so that a huge text costs nothing.
        var line = string.Join(
            ' ',
            UntrustedText
                .Neutralise(text.Length <= 4 * length ? text : text[..(4 * length)], boundary)
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        );
        return line.Length <= length ? line : line[..length].TrimEnd() + "…";
    }

    private static string Bounded(string text, int tokens) =>
        text.Length <= tokens * 8L ? text : text[..(int)Math.Min(text.Length, tokens * 8L)];

    private static int Cost(string text) => TokenEstimate.Of(text) + MessageTokens;
}
