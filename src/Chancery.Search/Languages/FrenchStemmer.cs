using System.Buffers;

namespace Chancery.Search.Languages;

/// <summary>The Snowball stemmer for French.</summary>
internal static class FrenchStemmer
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouyâàëéêèïîôûù");

    private enum Rule
    {
        None,
        Delete,
        DeleteIc,
        Log,
        U,
        Ent,
        Ement,
        Ite,
        If,
        Eau,
        Al,
        Euse,
        Issement,
        Amment,
        Emment,
        Ment,
        Ions,
        DeleteE,
        Ion,
        Ier,
    }

    private static readonly SuffixTable<Rule> Derivations = new(
        (Rule.Delete, "ance iqUe isme able iste eux ances iqUes ismes ables istes"),
        (Rule.DeleteIc, "atrice ateur ation atrices ateurs ations"),
        (Rule.Log, "logie logies"),
        (Rule.U, "usion ution usions utions"),
        (Rule.Ent, "ence ences"),
        (Rule.Ement, "ement ements"),
        (Rule.Ite, "ité ités"),
        (Rule.If, "if ive ifs ives"),
        (Rule.Eau, "eaux"),
        (Rule.Al, "aux"),
        (Rule.Euse, "euse euses"),
        (Rule.Issement, "issement issements"),
        (Rule.Amment, "amment"),
        (Rule.Emment, "emment"),
        (Rule.Ment, "ment ments")
    );

    private static readonly SuffixTable<Rule> VerbsInI = new(
        (
            Rule.Delete,
            """
            îmes ît îtes i ie ies ir ira irai iraIent irais irait iras irent irez iriez irions irons iront is issaIent
            issais issait issant issante issantes issants isse issent isses issez issiez issions issons it
            """
        )
    );

    private static readonly SuffixTable<Rule> Verbs = new(
        (Rule.Ions, "ions"),
        (Rule.Delete, "é ée ées és èrent er era erai eraIent erais erait eras erez eriez erions erons eront ez iez"),
        (Rule.DeleteE, "âmes ât âtes a ai aIent ais ait ant ante antes ants as asse assent asses assiez assions")
    );

    private static readonly SuffixTable<Rule> Residues = new(
        (Rule.Ion, "ion"),
        (Rule.Ier, "ier ière Ier Ière"),
        (Rule.Delete, "e")
    );

    public static int Stem(Span<char> letters, int length)
    {
        var word = new StemmedWord(letters, Prelude(letters, length));
        MarkVerbRegion(ref word);
        word.MarkRegions(Vowels);
        if (DropDerivation(ref word) || DropVerbInI(ref word) || DropVerb(ref word))
        {
            if (word.Last is 'Y' or 'ç')
                word.Set(word.Length - 1, word.Last == 'Y' ? 'i' : 'c');
        }
        else
            DropResidue(ref word);

        if (
            word.EndsWith("enn")
            || word.EndsWith("onn")
            || word.EndsWith("ett")
            || word.EndsWith("ell")
            || word.EndsWith("eill")
        )
            word.Cut(word.Length - 1);
        DropAccent(ref word);
        return Postlude(letters, word.Length);
    }

    /// <summary>Letters that are no vowels where they stand become capitals; ë and ï become pairs.</summary>
    private static int Prelude(Span<char> letters, int length)
    {
        Span<char> source = stackalloc char[length];
        letters[..length].CopyTo(source);
        var end = 0;
        for (var i = 0; i < length; i++)
        {
            var isMarked = MarkNext(source, i);
            if (source[i] is 'ë' or 'ï')
            {
                letters[end++] = 'H';
                letters[end++] = source[i] == 'ë' ? 'e' : 'i';
                continue;
            }

            if (!isMarked && source[i] == 'y' && i + 1 < length && IsVowel(source[i + 1]))
                source[i] = 'Y';
            letters[end++] = source[i];
        }

        return end;
    }

    /// <summary>Whether the letter after this one is no vowel, which is then marked.</summary>
    private static bool MarkNext(Span<char> letters, int place)
    {
        if (place + 1 >= letters.Length)
            return false;
        var isMarked =
            letters[place] == 'q'
                ? letters[place + 1] == 'u'
                : IsVowel(letters[place])
                    && (
                        letters[place + 1] == 'y'
                        || (
                            letters[place + 1] is 'u' or 'i'
                            && place + 2 < letters.Length
                            && IsVowel(letters[place + 2])
                        )
                    );
        if (isMarked)
            letters[place + 1] = char.ToUpperInvariant(letters[place + 1]);
        return isMarked;
    }

    private static int Postlude(Span<char> letters, int length)
    {
        var end = 0;
        for (var i = 0; i < length; i++)
        {
            var next = i + 1 < length ? letters[i + 1] : '\0';
            switch (letters[i])
            {
                case 'H' when next is 'e' or 'i':
                    letters[end++] = next == 'e' ? 'ë' : 'ï';
                    i++;
                    break;
                case 'H':
                    break;
                default:
                    letters[end++] = char.ToLowerInvariant(letters[i]);
                    break;
            }
        }

        return end;
    }

    private static void MarkVerbRegion(ref StemmedWord word)
    {
        var letters = word.Letters;
        if (letters.Length >= 3 && IsVowel(letters[0]) && IsVowel(letters[1]))
            word.Rv = 3;
        else if (letters.StartsWith("par") || letters.StartsWith("col") || letters.StartsWith("tap"))
            word.Rv = 3;
        else if (letters.Length > 0 && word.Past(1, Vowels, isVowel: true) is var place and >= 0)
            word.Rv = place;
    }

    private static bool DropDerivation(ref StemmedWord word)
    {
        var rule = word.Find(Derivations, out var start);
        switch (rule)
        {
            case Rule.None:
                return false;
            case Rule.Eau:
                word.Replace(start, "eau");
                return true;
            case Rule.Al when start >= word.R1:
                word.Replace(start, "al");
                return true;
            case Rule.Euse when start >= word.R2:
                word.Cut(start);
                return true;
            case Rule.Euse when start >= word.R1:
                word.Replace(start, "eux");
                return true;
            case Rule.Issement when start >= word.R1 && start > 0 && !IsVowel(word[start - 1]):
                word.Cut(start);
                return true;
            case Rule.Amment when start >= word.Rv:
                word.Replace(start, "ant");
                // What is left is looked at as a verb.
                return false;
            case Rule.Emment when start >= word.Rv:
                word.Replace(start, "ent");
                return false;
            case Rule.Ment when start > word.Rv && IsVowel(word[start - 1]):
                word.Cut(start);
                return false;
            case Rule.Al or Rule.Euse or Rule.Issement or Rule.Amment or Rule.Emment or Rule.Ment:
                return false;
            case Rule.Ement when start >= word.Rv:
                word.Cut(start);
                DropBeforeEment(ref word);
                return true;
            case Rule.Ement:
                return false;
        }

        if (start < word.R2)
            return false;
        word.Cut(start);
        switch (rule)
        {
            case Rule.DeleteIc:
                DropIc(ref word);
                break;
            case Rule.Log:
                word.Replace(start, "log");
                break;
            case Rule.U:
                word.Replace(start, "u");
                break;
            case Rule.Ent:
                word.Replace(start, "ent");
                break;
            case Rule.Ite when word.EndsWith("abil"):
                if (!word.Drop("abil", word.R2))
                    word.Replace(start - 4, "abl");
                break;
            case Rule.Ite when word.EndsWith("ic"):
                DropIc(ref word);
                break;
            case Rule.Ite:
                word.Drop("iv", word.R2);
                break;
            case Rule.If when word.Drop("at", word.R2):
                DropIc(ref word);
                break;
        }

        return true;
    }

    private static void DropIc(ref StemmedWord word)
    {
        if (word.EndsWith("ic") && !word.Drop("ic", word.R2))
            word.Replace(word.Length - 2, "iqU");
    }

    private static void DropBeforeEment(ref StemmedWord word)
    {
        if (word.EndsWith("iv"))
        {
            if (word.Drop("iv", word.R2))
                word.Drop("at", word.R2);
        }
        else if (word.EndsWith("eus"))
        {
            if (!word.Drop("eus", word.R2) && word.EndsWith("eus", word.R1))
                word.Replace(word.Length - 3, "eux");
        }
        else if (word.EndsWith("ièr", word.Rv) || word.EndsWith("Ièr", word.Rv))
            word.Replace(word.Length - 3, "i");
        else
            _ = word.Drop("abl", word.R2) || word.Drop("iqU", word.R2);
    }

    private static bool DropVerbInI(ref StemmedWord word)
    {
        if (word.Find(VerbsInI, out var start, word.Rv) is Rule.None)
            return false;
        if (start <= word.Rv || word[start - 1] == 'H' || IsVowel(word[start - 1]))
            return false;
        word.Cut(start);
        return true;
    }

    private static bool DropVerb(ref StemmedWord word)
    {
        var rule = word.Find(Verbs, out var start, word.Rv);
        if (rule is Rule.None || (rule is Rule.Ions && start < word.R2))
            return false;
        word.Cut(start);
        if (rule is Rule.DeleteE)
            word.Drop("e", word.Rv);
        return true;
    }

    private static void DropResidue(ref StemmedWord word)
    {
        if (
            word.Last == 's'
            && word.Length > 1
            && (
                word.Letters[..^1].EndsWith("Hi")
                || word[word.Length - 2] is not ('a' or 'i' or 'o' or 'u' or 'è' or 's')
            )
        )
            word.Cut(word.Length - 1);

        switch (word.Find(Residues, out var start, word.Rv))
        {
            case Rule.Ion when start >= word.R2 && start > word.Rv && word[start - 1] is 's' or 't':
                word.Cut(start);
                break;
            case Rule.Ier:
                word.Replace(start, "i");
                break;
            case Rule.Delete:
                word.Cut(start);
                break;
        }
    }

    /// <summary>The last vowel without its accent, where consonants follow.</summary>
    private static void DropAccent(ref StemmedWord word)
    {
        var place = word.Letters.LastIndexOfAny(Vowels);
        if (place >= 0 && place < word.Length - 1 && word[place] is 'é' or 'è')
            word.Set(place, 'e');
    }

    private static bool IsVowel(char letter) => Vowels.Contains(letter);
}
