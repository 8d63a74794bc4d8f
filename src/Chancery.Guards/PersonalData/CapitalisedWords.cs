namespace Chancery.Guards.PersonalData;

/// <summary>
/// Words that are written as names are, where nothing around says what they name: capitals in the middle of a sentence. Brands, products and
/// defined terms of a contract are written so, too; the confidence says so.
/// </summary>
internal static class CapitalisedWords
{
    public const double Confidence = 0.4;

    private const int LongestName = 80;
    private const int MostWords = 4;

    /// <summary>So many UTF-16 units tell the language.</summary>
    private const int Sample = 2_000;

    private static readonly HashSet<string> _particles = new(StringComparer.Ordinal)
    {
        "van",
        "von",
        "de",
        "del",
        "della",
        "der",
        "den",
        "di",
        "da",
        "dos",
        "du",
        "la",
        "le",
        "bin",
        "ibn",
        "al",
        "el",
        "ter",
        "ten",
        "zu",
        "af",
        "av",
    };

    /// <summary>What stands behind one of these is a thing or a role more often than a name.</summary>
    private static readonly HashSet<string> _determiners = new(StringComparer.OrdinalIgnoreCase)
    {
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "each",
        "every",
        "any",
        "no",
        "such",
        "said",
        "your",
        "our",
        "their",
        "its",
        "which",
        "what",
    };

    // German writes all nouns so.
    private static readonly HashSet<string> _german = new(StringComparer.OrdinalIgnoreCase)
    {
        "der",
        "die",
        "das",
        "und",
        "ist",
        "nicht",
        "ein",
        "eine",
        "einen",
        "ich",
        "sie",
        "mit",
        "für",
        "auf",
        "dem",
        "den",
        "zu",
        "im",
        "von",
        "wir",
        "es",
        "sich",
        "wird",
        "des",
        "bei",
        "oder",
    };

    private static readonly HashSet<string> _others = new(StringComparer.OrdinalIgnoreCase)
    {
        "the",
        "and",
        "is",
        "of",
        "to",
        "in",
        "for",
        "with",
        "on",
        "my",
        "at",
        "are",
        "le",
        "les",
        "et",
        "est",
        "une",
        "un",
        "el",
        "los",
        "las",
        "que",
        "y",
        "il",
        "che",
        "uma",
        "het",
        "een",
        "van",
        "en",
    };

    public static void Find(string text, Func<ReadOnlySpan<char>, bool> isNoName, List<PersonalDataSpan> found)
    {
        if (IsGerman(text))
        {
            return;
        }

        var line = -1;
        var isTitle = false;
        var last = new Word(0, 0);
        for (var at = 0; at < text.Length; )
        {
            if (!char.IsLetter(text[at]))
            {
                at++;
                continue;
            }

            var word = WordAt(text, at);
            at = word.End;
            var before = last;
            last = word;
            if (!IsNameLike(text, word))
            {
                continue;
            }

            var starts = StartsSentence(text, word.Start);
            if (
                !starts
                && Follows(text, before, word.Start)
                && _determiners.GetAlternateLookup<ReadOnlySpan<char>>().Contains(before.In(text))
            )
            {
                last = LastOf(text, word, isNoName, out _);
                at = last.End;
                continue;
            }

            if (isNoName(word.In(text)))
            {
                continue;
            }

            if (word.Start > line)
            {
                line = text.IndexOf('\n', word.Start) is var end and >= 0 ? end : text.Length;
                isTitle = IsTitle(text.AsSpan(LineStart(text, word.Start), line - LineStart(text, word.Start)));
            }

            last = LastOf(text, word, isNoName, out var words);
            at = last.End;
            if (!isTitle && (!starts || words > 1) && last.End - word.Start <= LongestName)
            {
                found.Add(new(PersonalDataKind.Person, word.Start, last.End - word.Start, Confidence));
            }
        }
    }

    private readonly record struct Word(int Start, int End)
    {
        public ReadOnlySpan<char> In(string text) => text.AsSpan(Start, End - Start);
    }

    /// <summary>Letters, with apostrophes and hyphens between them; a possessive ending is none of it.</summary>
    private static Word WordAt(string text, int start)
    {
        var end = start;
        while (
            end < text.Length
            && (
                char.IsLetterOrDigit(text[end])
                || text[end] == '_'
                || (text[end] is '\'' or '’' or '-' && end + 1 < text.Length && char.IsLetter(text[end + 1]))
            )
        )
        {
            end++;
        }

        return end - start > 2 && text[end - 1] == 's' && text[end - 2] is '\'' or '’'
            ? new(start, end - 2)
            : new(start, end);
    }

    /// <summary>A capital and small letters, as often as there are parts: <c>Anna</c>, <c>O'Neill</c>, <c>McRae</c>, <c>Jean-Luc</c>; not <c>NASA</c>, <c>GitHub</c>.</summary>
    private static bool IsNameLike(string text, Word word)
    {
        var letters = word.In(text);
        if (letters.Length < 2 || !char.IsUpper(letters[0]) || IsPartOfMore(text, word.Start))
        {
            return false;
        }

        for (var i = 1; i < letters.Length; i++)
        {
            var isPart =
                letters[i - 1] is '\'' or '’' or '-'
                || (i == 2 && letters.StartsWith("Mc"))
                || (i == 3 && letters.StartsWith("Mac"));
            if (char.IsDigit(letters[i]) || letters[i] == '_' || (char.IsUpper(letters[i]) && !isPart))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsPartOfMore(string text, int start) =>
        start > 0 && text[start - 1] is '@' or '#' or '/' or '_' or '.' or '<';

    /// <summary>The last word of a name that begins with a word: blanks between, particles before the next capital, initials with their stop.</summary>
    private static Word LastOf(string text, Word first, Func<ReadOnlySpan<char>, bool> isNoName, out int words)
    {
        var last = first;
        words = 1;
        while (words < MostWords && Next(text, last) is { } next)
        {
            var particles = 0;
            while (
                particles < 2
                && _particles.GetAlternateLookup<ReadOnlySpan<char>>().Contains(next.In(text))
                && Next(text, next) is { } behind
            )
            {
                next = behind;
                particles++;
            }

            var isInitial = next.End - next.Start == 1 && char.IsUpper(text[next.Start]) && text[next.Start] != 'I';
            if (!isInitial && (!IsNameLike(text, next) || isNoName(next.In(text))))
            {
                break;
            }

            last = next;
            words++;
        }

        return last;
    }

    private static Word? Next(string text, Word word)
    {
        var at = word.End;
        at += word.End - word.Start == 1 && at < text.Length && text[at] == '.' ? 1 : 0;
        return at + 1 < text.Length && text[at] == ' ' && char.IsLetter(text[at + 1]) ? WordAt(text, at + 1) : null;
    }

    private static bool Follows(string text, Word before, int start) =>
        before.End > 0 && start == before.End + 1 && text[before.End] == ' ';

    /// <summary>Whether only blanks and quotes are between a place and the end of a sentence, a line or the text's start.</summary>
    private static bool StartsSentence(string text, int start)
    {
        for (var at = start - 1; at >= 0 && start - at < 8; at--)
        {
            switch (text[at])
            {
                case ' ' or '"' or '“' or '‘' or '\'' or '(' or '[' or '*' or '-' or '>' or '„' or '«':
                    continue;
                case '.' or '!' or '?' or ':' or ';' or '\n' or '…' or '\r' or '\t' or '•':
                    return true;
                default:
                    return false;
            }
        }

        return true;
    }

    private static int LineStart(string text, int place) => place == 0 ? 0 : text.LastIndexOf('\n', place - 1) + 1;

    /// <summary>Whether three of four longer words of a line have capitals, and there are at least four.</summary>
    private static bool IsTitle(ReadOnlySpan<char> line)
    {
        var (longer, capitals) = (0, 0);
        for (var at = 0; at < line.Length; )
        {
            if (!char.IsLetter(line[at]))
            {
                at++;
                continue;
            }

            var start = at;
            while (at < line.Length && char.IsLetter(line[at]))
            {
                at++;
            }

            longer += at - start > 3 ? 1 : 0;
            capitals += at - start > 3 && char.IsUpper(line[start]) ? 1 : 0;
        }

        return longer >= 4 && capitals * 4 >= longer * 3;
    }

    private static bool IsGerman(string text)
    {
        var (german, other) = (0, 0);
        var sample = text.AsSpan(0, Math.Min(text.Length, Sample));
        foreach (var range in sample.Split(' '))
        {
            var word = sample[range].Trim(",.;:!?()\"");
            german += _german.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word) ? 1 : 0;
            other += _others.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word) ? 1 : 0;
        }

        return german > 1 && german > other;
    }
}
