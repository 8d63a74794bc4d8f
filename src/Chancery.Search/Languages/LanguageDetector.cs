using System.Globalization;
using System.Text;

namespace Chancery.Search.Languages;

/// <summary>
/// Tells a text's language by its words of grammar, helped by letters and endings that few languages have. Reads the first few
/// hundred words, never throws, safe for concurrent use.
/// </summary>
public static class LanguageDetector
{
    private const int MostWords = 400;
    private const int MostCharacters = 8000;

    /// <summary>In characters: a longer text has grammar enough.</summary>
    private const int ShortLength = 160;

    /// <summary>What has more words is prose, or is no language of ours: its grammar must show.</summary>
    private const int FewWords = 12;

    /// <summary>One word of grammar and a letter, or two words of grammar, that no other language has.</summary>
    private const double LeastOfFew = 1.5;

    /// <summary>Of the words of a text; English prose has .35, tables of figures less than .1.</summary>
    private const double LeastShare = 0.1;

    /// <summary>How far the first must be ahead of the second.</summary>
    private const double Lead = 1.5;

    private static readonly (string Ending, Language Language)[] Endings =
    [
        ("ungen", Language.German),
        ("ung", Language.German),
        ("keit", Language.German),
        ("lich", Language.German),
        ("lichen", Language.German),
        ("isch", Language.German),
        ("schaft", Language.German),
        ("eux", Language.French),
        ("eaux", Language.French),
        ("ités", Language.French),
        ("ité", Language.French),
        ("ción", Language.Spanish),
        ("ciones", Language.Spanish),
        ("dades", Language.Spanish),
        ("zione", Language.Italian),
        ("zioni", Language.Italian),
        ("ità", Language.Italian),
        ("ção", Language.Portuguese),
        ("ções", Language.Portuguese),
        ("dades", Language.Portuguese),
        ("heid", Language.Dutch),
        ("lijk", Language.Dutch),
        ("lijke", Language.Dutch),
        ("ingen", Language.Dutch),
    ];

    /// <summary><see langword="null"/> where there is too little to tell by.</summary>
    public static Language? Detect(ReadOnlySpan<char> text)
    {
        Span<double> evidence = stackalloc double[8];
        var words = Read(text, evidence);
        if (words == 0)
            return null;

        var (best, second) = FirstTwo(evidence);
        var least = words < FewWords ? LeastOfFew : Math.Max(LeastOfFew, LeastShare * words);
        return evidence[best] >= least && evidence[best] >= Lead * evidence[second] ? (Language)best : null;
    }

    /// <summary>
    /// The language that a query is asked in, of those that its passages have; <see langword="null"/> where none is ahead, as in
    /// one without grammar.
    /// </summary>
    public static Language? DetectAmong(LanguageSet languages, ReadOnlySpan<char> query)
    {
        if (languages.Count == 1)
        {
            foreach (var only in languages)
                return only;
        }

        Span<double> evidence = stackalloc double[8];
        Read(query, evidence);
        for (var i = 0; i < evidence.Length; i++)
            evidence[i] = languages.Contains((Language)i) ? evidence[i] : 0;
        var (best, second) = FirstTwo(evidence);
        return evidence[best] > evidence[second] ? (Language)best : null;
    }

    private static (int Best, int Second) FirstTwo(ReadOnlySpan<double> evidence)
    {
        var (best, second) = evidence[0] >= evidence[1] ? (0, 1) : (1, 0);
        for (var i = 2; i < evidence.Length; i++)
        {
            if (evidence[i] > evidence[best])
                (best, second) = (i, best);
            else if (evidence[i] > evidence[second])
                second = i;
        }

        return (best, second);
    }

    private static int Read(ReadOnlySpan<char> text, Span<double> evidence)
    {
        text = text[..Math.Min(text.Length, MostCharacters)];
        var isShort = text.Length <= ShortLength;
        var words = 0;
        var i = 0;
        while (i < text.Length && words < MostWords)
        {
            if (!char.IsLetter(text[i]))
            {
                i++;
                continue;
            }

            var start = i;
            while (
                i < text.Length
                && (char.IsLetter(text[i]) || char.GetUnicodeCategory(text[i]) is UnicodeCategory.NonSpacingMark)
            )
                i++;
            // What stands before an apostrophe is elided, and tells as much as a whole word.
            var word = text[start..i];
            if (word.Length > 32 || word[0] > '\u024F')
                continue;
            words++;
            Weigh(word, evidence, isShort);
        }

        return words;
    }

    private static void Weigh(ReadOnlySpan<char> word, Span<double> evidence, bool withEndings)
    {
        var grammar = Terms.Of(word).Grammar;
        if (!grammar.IsEmpty)
        {
            foreach (var language in grammar)
                evidence[(int)language] += 1.0 / grammar.Count;
            return;
        }

        if (!Ascii.IsValid(word))
        {
            foreach (var letter in word)
            {
                switch (char.ToLowerInvariant(letter))
                {
                    case 'ß':
                        evidence[(int)Language.German] += 0.5;
                        break;
                    case 'ä' or 'ö' or 'ü':
                        evidence[(int)Language.German] += 0.3;
                        evidence[(int)Language.Other] += 0.2;
                        break;
                    case 'ñ':
                        evidence[(int)Language.Spanish] += 0.5;
                        break;
                    case 'ã' or 'õ':
                        evidence[(int)Language.Portuguese] += 0.5;
                        break;
                    case 'ê' or 'û' or 'î' or 'œ':
                        evidence[(int)Language.French] += 0.3;
                        break;
                    case 'å'
                    or 'ø'
                    or 'æ'
                    or 'ł'
                    or 'ą'
                    or 'ę'
                    or 'ż'
                    or 'ř'
                    or 'ě'
                    or 'ů'
                    or 'ş'
                    or 'ğ'
                    or 'ı'
                    or 'ő'
                    or 'ű'
                    or 'ț'
                    or 'ș'
                    or 'ă':
                        evidence[(int)Language.Other] += 0.5;
                        break;
                }
            }
        }

        if (!withEndings)
            return;
        foreach (var (ending, language) in Endings)
        {
            if (word.Length > ending.Length + 2 && word.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            {
                evidence[(int)language] += 0.5;
                break;
            }
        }
    }
}
