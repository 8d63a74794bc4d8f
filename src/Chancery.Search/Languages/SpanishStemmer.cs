using System.Buffers;

namespace Chancery.Search.Languages;

/// <summary>The Snowball stemmer for Spanish.</summary>
internal static class SpanishStemmer
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouáéíóúü");

    private enum Rule
    {
        None,
        Delete,
        Iendo,
        Ando,
        Ar,
        Er,
        Ir,
        Yendo,
        DeleteIc,
        Log,
        U,
        Ente,
        Amente,
        Mente,
        Idad,
        Iva,
        DeleteGu,
    }

    private static readonly SuffixTable<Rule> Pronouns = new(
        (Rule.Delete, "me se sela selo selas selos la le lo las les los nos")
    );

    private static readonly SuffixTable<Rule> BeforePronouns = new(
        (Rule.Iendo, "iéndo"),
        (Rule.Ando, "ándo"),
        (Rule.Ar, "ár"),
        (Rule.Er, "ér"),
        (Rule.Ir, "ír"),
        (Rule.Delete, "ando iendo ar er ir"),
        (Rule.Yendo, "yendo")
    );

    private static readonly SuffixTable<Rule> Derivations = new(
        (
            Rule.Delete,
            """
            anza anzas ico ica icos icas ismo ismos able ables ible ibles ista istas oso osa osos osas amiento amientos
            imiento imientos
            """
        ),
        (Rule.DeleteIc, "adora ador ación adoras adores aciones ante antes ancia ancias"),
        (Rule.Log, "logía logías"),
        (Rule.U, "ución uciones"),
        (Rule.Ente, "encia encias"),
        (Rule.Amente, "amente"),
        (Rule.Mente, "mente"),
        (Rule.Idad, "idad idades"),
        (Rule.Iva, "iva ivo ivas ivos")
    );

    private static readonly SuffixTable<Rule> VerbsInY = new(
        (Rule.Delete, "ya ye yan yen yeron yendo yo yó yas yes yais yamos")
    );

    private static readonly SuffixTable<Rule> Verbs = new(
        (Rule.DeleteGu, "en es éis emos"),
        (
            Rule.Delete,
            """
            arían arías arán arás aríais aría aréis aríamos aremos ará aré
            erían erías erán erás eríais ería eréis eríamos eremos erá eré
            irían irías irán irás iríais iría iréis iríamos iremos irá iré
            aba ada ida ía ara iera ad ed id ase iese aste iste an aban ían aran ieran asen iesen aron ieron ado
            ido ando iendo ió ar er ir as abas adas idas ías aras ieras ases ieses ís áis abais íais arais
            ierais aseis ieseis asteis isteis ados idos amos ábamos íamos imos áramos iéramos iésemos ásemos
            """
        )
    );

    private static readonly SuffixTable<Rule> Residues = new((Rule.Delete, "os a o á í ó"), (Rule.DeleteGu, "e é"));

    public static int Stem(Span<char> letters, int length)
    {
        var word = new StemmedWord(letters, length);
        word.MarkVerbRegion(Vowels);
        word.MarkRegions(Vowels);
        DropPronoun(ref word);
        if (!DropDerivation(ref word) && !DropVerbInY(ref word))
            DropVerb(ref word);
        DropResidue(ref word);
        for (var i = 0; i < word.Length; i++)
        {
            word.Set(
                i,
                word[i] switch
                {
                    'á' => 'a',
                    'é' => 'e',
                    'í' => 'i',
                    'ó' => 'o',
                    'ú' => 'u',
                    var other => other,
                }
            );
        }

        return word.Length;
    }

    private static void DropPronoun(ref StemmedWord word)
    {
        if (word.Find(Pronouns, out var end) is Rule.None)
            return;
        var rule = BeforePronouns.Find(word.Letters[..end], 0, out var start);
        if (start < word.Rv)
            return;
        switch (rule)
        {
            case Rule.Iendo:
                word.Replace(start, "iendo");
                break;
            case Rule.Ando:
                word.Replace(start, "ando");
                break;
            case Rule.Ar:
                word.Replace(start, "ar");
                break;
            case Rule.Er:
                word.Replace(start, "er");
                break;
            case Rule.Ir:
                word.Replace(start, "ir");
                break;
            case Rule.Delete:
            case Rule.Yendo when start > 0 && word[start - 1] == 'u':
                word.Cut(end);
                break;
        }
    }

    private static bool DropDerivation(ref StemmedWord word)
    {
        var rule = word.Find(Derivations, out var start);
        if (rule is Rule.None || start < (rule is Rule.Amente ? word.R1 : word.R2))
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
                    _ = word.Drop("os", word.R2) || word.Drop("ic", word.R2) || word.Drop("ad", word.R2);
                break;
            case Rule.Mente:
                _ = word.Drop("ante", word.R2) || word.Drop("able", word.R2) || word.Drop("ible", word.R2);
                break;
            case Rule.Idad:
                _ = word.Drop("abil", word.R2) || word.Drop("ic", word.R2) || word.Drop("iv", word.R2);
                break;
            case Rule.Iva:
                word.Drop("at", word.R2);
                break;
        }

        return true;
    }

    private static bool DropVerbInY(ref StemmedWord word)
    {
        if (word.Find(VerbsInY, out var start, word.Rv) is Rule.None || start == 0 || word[start - 1] != 'u')
            return false;
        word.Cut(start);
        return true;
    }

    private static void DropVerb(ref StemmedWord word)
    {
        var rule = word.Find(Verbs, out var start, word.Rv);
        if (rule is Rule.None)
            return;
        word.Cut(start);
        if (rule is Rule.DeleteGu && word.EndsWith("gu"))
            word.Cut(start - 1);
    }

    private static void DropResidue(ref StemmedWord word)
    {
        var rule = word.Find(Residues, out var start);
        if (rule is Rule.None || start < word.Rv)
            return;
        word.Cut(start);
        if (rule is Rule.DeleteGu && word.EndsWith("gu") && start - 1 >= word.Rv)
            word.Cut(start - 1);
    }
}
