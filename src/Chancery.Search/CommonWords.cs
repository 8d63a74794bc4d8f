namespace Chancery.Search;

/// <summary>
/// Words that questions are made of and that any text may contain. They tell little about what is asked, in any collection,
/// and so they stand in for frequencies where a caller has none.
/// </summary>
internal static class CommonWords
{
    private const string English = """
        able accept according account achieve act add address affect age ago agree aim allow along already always
        amount animal answer appear apply area around article ask aspect associate attempt available away back bad base
        basic become begin believe belong best better big bring build built call came case cause central certain change
        character characteristic choose city class clear close come common company compare complete concept concern
        consider consist contain continue contribute control cost count country couple course create current date day
        deal decide define describe design detail determine develop different difficult direct discuss document done due
        earn early easy effect effort either element employ end enter entire especially event ever evidence exactly
        example exist expect experience explain express face fact factor far feature feel field figure final find first
        five follow force form former found four full function further gain gave general get give given go goal good
        got great group grow half happen hard head held help high hold home hour house huge idea identify immediate
        important include increase individual influence inform information instead interest involve issue item job
        join keep key kind know known lack large largest last late later lead learn least leave led left less level lie
        life light like likely limit line list little live local locate located location long look lose lost lot low main
        major make man manage mani manner many mark mean means measure meet member mention method middle mile million
        month move much name named nation nature near nearly necessary need never new next normal note notable number object
        occur offer often old one open opposite order origin original others outside overall own page part particular
        pass past pay people percent percentage perform perhaps period person piece place plan play point popular
        population position possible power present previous primary principal problem process produce product program
        property provide public purpose put question quick range rate reach read real really reason receive recent record
        refer region regular relate related relation release rely remain report represent require research respond
        result return right role run said say school second see seem seen send separate serve service set seven several
        short show side significant similar simple since single situation six size small social sort source special
        specific speak spend stand standard start state statement stay step still stop story study style subject success
        suggest support sure system take taken talk team ten term thing think third thought three thus time title today
        together told took top total toward travel try turn two type typical understand unit use used usual value various
        version view want way week well went whole wide word work world write written wrong year yet young
        """;

    private static readonly HashSet<string> Stems =
    [
        .. English.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(EnglishStemmer.Stem),
    ];

    public static bool IsCommon(string term) => Stems.Contains(term);
}
