using System.Buffers;

namespace Chancery.Search;

/// <summary>The Snowball stemmer for English (Porter2), over lower-case letters a–z and the apostrophe.</summary>
public static class EnglishStemmer
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouy");

    private static readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> Exceptions = new Dictionary<
        string,
        string
    >
    {
        ["skis"] = "ski",
        ["skies"] = "sky",
        ["dying"] = "die",
        ["lying"] = "lie",
        ["tying"] = "tie",
        ["idly"] = "idl",
        ["gently"] = "gentl",
        ["ugly"] = "ugli",
        ["early"] = "earli",
        ["only"] = "onli",
        ["singly"] = "singl",
        ["sky"] = "sky",
        ["news"] = "news",
        ["howe"] = "howe",
        ["atlas"] = "atlas",
        ["cosmos"] = "cosmos",
        ["bias"] = "bias",
        ["andes"] = "andes",
    }.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> DoneAfterPlural = new HashSet<string>
    {
        "inning",
        "outing",
        "canning",
        "herring",
        "earring",
        "proceed",
        "exceed",
        "succeed",
    }.GetAlternateLookup<ReadOnlySpan<char>>();

    // Longest first, so that the first that fits is the longest that fits.
    private static readonly (string Suffix, string By)[] Step2 =
    [
        ("ization", "ize"),
        ("ational", "ate"),
        ("fulness", "ful"),
        ("ousness", "ous"),
        ("iveness", "ive"),
        ("tional", "tion"),
        ("biliti", "ble"),
        ("lessli", "less"),
        ("entli", "ent"),
        ("ation", "ate"),
        ("alism", "al"),
        ("aliti", "al"),
        ("ousli", "ous"),
        ("iviti", "ive"),
        ("fulli", "ful"),
        ("enci", "ence"),
        ("anci", "ance"),
        ("abli", "able"),
        ("izer", "ize"),
        ("ator", "ate"),
        ("alli", "al"),
        ("bli", "ble"),
        ("ogi", "og"),
        ("li", ""),
    ];

    private static readonly (string Suffix, string By)[] Step3 =
    [
        ("ational", "ate"),
        ("tional", "tion"),
        ("alize", "al"),
        ("icate", "ic"),
        ("iciti", "ic"),
        ("ative", ""),
        ("ical", "ic"),
        ("ness", ""),
        ("ful", ""),
    ];

    private static readonly string[] Step4 =
    [
        "ement",
        "ance",
        "ence",
        "able",
        "ible",
        "ment",
        "ant",
        "ent",
        "ism",
        "ate",
        "iti",
        "ous",
        "ive",
        "ize",
        "ion",
        "al",
        "er",
        "ic",
    ];

    /// <summary>The stem of a lower-case word; words of one or two letters are their own stem.</summary>
    public static string Stem(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        if (word.Length > 64)
            return word;

        Span<char> letters = stackalloc char[word.Length + 1];
        word.CopyTo(letters);
        var length = Stem(letters, word.Length);
        return letters[..length].SequenceEqual(word) ? word : letters[..length].ToString();
    }

    /// <summary>Stems in place and returns the new length, which is never greater.</summary>
    /// <param name="buffer">The word, with room for one more character than <paramref name="length"/>.</param>
    internal static int Stem(Span<char> buffer, int length)
    {
        if (length <= 2)
            return length;

        if (buffer[0] == '\'')
        {
            buffer[1..length].CopyTo(buffer);
            length--;
        }

        if (Exceptions.TryGetValue(buffer[..length], out var exception))
        {
            exception.CopyTo(buffer);
            return exception.Length;
        }

        var word = new Word(buffer, length);
        word.MarkConsonantYs();
        word.FindRegions();

        word.DropPossessive();
        word.DropPlural();
        if (!DoneAfterPlural.Contains(word.Letters))
        {
            word.DropPastAndGerund();
            word.FinalYToI();
            word.Derive(Step2, third: false);
            word.Derive(Step3, third: true);
            word.DropResidual();
            word.FinalEAndL();
        }

        word.Letters.Replace('Y', 'y');
        return word.Length;
    }

    /// <summary>A word being cut; <c>Y</c> is a y that counts as a consonant.</summary>
    private ref struct Word(Span<char> buffer, int length)
    {
        private readonly Span<char> _buffer = buffer;
        private int _region1;
        private int _region2;

        public int Length { get; private set; } = length;

        public readonly Span<char> Letters => _buffer[..Length];

        public readonly void MarkConsonantYs()
        {
            for (var i = 0; i < Length; i++)
            {
                if (_buffer[i] == 'y' && (i == 0 || IsVowel(i - 1)))
                    _buffer[i] = 'Y';
            }
        }

        public void FindRegions()
        {
            var word = (ReadOnlySpan<char>)Letters;
            _region1 =
                word.StartsWith("gener") || word.StartsWith("arsen") ? 5
                : word.StartsWith("commun") ? 6
                : AfterVowelConsonant(0);
            _region2 = AfterVowelConsonant(_region1);
        }

        public void DropPossessive()
        {
            if (Ends("'s'"))
                Length -= 3;
            else if (Ends("'s"))
                Length -= 2;
            else if (Ends("'"))
                Length -= 1;
        }

        public void DropPlural()
        {
            if (Ends("sses"))
                Length -= 2;
            else if (Ends("ied") || Ends("ies"))
                Length -= Length > 4 ? 2 : 1;
            else if (!Ends("us") && !Ends("ss") && Ends("s") && HasVowel(Length - 2))
                Length--;
        }

        public void DropPastAndGerund()
        {
            if (Ends("eedly"))
            {
                if (InRegion1(5))
                    Length -= 3;
                return;
            }

            if (Ends("eed"))
            {
                if (InRegion1(3))
                    Length--;
                return;
            }

            var cut =
                Ends("ingly") ? 5
                : Ends("edly") ? 4
                : Ends("ing") ? 3
                : Ends("ed") ? 2
                : 0;
            if (cut == 0 || !HasVowel(Length - cut))
                return;

            Length -= cut;
            if (Ends("at") || Ends("bl") || Ends("iz"))
                _buffer[Length++] = 'e';
            else if (EndsInDouble())
                Length--;
            else if (_region1 >= Length && EndsInShortSyllable(Length))
                _buffer[Length++] = 'e';
        }

        public readonly void FinalYToI()
        {
            if (Length > 2 && _buffer[Length - 1] is 'y' or 'Y' && !IsVowel(Length - 2))
                _buffer[Length - 1] = 'i';
        }

        public void Derive((string Suffix, string By)[] steps, bool third)
        {
            foreach (var (suffix, by) in steps)
            {
                if (!Ends(suffix))
                    continue;

                var may = suffix switch
                {
                    "ogi" => Length > 3 && _buffer[Length - 4] == 'l',
                    "li" => Length > 2 && "cdeghkmnrt".Contains(_buffer[Length - 3], StringComparison.Ordinal),
                    "ative" when third => InRegion2(5),
                    _ => true,
                };
                if (may && InRegion1(suffix.Length))
                {
                    Length -= suffix.Length;
                    by.CopyTo(_buffer[Length..]);
                    Length += by.Length;
                }

                return;
            }
        }

        public void DropResidual()
        {
            foreach (var suffix in Step4)
            {
                if (!Ends(suffix))
                    continue;
                if (InRegion2(suffix.Length) && (suffix != "ion" || _buffer[Length - 4] is 's' or 't'))
                    Length -= suffix.Length;
                return;
            }
        }

        public void FinalEAndL()
        {
            if (Ends("e"))
            {
                if (InRegion2(1) || (InRegion1(1) && !EndsInShortSyllable(Length - 1)))
                    Length--;
            }
            else if (Ends("ll") && InRegion2(1))
                Length--;
        }

        private readonly int AfterVowelConsonant(int from)
        {
            for (var i = from + 1; i < Length; i++)
            {
                if (!IsVowel(i) && IsVowel(i - 1))
                    return i + 1;
            }

            return Length;
        }

        private readonly bool Ends(string suffix) => Letters.EndsWith(suffix);

        private readonly bool IsVowel(int i) => Vowels.Contains(_buffer[i]);

        private readonly bool HasVowel(int before) => before > 0 && Letters[..before].ContainsAny(Vowels);

        private readonly bool InRegion1(int suffix) => Length - suffix >= _region1;

        private readonly bool InRegion2(int suffix) => Length - suffix >= _region2;

        private readonly bool EndsInDouble() =>
            Length > 1
            && _buffer[Length - 1] == _buffer[Length - 2]
            && "bdfgmnprt".Contains(_buffer[Length - 1], StringComparison.Ordinal);

        /// <summary>Consonant, vowel, consonant other than w, x, Y; or a vowel and a consonant that are the whole word.</summary>
        private readonly bool EndsInShortSyllable(int end) =>
            end switch
            {
                < 2 => false,
                2 => IsVowel(0) && !IsVowel(1),
                _ => !IsVowel(end - 3)
                    && IsVowel(end - 2)
                    && !IsVowel(end - 1)
                    && _buffer[end - 1] is not ('w' or 'x' or 'Y'),
            };
    }
}
