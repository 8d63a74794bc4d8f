namespace Chancery.Search;

/// <summary>Words of grammar. They are flagged, not dropped: a phrase may need them.</summary>
internal static class StopWords
{
    private const string English = """
        a about above after again against all also am an and any are aren't as at be because been before being below
        between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each
        either else ever every few for from further had hadn't has hasn't have haven't having he he'd he'll he's her
        here here's hers herself him himself his how how's i i'd i'll i'm i've if in into is isn't it it's its itself
        just let let's may me might more most must my myself nor no not of off on once only or other ought our ours
        ourselves out over own per please same shall shan't she she'd she'll she's should shouldn't so some such tell
        than that that's the their theirs them themselves then there there's these they they'd they'll they're they've
        this those through to too under until up upon us very via was wasn't we we'd we'll we're we've were weren't what
        what's when when's where where's whether which while who who's whom whose why why's will with within without
        won't would wouldn't you you'd you'll you're you've your yours yourself yourselves
        """;

    /// <summary>Of German, Spanish and French. Some are content in English ("die", "war"), so they need a foreign question.</summary>
    private const string Foreign = """
        aber als am an auch auf aus bei beim bis da dann das dass dem den der des dessen die dies diese dieser dieses doch
        du durch ein eine einem einen einer eines er es fur hat hatte hatten haben ich ihm ihn ihr ihre ihrem ihren im in
        ins ist kann konnte man mehr mit nach nicht noch nur oder ob sein seine seinem seinen sich sie sind so uber um und
        uns unter von vom vor war waren was wann warum welche welchem welchen welcher welches wenn wer werden weil wie
        viel viele wieviel wird wo wohin woher wurde wurden zu zum zur zwischen
        al algo ante antes como con contra cual cuales cuando cuanta cuantas cuanto cuantos cuyo de del desde donde
        durante e el ella ellos en entre era eran es esa ese eso esta estaba estan este esto estos fue fueron ha habia han
        hasta hay la las le les lo los mas me mi muy no o para pero por porque que quien quienes se ser si sin sobre son
        su sus tambien te tiene tienen tras un una uno unos y ya
        au aux avec ce ces cet cette combien comment dans des du elle elles est et etait ete il ils je leur leurs lui
        mais ne nous on ont ou par pas plus pour pourquoi quand quel quelle quelles quels qui quoi sa sans ses son sont
        sur un une vous
        """;

    private static readonly HashSet<string> ForeignTerms =
    [
        .. Foreign.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(EnglishStemmer.Stem),
    ];

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Words = new HashSet<string>(
        English.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)
    ).GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool Contains(ReadOnlySpan<char> foldedWord) => Words.Contains(foldedWord);

    /// <summary>A term as the analyser gives it.</summary>
    public static bool IsForeign(string term) => ForeignTerms.Contains(term);
}
