using System.Buffers;

namespace Chancery.Search.Languages;

/// <summary>The Snowball stemmer for German.</summary>
internal static class GermanStemmer
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouyäöü");
    private const string BeforeS = "bdfghklmnrt";
    private const string BeforeSt = "bdfghklmnt";

    private enum Rule
    {
        None,
        Delete,
        DeleteE,
        DeleteS,
        DeleteSt,
        Ung,
        Ig,
        Lich,
        Keit,
    }

    private static readonly SuffixTable<Rule> Cases = new(
        (Rule.Delete, "em ern er"),
        (Rule.DeleteE, "e en es"),
        (Rule.DeleteS, "s")
    );

    private static readonly SuffixTable<Rule> Comparisons = new((Rule.Delete, "en er est"), (Rule.DeleteSt, "st"));

    private static readonly SuffixTable<Rule> Derivations = new(
        (Rule.Ung, "end ung"),
        (Rule.Ig, "ig ik isch"),
        (Rule.Lich, "lich heit"),
        (Rule.Keit, "keit")
    );

    public static int Stem(Span<char> letters, int length)
    {
        length = Prelude(letters, length);
        var word = new StemmedWord(letters, length);
        if (length >= 3)
            word.MarkRegions(Vowels, least: 3);
        DropCase(ref word);
        DropComparison(ref word);
        DropDerivation(ref word);
        for (var i = 0; i < word.Length; i++)
        {
            word.Set(
                i,
                word[i] switch
                {
                    'Y' => 'y',
                    'U' or 'ü' => 'u',
                    'ä' => 'a',
                    'ö' => 'o',
                    var other => other,
                }
            );
        }

        return word.Length;
    }

    /// <summary>Sharp s as two, and u and y between vowels as consonants.</summary>
    private static int Prelude(Span<char> letters, int length)
    {
        var end = length;
        for (var i = length - 1; i >= 0; i--)
        {
            if (letters[i] != 'ß')
                continue;
            letters[(i + 1)..end].CopyTo(letters[(i + 2)..]);
            (letters[i], letters[i + 1]) = ('s', 's');
            end++;
        }

        for (var i = 0; i + 2 < end; i++)
        {
            if (letters[i + 1] is 'u' or 'y' && Vowels.Contains(letters[i]) && Vowels.Contains(letters[i + 2]))
                letters[i + 1] = char.ToUpperInvariant(letters[i + 1]);
        }

        return end;
    }

    private static void DropCase(ref StemmedWord word)
    {
        var rule = word.Find(Cases, out var start);
        if (start < word.R1)
            return;
        switch (rule)
        {
            case Rule.Delete:
                word.Cut(start);
                break;
            case Rule.DeleteE:
                word.Cut(start);
                if (word.EndsWith("niss"))
                    word.Cut(start - 1);
                break;
            case Rule.DeleteS when start > 0 && BeforeS.Contains(word[start - 1], StringComparison.Ordinal):
                word.Cut(start);
                break;
        }
    }

    private static void DropComparison(ref StemmedWord word)
    {
        var rule = word.Find(Comparisons, out var start);
        if (
            start >= word.R1
            && (
                rule is Rule.Delete
                || (rule is Rule.DeleteSt && start >= 4 && BeforeSt.Contains(word[start - 1], StringComparison.Ordinal))
            )
        )
            word.Cut(start);
    }

    private static void DropDerivation(ref StemmedWord word)
    {
        var rule = word.Find(Derivations, out var start);
        if (rule is Rule.None || start < word.R2)
            return;
        if (rule is Rule.Ig)
        {
            if (word[start - 1] != 'e')
                word.Cut(start);
            return;
        }

        word.Cut(start);
        switch (rule)
        {
            case Rule.Ung when word.EndsWith("ig", word.R2) && !word.EndsWith("eig"):
                word.Cut(start - 2);
                break;
            case Rule.Lich when word.EndsWith("er", word.R1) || word.EndsWith("en", word.R1):
                word.Cut(start - 2);
                break;
            case Rule.Keit:
                _ = word.Drop("lich", word.R2) || word.Drop("ig", word.R2);
                break;
        }
    }
}
