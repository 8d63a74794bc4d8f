using System.Text;
using Chancery.Guards.Injection;
using Chancery.Guards.PersonalData;

namespace Chancery.Guards.Rewrites;

/// <summary>An instruction in a rewritten prompt that its author did not give.</summary>
/// <param name="Start">Its sentence's first UTF-16 unit in the rewritten prompt.</param>
/// <param name="Length">In UTF-16 units.</param>
/// <param name="Signals">What speaks for an instruction, of <see cref="InjectionSignal"/>.</param>
/// <param name="IsFromMaterial">Whether its words stand in the material, and not only in the rewritten prompt.</param>
public sealed record ForeignInstruction(int Start, int Length, IReadOnlyList<string> Signals, bool IsFromMaterial);

/// <summary>
/// What is to be looked for in a prompt that a model rewrote by means of documents: by comparison with what its author wrote, without
/// a model. Linear in the texts but for sorting. Safe for concurrent use.
/// </summary>
public static class RewriteDetectors
{
    /// <summary>So many words in a row are taken from somewhere, not put together anew.</summary>
    private const int RunWords = 5;

    private const int LongestSentence = 2_000;

    /// <summary>Personal data of the rewritten prompt that stands in none of what its author wrote or may see.</summary>
    /// <param name="known">What the author wrote: the prompt, the conversation; and what else they are known to see.</param>
    /// <param name="options">What is looked for; left out, <see cref="PersonalDataOptions.StructuredKinds"/>.</param>
    public static IReadOnlyList<PersonalDataSpan> FindPersonalDataLeak(
        string rewritten,
        IEnumerable<string> known,
        PersonalDataOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(rewritten);
        ArgumentNullException.ThrowIfNull(known);
        var found = PersonalDataDetector.Find(
            rewritten,
            options ?? PersonalDataOptions.Default with { Kinds = PersonalDataOptions.StructuredKinds }
        );
        if (found.Count == 0)
        {
            return [];
        }

        var folded = known.Select(Fold).ToList();
        return
        [
            .. found.Where(span =>
            {
                // A number stays the same, however it is grouped.
                var value = Fold(rewritten.Substring(span.Start, span.Length));
                return value.Length > 0 && !folded.Any(text => text.Contains(value, StringComparison.Ordinal));
            }),
        ];
    }

    /// <summary>
    /// Sentences of the rewritten prompt that look like an attempt to give a model other instructions, and that its author did not
    /// write: invented, or taken from the material.
    /// </summary>
    /// <param name="material">Documents and whatever else the rewriting model was shown.</param>
    public static IReadOnlyList<ForeignInstruction> FindInjection(
        string written,
        string rewritten,
        IEnumerable<string>? material = null
    )
    {
        ArgumentNullException.ThrowIfNull(written);
        ArgumentNullException.ThrowIfNull(rewritten);
        var authors = Runs(written);
        var others = (material ?? []).SelectMany(Runs).ToHashSet(StringComparer.Ordinal);
        var own = InjectionGuard
            .Score(written, InjectionSource.Question)
            .Signals.Select(signal => signal.Name)
            .ToHashSet();
        var found = new List<ForeignInstruction>();
        foreach (var (start, length) in Sentences(rewritten))
        {
            var sentence = rewritten.Substring(start, length);
            var runs = Runs(sentence);
            if (runs.Count > 0 && runs.All(authors.Contains))
            {
                continue;
            }

            var isFromMaterial = runs.Any(run => others.Contains(run) && !authors.Contains(run));
            var verdict = InjectionGuard.Score(sentence, InjectionSource.Document);
            var signals = verdict.Signals.Select(signal => signal.Name).Distinct().ToList();
            // What is taken over word by word has to look less like it than what is new: a rewritten prompt is full of instructions.
            var strange = isFromMaterial ? signals : [.. signals.Where(name => !own.Contains(name))];
            if (strange.Count > 0 && (verdict.IsInjection || (isFromMaterial && strange.Any(IsPlain))))
            {
                found.Add(new ForeignInstruction(start, length, strange, isFromMaterial));
            }
        }

        return found;
    }

    /// <summary>What a document does not say to whoever reads it for what it says.</summary>
    private static bool IsPlain(string signal) =>
        signal
            is "override"
                or "forget-all"
                or "new-task"
                or "system-prompt"
                or "chat-template"
                or "exfiltration"
                or "to-assistant"
                or "forced-answer"
                or "invisible";

    private static HashSet<string> Runs(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c))
            {
                word.Append(char.ToLowerInvariant(c));
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString());
        }

        var runs = new HashSet<string>(StringComparer.Ordinal);
        if (words.Count is > 0 and < RunWords)
        {
            runs.Add(string.Join(' ', words));
        }

        for (var i = 0; i + RunWords <= words.Count; i++)
        {
            runs.Add(string.Join(' ', words.GetRange(i, RunWords)));
        }

        return runs;
    }

    private static IEnumerable<(int Start, int Length)> Sentences(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var isEnd =
                text[i] is '\n' or '。' or '！' or '？'
                || (text[i] is '.' or '!' or '?' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1])));
            if (isEnd || i - start >= LongestSentence)
            {
                yield return (start, i + 1 - start);
                start = i + 1;
            }
        }

        if (start < text.Length)
        {
            yield return (start, text.Length - start);
        }
    }

    private static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (char.IsLetterOrDigit(c) || c == '@')
            {
                folded.Append(char.ToLowerInvariant(c));
            }
        }

        return folded.ToString();
    }
}
