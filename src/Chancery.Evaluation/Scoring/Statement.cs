using System.Text;

namespace Chancery.Evaluation.Scoring;

/// <summary>A sentence as far as support looks at it.</summary>
/// <param name="Content">Its words that are neither numbers, function words nor negations.</param>
/// <param name="IsDenied">Whether it holds an odd number of negations; null of two sentences of which one does.</param>
/// <param name="IsPair">Whether it is two neighbouring sentences.</param>
internal sealed record Statement(
    IReadOnlySet<string> Content,
    IReadOnlySet<string> Numbers,
    bool? IsDenied,
    bool IsPair
)
{
    /// <summary>Words whose first letters agree this far are forms of one word: "terminates", "termination".</summary>
    private const int SharedStem = 5;

    private static readonly HashSet<string> _negations =
    [
        // English, German, French, Spanish, Italian, Portuguese, Dutch.
        .. "not no never none nobody nothing neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt hasnt havent shouldnt couldnt".Split(
            ' '
        ),
        .. "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder".Split(' '),
        .. "pas jamais aucun aucune sans rien".Split(' '),
        .. "nunca ningun ninguna sin nada".Split(' '),
        .. "non mai nessun nessuno nessuna senza".Split(' '),
        .. "nao nenhum nenhuma sem".Split(' '),
        .. "niet geen nooit zonder".Split(' '),
        .. "不 没 沒 無 无 未".Split(' '),
    ];

    private static readonly HashSet<string> _functionWords =
    [
        .. "a an the of to in on at by for from with as is are was were be been being am do does did has have had it its this that these those there here and or but if then than so such he she they we you i his her their our your my me him them us who whom whose which what when where why how all any each every some more most other into onto upon over under about after before between through during can could may might must shall should will would also only just very up out off again both own same too".Split(
            ' '
        ),
        .. "der die das den dem des ein eine einen einem einer eines und oder aber wenn dann als so zu im in am an auf aus bei mit nach von vor fur durch uber unter um ist sind war waren sein wird werden wurde wurden hat haben hatte es er sie wir ihr ich dass auch nur sich wie was wer wo kann konnen muss mussen soll sollen darf durfen dieser diese dieses".Split(
            ' '
        ),
        .. "le la les l un une des du de d et ou mais si dans en sur sous par pour avec est sont etait etaient etre a ont avait il elle ils elles nous vous je ce cette ces cet qui que quoi dont au aux se sa son ses leur leurs ne plus aussi peut doit".Split(
            ' '
        ),
        .. "el los las uno unos unas del al y o pero si en por para con es son era eran ser ha han habia lo su sus que quien este esta estos estas se mas tambien puede debe".Split(
            ' '
        ),
        .. "il lo gli i uno dei degli delle della dello e ed o ma se nel nella sul sulla per con sono era essere ha hanno aveva che chi questo questa questi queste si piu anche puo deve da di".Split(
            ' '
        ),
        .. "o os as um uma uns umas do da dos das no na nos nas pelo pela com e ou mas sao foi eram tem que quem este esta isso mais pode deve".Split(
            ' '
        ),
        .. "het een van en of maar als dan te op aan uit bij met naar voor door over onder om zijn was waren wordt worden werd heeft hebben had hij zij wij ik dat dit deze die ook kan moet".Split(
            ' '
        ),
        .. "的 了 是 在 和 与 與 也 都 就 而 及 の は が を に で と も へ や".Split(' '),
    ];

    public static Statement Of(string text, Func<string, string> fold)
    {
        var words = Words.Of(WithoutMarkers(text), fold);
        var denials = words.Count(_negations.Contains);
        return new(
            words
                .Where(word => !Words.IsNumber(word) && !_negations.Contains(word) && !_functionWords.Contains(word))
                .ToHashSet(),
            words.Where(Words.IsNumber).ToHashSet(),
            denials % 2 == 1,
            IsPair: false
        );
    }

    public Statement With(Statement next) =>
        new(
            Content.Concat(next.Content).ToHashSet(),
            Numbers.Concat(next.Numbers).ToHashSet(),
            IsDenied == next.IsDenied ? IsDenied : null,
            IsPair: true
        );

    /// <summary>The share of the content words that the place has, in whatever form; 1 where there are none.</summary>
    public double CoveredBy(Statement place) =>
        Content.Count == 0 ? 1 : (double)Content.Count(word => place.Has(word)) / Content.Count;

    private bool Has(string word) =>
        Content.Contains(word) || (word.Length >= SharedStem && Content.Any(other => AreForms(word, other)));

    private static bool AreForms(string word, string other)
    {
        var shared = word.AsSpan().CommonPrefixLength(other);
        return shared >= SharedStem && shared >= 0.6 * Math.Max(word.Length, other.Length);
    }

    private static string WithoutMarkers(string text)
    {
        var kept = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; )
        {
            if (CitationMarker.EndOf(text, i) is { } end)
            {
                i = end;
            }
            else
            {
                kept.Append(text[i++]);
            }
        }

        return kept.ToString();
    }
}
