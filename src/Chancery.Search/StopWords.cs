using Chancery.Search.Languages;

namespace Chancery.Search;

/// <summary>
/// Words of grammar, folded, by language. They are flagged, not dropped: a phrase may need them. They also tell a text's
/// language, for hardly a sentence is without one.
/// </summary>
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

    private const string German = """
        ab aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes anders auch auf aus
        bei beim bereits bin bis bist da dabei dadurch dafur dagegen daher damit danach dann daran darauf daraus darf
        darin daruber darum das dass davon dazu dein deine dem den denen denn der deren des deshalb dessen dich die dies
        diese diesem diesen dieser dieses dir doch dort du durch durfen ein eine einem einen einer eines einige einigem
        einigen einiger einiges er es etwa etwas euch euer eure fur ganz gar gegen gibt hab habe haben hat hatte hatten
        hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in indem ins ist ja je jede jedem jeden
        jeder jedes jedoch jene jenem jenen jener jenes jetzt kann kein keine keinem keinen keiner keines konnen konnte
        konnten man manche mehr mein meine meinem meinen meiner mich mir mit muss mussen musste nach nachdem neben nicht
        nichts noch nun nur ob obwohl oder ohne sehr sei sein seine seinem seinen seiner seines seit selbst sich sie sind so
        sogar solche solchen solcher soll sollen sollte sollten somit sondern sonst soweit sowie uber um und uns unser unsere
        unserem unseren unserer unter usw viel viele vielen vieler vom von vor wahrend wann war waren warum was wegen weil
        weiter welche welchem welchen welcher welches wem wen wenn wer werde werden wessen wie wieder wieviel will wir wird
        wirst wo woher wohin wohl wollen worden wurde wurden wurdest zu zum zur zwar zwischen
        """;

    private const string French = """
        a afin ai ainsi alors apres au aucun aucune aupres auquel aussi autre autres aux auxquelles auxquels avaient avais
        avait avant avec avez avoir avons ayant c car ce ceci cela celle celles celui cependant ces cet cette ceux chaque chez
        ci combien comme comment d dans de depuis des desquelles desquels dont donc du duquel durant elle elles en encore
        entre es est et etaient etais etait etant etc ete etes etre eu eux fait font furent fut hors ici il ils j je jusque l la
        laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui ma mais malgre me meme memes mes mien moi moins
        mon n ne ni nos notre nous on ont ou par parce parmi pas pendant peu peut peuvent plus plusieurs plutot pour pourquoi
        pouvait puis puisque qu quand que quel quelle quelles quelque quelques quels qui quoi s sa sans se selon sera seront
        ses si sien soit son sont sous suis sur ta tandis te tel telle telles tels tes toi ton tous tout toute toutefois toutes
        tres tu un une vers voici voila vos votre vous y
        """;

    private const string Spanish = """
        a al algo alguna algunas alguno algunos ambos ante antes aquel aquella aquellas aquello aquellos aqui asi aun aunque
        bajo bien cada casi como con contra cual cuales cualquier cuando cuanta cuantas cuanto cuantos cuya cuyas cuyo cuyos
        de del demas desde despues donde dos durante e el ella ellas ello ellos en entonces entre era eran eres es esa esas ese
        eso esos esta estaba estaban estado estan estar estas este esto estos estoy fin fue fueron ha habia habian hace hacia
        han has hasta hay haya he hemos incluso la las le les lo los mas me mediante mi mientras mis misma mismas mismo mismos
        mucha muchas mucho muchos muy nada ni ningun ninguna ninguno no nos nosotros nuestra nuestras nuestro nuestros o os
        otra otras otro otros para pero poca pocas poco pocos por porque pues puede pueden que quien quienes se sea sean segun
        ser si sido siempre sin sino sobre solo son su sus tal tales tambien tampoco tan tanto te tenia tenian tiene tienen toda
        todas todo todos tras tu tus un una unas uno unos usted ustedes vez y ya yo
        """;

    private const string Italian = """
        a abbia abbiamo ad affinche agli ai al alcun alcuna alcune alcuni all alla alle allo allora altra altre altri altro anche
        ancora anzi appena avendo avere aveva avevano avevo avuto c che chi ci cio cioe circa coi col come con contro cosa cosi
        cui d da dagli dai dal dall dalla dalle dallo degli dei del dell della delle dello dentro di dopo dove dunque durante e
        ecco ed egli ella era erano essa esse essere essi esso fa finche fino fosse fossero fra fu furono gia gli ha hai hanno ho i
        il in infatti inoltre invece io l la le lei li lo loro lui ma mai me mediante mentre mi mia mie miei mio molta molte molti
        molto ne nei negli nel nell nella nelle nello nessun nessuna nessuno no noi non nostra nostre nostri nostro o od ogni
        oltre ora oppure per perche pero piu poco poi poiche possono presso prima propria proprie propri proprio pur pure puo
        qual quale quali qualche quando quanta quante quanti quanto quasi quegli quei quel quell quella quelle quelli quello
        questa queste questi questo qui quindi sara saranno se sebbene secondo sei sembra sempre senza si sia siamo siano sino
        sono sopra sotto sta stata state stati stato stesse stesso stessa stessi su sua sue sugli sui sul sull sulla sulle sullo
        suo suoi tal tale tali tanto tra tramite troppo tu tua tue tuo tuoi tutta tuttavia tutte tutti tutto un una uno v vi voi
        vostra vostre vostri vostro
        """;

    private const string Portuguese = """
        a ainda algo alguem algum alguma algumas alguns alem ante antes ao aos apenas apos aquela aquelas aquele aqueles aquilo as
        ate atraves bem cada coisa com como contra cuja cujas cujo cujos da daquela daquele das de dela delas dele deles depois
        desde dessa desse desta deste do dos durante e ela elas ele eles em embora enquanto entao entre era eram essa essas esse
        esses esta estao estar estas estava estavam este estes estou eu foi for foram fosse fossem ha havia isso isto ja lhe lhes
        mais mas me mediante mesma mesmas mesmo mesmos meu meus minha minhas muita muitas muito muitos na nao nas nela nele nem
        nenhum nenhuma nessa nesse nesta neste no nos nossa nossas nosso nossos num numa o onde os ou outra outras outro outros
        para pela pelas pelo pelos per perante pode podem poderia pois por porem porque portanto pouco pouca poucos qual quais
        qualquer quando quanta quantas quanto quantos quao que quem se seja sejam sem sempre sendo ser sera serao seu seus sido
        sob sobre somos sou sua suas tais tal tambem tanta tantas tanto tantos tao te tem tendo tenha ter teu tinha tinham toda
        todas todavia todo todos tua tudo um uma umas uns voce voces vos
        """;

    private const string Dutch = """
        aan aangezien achter af al aldus alle alleen alles als alsof altijd ander andere anderen behalve beide beiden ben beneden
        bent bij bijna binnen boven buiten daar daarbij daardoor daarin daarna daarom daarop daarvan dan dat de deze die dit doch
        doen door doordat dus echter een eens eerst eigen elk elke en enige enkele er ergens etc ge geen geweest haar had hadden
        heb hebben hebt heeft hem hen het hier hierbij hierin hij hoe hoeveel hoewel hun iedere ieder iemand iets ik in indien is
        ja je jij jou jouw jullie kan kon konden kunnen kunt langs later maar mag me mede meer mee met mij mijn minder misschien
        moest moet moeten mogen na naar nadat niemand niet niets noch nog nooit nu of om omdat ondanks onder ons onze ook op over
        pas per reeds rond samen sinds slechts sommige steeds te tegen tegenover ten tenzij ter terwijl tijdens toch toe toen tot
        totdat tussen u uit uw vaak van vanaf vanuit vanwege veel verder via volgens voor voordat vooral waar waarbij waardoor
        waarin waarna waarom waarop waarvan wanneer want waren was wat we weer wel welk welke werd werden wie wij wil worden wordt
        zal ze zeer zelf zelfs zich zij zijn zo zoals zonder zou zouden zowel zullen
        """;

    /// <summary>Of languages without a stemmer here: the most frequent ones, so that none of ours is taken for them.</summary>
    private const string Others = """
        och att det som for pa av inte med till ett var den har om vi kan efter eller ar fran nar sa
        og jeg ikke til hvis blev ogsaa fra der vil skal hvad denne dette disse hvor eller
        w z na do sie nie jest to przez dla od po oraz ktory ktore jako ale ich byl byla przy
        v na se ze s do je pro jako ktery ktere nebo by jsou byl byla podle mezi
        si in ca cu din pe care sunt este pentru mai sau prin fost dintre acest aceasta
        ve bir bu ile icin olarak gibi daha da ancak olan kadar sonra cok
        ja on ei etta se oli ovat myos joka kun niin mutta sen kuin
        az egy es hogy nem is meg ezt volt mint csak vagy ezek amely
        els dels amb per una als pel seva aixo aquest aquesta pero tambe
        yang dan di itu dengan untuk tidak ini dari dalam akan pada juga adalah
        va cua la khong cho mot nhung trong duoc voi nguoi cac
        """;

    private static readonly Dictionary<string, LanguageSet>.AlternateLookup<ReadOnlySpan<char>> Words = Load()
        .GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The languages in which the word carries grammar.</summary>
    public static LanguageSet LanguagesOf(ReadOnlySpan<char> foldedWord) =>
        Words.TryGetValue(foldedWord, out var languages) ? languages : default;

    private static Dictionary<string, LanguageSet> Load()
    {
        var words = new Dictionary<string, LanguageSet>();
        Add(English, Language.English);
        Add(German, Language.German);
        Add(French, Language.French);
        Add(Spanish, Language.Spanish);
        Add(Italian, Language.Italian);
        Add(Portuguese, Language.Portuguese);
        Add(Dutch, Language.Dutch);
        Add(Others, Language.Other);
        return words;

        void Add(string list, Language language)
        {
            foreach (var word in list.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                words[word] = words.GetValueOrDefault(word).With(language);
        }
    }
}
