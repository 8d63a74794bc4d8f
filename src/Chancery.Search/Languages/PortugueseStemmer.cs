using System.Buffers;

namespace Chancery.Search.Languages;

/// <summary>The Snowball stemmer for Portuguese.</summary>
internal static class PortugueseStemmer
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouáéíóúâêô");

    private enum Rule
    {
        None,
        Delete,
        Log,
        U,
        Ente,
        Amente,
        Mente,
        Idade,
        Iva,
        Ira,
    }

    // A nasal vowel is a vowel with a consonant behind it: ão is a~o.
    private static readonly SuffixTable<Rule> Derivations = new(
        (
            Rule.Delete,
            """
            eza ezas ico ica icos icas ismo ismos ável ível ista istas oso osa osos osas amento amentos imento imentos
            adora ador aça~o adoras adores aço~es ante antes ância
            """
        ),
        (Rule.Log, "logia logias"),
        (Rule.U, "uça~o uço~es"),
        (Rule.Ente, "ência ências"),
        (Rule.Amente, "amente"),
        (Rule.Mente, "mente"),
        (Rule.Idade, "idade idades"),
        (Rule.Iva, "iva ivo ivas ivos"),
        (Rule.Ira, "ira iras")
    );

    private static readonly SuffixTable<Rule> Verbs = new(
        (
            Rule.Delete,
            """
            ada ida ia aria eria iria ará ara erá era irá ava asse esse isse aste este iste ei arei erei irei am iam
            ariam eriam iriam aram eram iram avam em arem erem irem assem essem issem ado ido ando endo indo ara~o era~o
            ira~o ar er ir as adas idas ias arias erias irias arás aras erás eras irás avas es ardes erdes irdes ares eres
            ires asses esses isses astes estes istes is ais eis íeis aríeis eríeis iríeis áreis areis éreis ereis íreis
            ireis ásseis ésseis ísseis áveis ados idos ámos amos íamos aríamos eríamos iríamos áramos éramos íramos
            ávamos emos aremos eremos iremos ássemos êssemos íssemos imos armos ermos irmos eu iu ou ira iras
            """
        )
    );

    private static readonly SuffixTable<Rule> Residues = new((Rule.Delete, "os a i o á í ó"));

    public static int Stem(Span<char> letters, int length)
    {
        var word = new StemmedWord(letters, Prelude(letters, length));
        word.MarkVerbRegion(Vowels);
        word.MarkRegions(Vowels);
        if (DropDerivation(ref word) || DropVerb(ref word))
        {
            if (word.EndsWith("ci") && word.Length - 1 >= word.Rv)
                word.Cut(word.Length - 1);
        }
        else if (word.Find(Residues, out var start) is not Rule.None && start >= word.Rv)
            word.Cut(start);

        DropResidue(ref word);
        return Postlude(letters, word.Length);
    }

    private static int Prelude(Span<char> letters, int length)
    {
        var end = length;
        for (var i = length - 1; i >= 0; i--)
        {
            if (letters[i] is not ('ã' or 'õ'))
                continue;
            letters[(i + 1)..end].CopyTo(letters[(i + 2)..]);
            (letters[i], letters[i + 1]) = (letters[i] == 'ã' ? 'a' : 'o', '~');
            end++;
        }

        return end;
    }

    private static int Postlude(Span<char> letters, int length)
    {
        var end = 0;
        for (var i = 0; i < length; i++)
        {
            if (letters[i] == '~' && end > 0)
                letters[end - 1] = letters[end - 1] == 'a' ? 'ã' : 'õ';
            else
                letters[end++] = letters[i];
        }

        return end;
    }

    private static bool DropDerivation(ref StemmedWord word)
    {
        var rule = word.Find(Derivations, out var start);
        var region = rule switch
        {
            Rule.Amente => word.R1,
            Rule.Ira => word.Rv,
            _ => word.R2,
        };
        if (rule is Rule.None || start < region || (rule is Rule.Ira && (start == 0 || word[start - 1] != 'e')))
            return false;

        word.Cut(start);
        switch (rule)
        {
            case Rule.Log:
                word.Replace(start, "log");
                break;
            case Rule.U:
                word.Replace(start, "u");
                break;
            case Rule.Ente:
                word.Replace(start, "ente");
                break;
            case Rule.Ira:
                word.Replace(start, "ir");
                break;
            case Rule.Amente:
                if (word.Drop("iv", word.R2))
                    word.Drop("at", word.R2);
                else
                    _ = word.Drop("os", word.R2) || word.Drop("ic", word.R2) || word.Drop("ad", word.R2);
                break;
            case Rule.Mente:
                _ = word.Drop("ante", word.R2) || word.Drop("avel", word.R2) || word.Drop("ível", word.R2);
                break;
            case Rule.Idade:
                _ = word.Drop("abil", word.R2) || word.Drop("ic", word.R2) || word.Drop("iv", word.R2);
                break;
            case Rule.Iva:
                word.Drop("at", word.R2);
                break;
        }

        return true;
    }

    private static bool DropVerb(ref StemmedWord word)
    {
        if (word.Find(Verbs, out var start, word.Rv) is Rule.None)
            return false;
        word.Cut(start);
        return true;
    }

    private static void DropResidue(ref StemmedWord word)
    {
        if (word.Last == 'ç')
        {
            word.Set(word.Length - 1, 'c');
            return;
        }

        var start = word.Length - 1;
        if (word.Last is not ('e' or 'é' or 'ê') || start < word.Rv)
            return;
        word.Cut(start);
        if ((word.EndsWith("gu") || word.EndsWith("ci")) && start - 1 >= word.Rv)
            word.Cut(start - 1);
    }
}
