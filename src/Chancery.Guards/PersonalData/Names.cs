using System.Text.RegularExpressions;

namespace Chancery.Guards.PersonalData;

/// <summary>
/// Persons, organisations and places by what stands around them: titles, introductions, legal forms, words such as "lives in". No lists
/// of names, so that nobody is found for being called what many are, and nobody missed for not being.
/// </summary>
internal static partial class Names
{
    /// <summary>One to four capitalised words with particles between; a full stop only behind an initial.</summary>
    private const string Name =
        @"(?<n>\p{Lu}[\p{L}\p{M}'’]{0,24}(?:-\p{Lu}[\p{L}\p{M}'’]{1,24})?(?:(?:(?<=\b\p{Lu})\.)? (?:(?:van|von|de|del|della|der|den|di|da|dos|du|la|le|bin|ibn|al|el|ter|ten|zu|zur|af|av) ){0,2}\p{Lu}[\p{L}\p{M}'’]{0,24}(?:-\p{Lu}[\p{L}\p{M}'’]{1,24})?){0,3})";

    /// <summary>At the start of what looks like a name, these say that it is none.</summary>
    private static readonly HashSet<string> _noNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "I",
        "A",
        "An",
        "The",
        "This",
        "That",
        "These",
        "Those",
        "It",
        "He",
        "She",
        "We",
        "You",
        "They",
        "My",
        "Your",
        "Our",
        "His",
        "Her",
        "Its",
        "Their",
        "There",
        "Here",
        "Please",
        "Thanks",
        "Thank",
        "What",
        "Who",
        "When",
        "Where",
        "Why",
        "How",
        "Which",
        "Is",
        "Are",
        "Was",
        "Were",
        "Do",
        "Does",
        "Did",
        "Can",
        "Could",
        "Will",
        "Would",
        "Should",
        "May",
        "Might",
        "Must",
        "Have",
        "Has",
        "Had",
        "And",
        "Or",
        "But",
        "If",
        "Then",
        "So",
        "Not",
        "No",
        "Yes",
        "In",
        "On",
        "At",
        "To",
        "For",
        "From",
        "With",
        "By",
        "Of",
        "As",
        "All",
        "Any",
        "Some",
        "Each",
        "Every",
        "Both",
        "Only",
        "Also",
        "Just",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "January",
        "February",
        "March",
        "April",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Dear",
        "Hello",
        "Hi",
        "Hey",
        "Sir",
        "Madam",
        "Team",
        "All",
        "Everyone",
        "Customer",
        "Support",
        "Service",
        "Regards",
        "Sincerely",
        "Best",
        "Kind",
        "Mr",
        "Mrs",
        "Ms",
        "Dr",
        "Prof",
        "Name",
        "Phone",
        "Email",
        "E-mail",
        "Address",
        "Website",
        "Date",
        "Note",
        "Section",
        "Article",
        "Clause",
        "Chapter",
        "Appendix",
        "Figure",
        "Table",
        "Page",
        "Act",
        "Agreement",
        "Contract",
        "Party",
        "Company",
        "Title",
        "Credit",
        "Card",
        "Bank",
        "Account",
        "Invoice",
        "Order",
        "Number",
        "Street",
        "Road",
        "Avenue",
        "Terms",
        "Policy",
        "Privacy",
        "Data",
        "Personal",
        "Information",
        "User",
        "Bot",
        "Assistant",
        "System",
        "Internet",
        "English",
        "God",
        "Christmas",
        "Today",
        "Tomorrow",
        "Yesterday",
        "Now",
        "Action",
        "Comedy",
        "Drama",
        "Sehr",
        "Der",
        "Die",
        "Das",
        "Ich",
        "Wir",
        "Sie",
        "Und",
        "Le",
        "La",
        "Les",
        "El",
        "Los",
    };

    public static void Find(string text, List<PersonalDataSpan> found)
    {
        Add(text, found, Titled().Matches(text), PersonalDataKind.Person, 0.85);
        Add(text, found, Introduced().Matches(text), PersonalDataKind.Person, 0.75);
        Add(text, found, IntroducedInSmall().Matches(text), PersonalDataKind.Person, 0.55);
        Add(text, found, Greeted().Matches(text), PersonalDataKind.Person, 0.65);
        Add(text, found, Acting().Matches(text), PersonalDataKind.Person, 0.6);
        Add(text, found, Owning().Matches(text), PersonalDataKind.Person, 0.5);
        Add(text, found, Initialled().Matches(text), PersonalDataKind.Person, 0.7);
        Add(text, found, AloneOnLine().Matches(text), PersonalDataKind.Person, 0.5);
        Add(text, found, LegalForm().Matches(text), PersonalDataKind.Organisation, 0.8);
        Add(text, found, Employer().Matches(text), PersonalDataKind.Organisation, 0.65);
        Add(text, found, Place().Matches(text), PersonalDataKind.Location, 0.6);
        Countries.Find(text, found);
        CapitalisedWords.Find(
            text,
            static word => _noNames.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word),
            found
        );
    }

    private static void Add(
        string text,
        List<PersonalDataSpan> found,
        MatchCollection matches,
        PersonalDataKind kind,
        double confidence
    )
    {
        foreach (Match match in matches)
        {
            var name = match.Groups["n"];
            var (start, end) = Trim(text, name.Index, name.Index + name.Length);
            if (end - start > 1)
            {
                found.Add(new(kind, start, end - start, confidence));
            }
        }
    }

    /// <summary>A possessive ending is not of the name, and a name ends before a word that is never in one.</summary>
    private static (int Start, int End) Trim(string text, int start, int end)
    {
        var at = start;
        while (at < end)
        {
            var space = text.IndexOfAny([' ', '.'], at, end - at);
            var wordEnd = space < 0 ? end : space;
            var word = text.AsSpan(at, wordEnd - at);
            if (word.EndsWith("'s") || word.EndsWith("’s"))
            {
                return (start, wordEnd - 2);
            }

            if (_noNames.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word))
            {
                return (start, Math.Max(start, at - 1));
            }

            at = wordEnd + 1;
        }

        return (start, end);
    }

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:[Mm]rs?|[Mm]s|[Dd]r|[Pp]rof|[Ss]r|[Ss]ra|[Mm]me|[Mm]lle|Hon|Rev|Capt|Lt|Sgt|St|Sig)\.? "
            + Name
            + @"|(?<![\p{L}\d])(?:Miss|Mister|Sir|Lady|Lord|Dame|Professor|Doctor|Judge|Senator|Congressman|President|Captain|Herrn?|Frau|Monsieur|Madame|Señora?|Signora?|Pani?|Fru|Herra|Rouva) "
            + Name,
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Titled();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:[Mm]y (?:full |first |last |maiden )?name(?: is|'s|:)|[Nn]ame is|[Hh]er (?:maiden )?name is|[Hh]is name is|[Ii] am|[Ii]'m|[Ii]’m|[Cc]alls? me|[Cc]alled|[Nn]amed(?: him| her| it)?|[Nn]ame ?: {0,8}|[Tt]his is|[Ss]igned(?: by)?:?|[Aa]ttn\.?:?|[Aa]ttention:|[Cc]ontact ?:|[Ff]rom: |[Tt]o: |[Ww]ritten by|[Dd]irected [Bb]y:? {0,6}|[Ss]tarring|[Pp]roduced by|[Ss]ung by|[Cc]omposed by|[Pp]ainted by|[Rr]ecorded by|[Aa]uthor:?|[Pp]roducer|[Ss]ongwriter|[Ss]inger|[Pp]layer|[Dd]irector|[Aa]ctor|[Aa]ctress|[Mm]inister|[Mm]eet(?:ing)? with|[Ff]ollow up with|[Ss]poke (?:to|with)|[Mm]y (?:wife|husband|son|daughter|brother|sister|friend|boss|colleague|partner|mother|father|doctor|lawyer)(?:'s name)?(?:,| is)?|[Nn]ame\? |(?<=[""”!?,.] )(?:said|asked|replied)|[Ii]ch bin|[Ii]ch heiße|[Mm]ein Name ist|[Jj]e m'appelle|[Mm]e llamo|[Mm]i nombre es|[Mm]i chiamo|[Mm]eu nome é|[Nn]azywam się|[Jj]menuji se|[Mm]ijn naam is|[Jj]eg heter|[Jj]ag heter|[Ee]mployee|[Pp]atient|[Cc]lient|[Bb]eneficiary|[Aa]ccount holder|[Cc]ardholder|[Tt]enant|[Ll]andlord|[Bb]orrower)[ :]? ?"
            + Name,
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Introduced();

    [GeneratedRegex(
        @"(?<![\p{L}\d])my (?:full )?name is (?<n>(?!(?:not|in|on|the|a|too|very|wrong|spelled|still|missing|listed|incorrect|no|also|only)\b)\p{Ll}{2,24}(?: (?!(?:and|but|from|i|in|at|on|to|my|the|a|with|or|as|so)\b)\p{Ll}{2,24})?)(?![\p{L}\d])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex IntroducedInSmall();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:Dear|Hi|Hello|Hey|Hallo|Liebe[r]?|Cher|Chère|Hola|Ciao|Caro|Cara|Olá|(?:Best |Kind |Warm )?[Rr]egards,|Sincerely,|Yours,|Cheers,|Thanks,|Best,|Grüße,?|Cordialement,|Saludos,)\s{1,2}"
            + Name,
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Greeted();

    [GeneratedRegex(
        @"(?<![\p{L}\d])"
            + Name
            + @",?(?= (?:said|says|wrote|writes|told|asked|replied|answered|explained|lives|lived|was born|is from|works|worked|called me|moved|married|had given|flew|signed|resigned|died|sang|recorded)\b|, can (?:I|you)\b|, the \p{L}{3,20}|,? (?:who|whose)\b)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Acting();

    [GeneratedRegex(
        @"(?<=(?:^|[^\p{L}\d]))(?<n>(?!It|That|There|Here|What|Who|Where|How|Let|Today)\p{Lu}\p{Ll}{2,20}(?: \p{Lu}\p{Ll}{1,20})?)['’]s (?=(?:wife|husband|son|daughter|kid|kids|child|children|brother|sister|mother|father|boss|house|name|account|card|number|phone|address|email|birthday|novel|song|version)\b)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Owning();

    // Anna B. Castell, J. R. Hartley
    [GeneratedRegex(
        @"(?<![\p{L}\d.])(?<n>(?:\p{Lu}\p{Ll}{1,20} (?:\p{Lu}\.? ){1,2}|(?:\p{Lu}\. ){1,3})(?:(?:van|von|de|der|di|da|la|Mc|Mac|O['’]) ?)?\p{Lu}\p{Ll}{1,24}(?:-\p{Lu}\p{Ll}{1,24})?)(?![\p{L}\d])",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Initialled();

    // The first line of a signature or of an address.
    [GeneratedRegex(
        @"(?<=^[>?\s]{0,5})(?<n>\p{Lu}\p{Ll}{1,20}(?: \p{Lu}\.?)?(?: \p{Lu}[\p{Ll}'’]{1,24}){1,2})(?=\n)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex AloneOnLine();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?<n>(?:\p{Lu}[\p{L}\d&.'’-]{0,24} (?:(?:and|of|the|for|&|und|et|y) ){0,2}){1,4}(?:Inc|LLC|Ltd|GmbH|AG|SE|Corp|Corporation|Company|Co|PLC|plc|LLP|LP|SA|SpA|Srl|BV|NV|AB|Oy|ApS|KG|OHG|eG|e\.V|Pty|Group|Holdings|Bank|University|Institute|Foundation|Association|Agency|Partners|Systems|Technologies|Solutions|Industries|Insurance|Hospital|Ministry|Department|Council|Committee|Federation|Services|Society|Network|Laboratories|Labs|Consulting|Software|Analytics)\b\.?)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex LegalForm();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:[Ww]ork(?:s|ed|ing)? (?:for|at)|[Ee]mployed (?:by|at)|[Jj]oined|[Cc]ustomer of|[Hh]ired by|[Cc]ompany:|[Oo]rganisation:|[Oo]rganization:|[Ee]mployer:|[Ss]upport|[Rr]ecorded for|according to the|[Cc]EO of|[Ff]ounder of|director of|[Aa]ccount (?:at|with)|[Aa]ddress of|[Ww]ebsite of|[Oo]ffices? of)[ ]{1,2}(?!the\b)(?<n>(?:\p{Lu}[\p{L}\d&.'’-]{1,24}|\d{1,3}(?= \p{Lu}))(?: (?:(?:of|and|&) )?\p{Lu}[\p{L}\d&.'’-]{0,24}){0,3})",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Employer();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:[Ll]ives? in|[Ll]ived in|[Ll]iving in|[Bb]orn in|[Gg]rew up in|[Mm]oved (?:here )?(?:to|from)|[Tt]ravel(?:led|ed|ling|ing)? to|[Ff]lew to|[Ff]lying to|[Ff]lights? to|[Vv]isit(?:ed|ing)?|[Cc]oming to|[Gg]o(?:ing)? to|[Ii]s from|[Aa]m from|[Cc]omes? from|[Oo]riginally from|[Cc]ity of|[Tt]own of|[Cc]ountry:|[Cc]ity:|I am in|I'm in|[Bb]ased in|[Ll]ocated in|[Aa]rrived (?:at|in)|[Bb]een to|[Rr]esident of|[Ww]ohne? in|[Hh]abite à|[Vv]ivo en|[Aa]bito a|[Ww]here:|[Bb]ack [Tt]o|[Ff]rom|[Ii]n) "
            + Name,
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Place();
}
