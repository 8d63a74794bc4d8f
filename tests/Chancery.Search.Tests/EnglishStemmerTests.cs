namespace Chancery.Search.Tests;

public sealed class EnglishStemmerTests
{
    /// <summary>The sample that the Snowball project publishes, and words for each rule and exception.</summary>
    private const string Sample = """
        consign consign|consigned consign|consigning consign|consignment consign|consist consist|consisted consist
        consistency consist|consistent consist|consistently consist|consisting consist|consists consist
        consolation consol|consolations consol|consolatory consolatori|console consol|consoled consol|consoles consol
        consolidate consolid|consolidated consolid|consolidating consolid|consoling consol|consolingly consol
        consols consol|consonant conson|consort consort|consorted consort|consorting consort|conspicuous conspicu
        conspicuously conspicu|conspiracy conspiraci|conspirator conspir|conspirators conspir|conspire conspir
        conspired conspir|conspiring conspir|constable constabl|constables constabl|constance constanc
        constancy constanc|constant constant|knack knack|knackeries knackeri|knacks knack|knag knag|knave knave
        knaves knave|knavish knavish|kneaded knead|kneading knead|knee knee|kneel kneel|kneeled kneel|kneeling kneel
        kneels kneel|knees knee|knell knell|knelt knelt|knew knew|knick knick|knif knif|knife knife|knight knight
        knightly knight|knights knight|knit knit|knits knit|knitted knit|knitting knit|knives knive|knob knob
        knobs knob|knock knock|knocked knock|knocker knocker|knockers knocker|knocking knock|knocks knock|knopp knopp
        knot knot|knots knot
        skis ski|skies sky|dying die|news news|atlas atlas|inning inning|herring herring|proceed proceed|exceeded exceed
        generate generat|general general|generic generic|communism communism|communication communic|arsenal arsenal
        ties tie|cries cri|dies die|gas gas|this this|gaps gap|kiwis kiwi|caresses caress|bus bus
        agreed agre|feed feed|hopping hop|hoping hope|luxuriated luxuri|falling fall|rating rate|sky sky|by by|say say
        happy happi|cry cri|relational relat|conditional condit|rational ration|digitizer digit|vietnamization vietnam
        callousness callous|hopefulness hope|decisiveness decis|sensibility sensibl|analogy analog|formative format
        electrical electr|goodness good|replacement replac|adoption adopt|adjustment adjust|controlling control
        roll roll|rate rate|cease ceas|probate probat|tenant's tenant|youth youth|boyish boyish|'tis tis
        """;

    [Fact]
    public void Words_have_the_stems_of_the_published_sample()
    {
        var pairs = Sample.Split(
            ['|', '\n', '\r'],
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
        );

        Assert.All(
            pairs.Select(pair => pair.Split(' ')),
            pair => Assert.Equal((pair[0], pair[1]), (pair[0], EnglishStemmer.Stem(pair[0])))
        );
    }

    [Fact]
    public void No_string_breaks_it_or_grows()
    {
        Properties.HoldForAnyText(text => Assert.InRange(EnglishStemmer.Stem(text).Length, 0, text.Length));
    }
}
