using System.Text;
using Chancery.Search.Languages;

namespace Chancery.Search;

/// <summary>From a word as written to its term. Texts repeat their words, so each thread keeps the last few thousand.</summary>
internal static class Terms
{
    private const int Slots = 4096;
    private const int LongestKept = 32;

    [ThreadStatic]
    private static Entry[]? s_kept;

    /// <summary>A word and what it is in each language, found out when asked. Not for sharing between threads.</summary>
    internal sealed class Entry(string word, string folded, TokenKind kind)
    {
        private string? _english;
        private string?[]? _others;
        private LanguageSet? _grammar;

        public string Word => word;

        public TokenKind Kind => kind;

        /// <summary>The languages that use the word for grammar.</summary>
        public LanguageSet Grammar => _grammar ??= kind is not TokenKind.Word ? default : StopWords.LanguagesOf(folded);

        public string TermIn(Language language)
        {
            if (kind is not TokenKind.Word)
                return folded;
            if (language is Language.English)
                return _english ??= EnglishTerm();
            _others ??= new string?[8];
            return _others[(int)language] ??= OtherTerm(language);
        }

        public bool IsStopWordIn(Language language)
        {
            if (language is Language.English)
                return Grammar.Contains(language) && !IsAcronym(word);
            return kind is TokenKind.Word
                && (
                    Grammar.Contains(language)
                    || (
                        Elision.Strip(folded, language) is var rest
                        && rest.Length < folded.Length
                        && StopWords.LanguagesOf(rest).Contains(language)
                    )
                );
        }

        private string EnglishTerm()
        {
            if (Grammar.Contains(Language.English) || !Ascii.IsValid(folded))
                return folded;
            var stem = EnglishStemmer.Stem(folded);
            return stem.Length > 0 ? stem : folded;
        }

        private string OtherTerm(Language language)
        {
            var plain = Elision.Strip(folded, language);
            if (plain.Length == 0 || StopWords.LanguagesOf(plain).Contains(language))
                return plain.Length == 0 ? folded : plain.ToString();
            if (Spelling.Of(Elision.Strip(word, language)) is not { } spelled)
                return plain.ToString();

            var stem = Folding.Fold(Stemmer.Stem(Spelling.WithUsualAccents(spelled, language), language));
            return stem.Length > 0 ? stem : plain.ToString();
        }
    }

    public static Entry Of(ReadOnlySpan<char> word)
    {
        if (word.Length > LongestKept)
            return Make(word);

        var kept = s_kept ??= new Entry[Slots];
        ref var slot = ref kept[string.GetHashCode(word) & (Slots - 1)];
        if (slot is not null && word.SequenceEqual(slot.Word))
            return slot;
        return slot = Make(word);
    }

    private static Entry Make(ReadOnlySpan<char> word)
    {
        var written = word.ToString();
        var folded = Folding.Fold(word).Replace('’', '\'');

        if (folded.Length > 0 && char.IsDigit(folded[0]) && !folded.AsSpan().ContainsAnyInRange('a', 'z'))
            return new Entry(written, Number(folded), TokenKind.Number);

        if (folded.Contains('.', StringComparison.Ordinal))
            folded = folded.Replace(".", "", StringComparison.Ordinal);
        return new Entry(written, folded, TokenKind.Word);
    }

    /// <summary>"US", "IT", "WHO" are names where "us", "it", "who" are not.</summary>
    private static bool IsAcronym(ReadOnlySpan<char> word) => word is "US" or "U.S" or "u.s" or "IT" or "WHO";

    /// <summary>Commas that group thousands say nothing: 1,000 is 1000. Others separate decimals or list numbers.</summary>
    private static string Number(string digits)
    {
        var comma = digits.IndexOf(',', StringComparison.Ordinal);
        if (comma is < 1 or > 3)
            return digits;

        var whole = digits.AsSpan();
        if (whole.IndexOf('.') is var point and >= 0)
            whole = whole[..point];
        for (var i = comma; i < whole.Length; i += 4)
        {
            if (whole[i] != ',' || whole.Length - i < 4 || whole.Slice(i + 1, 3).Contains(','))
                return digits;
        }

        return digits.Replace(",", "", StringComparison.Ordinal);
    }
}
