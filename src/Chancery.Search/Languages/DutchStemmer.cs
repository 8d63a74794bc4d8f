using System.Buffers;

namespace Chancery.Search.Languages;

/// <summary>The Snowball stemmer for Dutch, that of Porter.</summary>
internal static class DutchStemmer
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouyè");

    private enum Rule
    {
        None,
        Heden,
        En,
        S,
        Ing,
        Ig,
        Lijk,
        Baar,
        Bar,
    }

    private static readonly SuffixTable<Rule> Plurals = new(
        (Rule.Heden, "heden"),
        (Rule.En, "en ene"),
        (Rule.S, "s se")
    );

    private static readonly SuffixTable<Rule> Derivations = new(
        (Rule.Ing, "end ing"),
        (Rule.Ig, "ig"),
        (Rule.Lijk, "lijk"),
        (Rule.Baar, "baar"),
        (Rule.Bar, "bar")
    );

    public static int Stem(Span<char> letters, int length)
    {
        Prelude(letters[..length]);
        var word = new StemmedWord(letters, length);
        word.MarkRegions(Vowels, least: 3);
        DropPlural(ref word);
        var endedInE = DropE(ref word);
        if (word.EndsWith("heid", word.R2) && !word.EndsWith("cheid"))
        {
            word.Cut(word.Length - 4);
            if (word.EndsWith("en"))
                DropEn(ref word, word.Length - 2);
        }

        DropDerivation(ref word, endedInE);
        Shorten(ref word);
        for (var i = 0; i < word.Length; i++)
            word.Set(i, char.ToLowerInvariant(word[i]));
        return word.Length;
    }

    /// <summary>Vowels without trema and accent; i between vowels, and y at the start or after a vowel, as consonants.</summary>
    private static void Prelude(Span<char> letters)
    {
        foreach (ref var letter in letters)
        {
            letter = letter switch
            {
                'ä' or 'á' => 'a',
                'ë' or 'é' => 'e',
                'ï' or 'í' => 'i',
                'ö' or 'ó' => 'o',
                'ü' or 'ú' => 'u',
                _ => letter,
            };
        }

        if (letters.Length > 0 && letters[0] == 'y')
            letters[0] = 'Y';
        for (var i = 0; i + 1 < letters.Length; i++)
        {
            if (!Vowels.Contains(letters[i]))
                continue;
            if (
                letters[i + 1] == 'y'
                || (letters[i + 1] == 'i' && i + 2 < letters.Length && Vowels.Contains(letters[i + 2]))
            )
                letters[i + 1] = char.ToUpperInvariant(letters[i + 1]);
        }
    }

    private static void DropPlural(ref StemmedWord word)
    {
        var rule = word.Find(Plurals, out var start);
        switch (rule)
        {
            case Rule.Heden when start >= word.R1:
                word.Replace(start, "heid");
                break;
            case Rule.En:
                DropEn(ref word, start);
                break;
            case Rule.S when start >= word.R1 && start > 0 && !IsVowel(word[start - 1]) && word[start - 1] != 'j':
                word.Cut(start);
                break;
        }
    }

    private static void DropEn(ref StemmedWord word, int start)
    {
        if (start < word.R1 || start == 0 || IsVowel(word[start - 1]) || word.Letters[..start].EndsWith("gem"))
            return;
        word.Cut(start);
        Undouble(ref word);
    }

    private static bool DropE(ref StemmedWord word)
    {
        var start = word.Length - 1;
        if (word.Last != 'e' || start < word.R1 || start == 0 || IsVowel(word[start - 1]))
            return false;
        word.Cut(start);
        Undouble(ref word);
        return true;
    }

    private static void DropDerivation(ref StemmedWord word, bool endedInE)
    {
        var rule = word.Find(Derivations, out var start);
        if (rule is Rule.None || start < word.R2 || (rule is Rule.Bar && !endedInE))
            return;
        if (rule is Rule.Ig && word[start - 1] == 'e')
            return;
        word.Cut(start);
        if (rule is Rule.Lijk)
            DropE(ref word);
        else if (rule is Rule.Ing)
        {
            if (word.EndsWith("ig", word.R2) && !word.EndsWith("eig"))
                word.Cut(start - 2);
            else
                Undouble(ref word);
        }
    }

    private static void Undouble(ref StemmedWord word)
    {
        if (word.EndsWith("kk") || word.EndsWith("dd") || word.EndsWith("tt"))
            word.Cut(word.Length - 1);
    }

    /// <summary>A long vowel in a closed syllable is written once in an open one: maan, manen.</summary>
    private static void Shorten(ref StemmedWord word)
    {
        var last = word.Length - 1;
        if (last < 3 || IsVowel(word[last]) || word[last] == 'I')
            return;
        if (word[last - 1] is not ('a' or 'e' or 'o' or 'u') || word[last - 1] != word[last - 2])
            return;
        if (IsVowel(word[last - 3]))
            return;
        word.Set(last - 1, word[last]);
        word.Cut(last);
    }

    private static bool IsVowel(char letter) => Vowels.Contains(letter);
}
