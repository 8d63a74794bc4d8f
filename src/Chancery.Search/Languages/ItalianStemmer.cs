using System.Buffers;

namespace Chancery.Search.Languages;

/// <summary>The Snowball stemmer for Italian.</summary>
internal static class ItalianStemmer
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouàèìòù");

    private enum Rule
    {
        None,
        Delete,
        DeleteIc,
        Log,
        U,
        Ente,
        Mento,
        Amente,
        Ita,
        Ivo,
        E,
    }

    private static readonly SuffixTable<Rule> Pronouns = new(
        (
            Rule.Delete,
            """
            ci gli la le li lo mi ne si ti vi sene gliela gliele glieli glielo gliene mela mele meli melo mene
            tela tele teli telo tene cela cele celi celo cene vela vele veli velo vene
            """
        )
    );

    private static readonly SuffixTable<Rule> BeforePronouns = new((Rule.Delete, "ando endo"), (Rule.E, "ar er ir"));

    private static readonly SuffixTable<Rule> Derivations = new(
        (
            Rule.Delete,
            """
            anza anze ico ici ica ice iche ichi ismo ismi abile abili ibile ibili ista iste isti istà istè istì
            oso osi osa ose mente atrice atrici ante anti
            """
        ),
        (Rule.DeleteIc, "azione azioni atore atori"),
        (Rule.Log, "logia logie"),
        (Rule.U, "uzione uzioni usione usioni"),
        (Rule.Ente, "enza enze"),
        (Rule.Mento, "amento amenti imento imenti"),
        (Rule.Amente, "amente"),
        (Rule.Ita, "ità"),
        (Rule.Ivo, "ivo ivi iva ive")
    );

    private static readonly SuffixTable<Rule> Verbs = new(
        (
            Rule.Delete,
            """
            ammo ando ano are arono asse assero assi assimo ata ate ati ato ava avamo avano avate avi avo emmo enda ende
            endi endo erà erai eranno ere erebbe erebbero erei eremmo eremo ereste eresti erete erò erono essero ete
            eva evamo evano evate evi evo Yamo iamo immo irà irai iranno ire irebbe irebbero irei iremmo iremo ireste
            iresti irete irò irono isca iscano isce isci isco iscono issero ita ite iti ito iva ivamo ivano ivate ivi ivo
            ono uta ute uti uto ar ir
            """
        )
    );

    public static int Stem(Span<char> letters, int length)
    {
        Prelude(letters[..length]);
        var word = new StemmedWord(letters, length);
        word.MarkVerbRegion(Vowels);
        word.MarkRegions(Vowels);
        DropPronoun(ref word);
        if (!DropDerivation(ref word) && word.Find(Verbs, out var start, word.Rv) is not Rule.None)
            word.Cut(start);
        DropVowel(ref word);
        for (var i = 0; i < word.Length; i++)
            word.Set(i, word[i] is 'I' or 'U' ? char.ToLowerInvariant(word[i]) : word[i]);
        return word.Length;
    }

    /// <summary>Acute accents as grave ones; u after q, and u and i between vowels, as consonants.</summary>
    private static void Prelude(Span<char> letters)
    {
        for (var i = 0; i < letters.Length; i++)
        {
            letters[i] = letters[i] switch
            {
                'á' => 'à',
                'é' => 'è',
                'í' => 'ì',
                'ó' => 'ò',
                'ú' => 'ù',
                'u' when i > 0 && letters[i - 1] == 'q' => 'U',
                var other => other,
            };
        }

        for (var i = 0; i + 2 < letters.Length; i++)
        {
            if (letters[i + 1] is 'u' or 'i' && Vowels.Contains(letters[i]) && Vowels.Contains(letters[i + 2]))
                letters[i + 1] = char.ToUpperInvariant(letters[i + 1]);
        }
    }

    private static void DropPronoun(ref StemmedWord word)
    {
        if (word.Find(Pronouns, out var end) is Rule.None)
            return;
        var rule = BeforePronouns.Find(word.Letters[..end], 0, out var start);
        if (start < word.Rv)
            return;
        if (rule is Rule.Delete)
            word.Cut(end);
        else if (rule is Rule.E)
            word.Replace(end, "e");
    }

    private static bool DropDerivation(ref StemmedWord word)
    {
        var rule = word.Find(Derivations, out var start);
        var region = rule switch
        {
            Rule.Amente => word.R1,
            Rule.Mento => word.Rv,
            _ => word.R2,
        };
        if (rule is Rule.None || start < region)
            return false;

        word.Cut(start);
        switch (rule)
        {
            case Rule.DeleteIc:
                word.Drop("ic", word.R2);
                break;
            case Rule.Log:
                word.Replace(start, "log");
                break;
            case Rule.U:
                word.Replace(start, "u");
                break;
            case Rule.Ente:
                word.Replace(start, "ente");
                break;
            case Rule.Amente:
                if (word.Drop("iv", word.R2))
                    word.Drop("at", word.R2);
                else
                    _ = word.Drop("os", word.R2) || word.Drop("ic", word.R2) || word.Drop("abil", word.R2);
                break;
            case Rule.Ita:
                _ = word.Drop("abil", word.R2) || word.Drop("ic", word.R2) || word.Drop("iv", word.R2);
                break;
            case Rule.Ivo when word.Drop("at", word.R2):
                word.Drop("ic", word.R2);
                break;
        }

        return true;
    }

    private static void DropVowel(ref StemmedWord word)
    {
        if (word.Length > word.Rv && word.Last is 'a' or 'e' or 'i' or 'o' or 'à' or 'è' or 'ì' or 'ò')
        {
            word.Cut(word.Length - 1);
            word.Drop("i", word.Rv);
        }

        if (word.EndsWith("ch", word.Rv) || word.EndsWith("gh", word.Rv))
            word.Cut(word.Length - 1);
    }
}
