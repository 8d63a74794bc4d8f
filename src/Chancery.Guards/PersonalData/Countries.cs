using System.Text.RegularExpressions;

namespace Chancery.Guards.PersonalData;

/// <summary>States and what their people are called, in English.</summary>
internal static partial class Countries
{
    public static void Find(string text, List<PersonalDataSpan> found)
    {
        foreach (var match in WordOf().EnumerateMatches(text))
        {
            var longest = LongestAt(text, match.Index);
            if (longest > 0)
            {
                found.Add(new(PersonalDataKind.Location, match.Index, longest, 0.6));
            }
            else if (_people.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text.AsSpan(match.Index, match.Length)))
            {
                found.Add(new(PersonalDataKind.Nationality, match.Index, match.Length, 0.55));
            }
        }
    }

    /// <summary>Names of states are up to four words.</summary>
    private static int LongestAt(string text, int start)
    {
        var longest = 0;
        var end = start;
        for (var words = 0; words < 4 && end < text.Length && end - start < 48; words++)
        {
            var from = words == 0 ? start : end + 1;
            if (words > 0 && text[end] is not (' ' or '-'))
            {
                break;
            }

            end = from;
            while (end < text.Length && char.IsLetter(text[end]))
            {
                end++;
            }

            if (_states.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text.AsSpan(start, end - start)))
            {
                longest = end - start;
            }
        }

        return longest;
    }

    private static readonly HashSet<string> _states = Read(
        "Afghanistan|Albania|Algeria|Andorra|Angola|Argentina|Armenia|Australia|Austria|Azerbaijan|Bahamas|Bahrain|Bangladesh|Barbados|Belarus|Belgium|Belize|Benin|Bhutan|Bolivia|"
            + "Bosnia|Botswana|Brazil|Brunei|Bulgaria|Burundi|Cambodia|Cameroon|Canada|Cape Verde|Chile|China|Colombia|Comoros|Congo|Costa Rica|Croatia|Cuba|Cyprus|Czech Republic|Czechia|"
            + "Denmark|Djibouti|Dominican Republic|Ecuador|Egypt|El Salvador|England|Eritrea|Estonia|Eswatini|Ethiopia|Fiji|Finland|France|Gabon|Gambia|Germany|Ghana|Greece|Greenland|"
            + "Grenada|Guatemala|Guinea|Guyana|Haiti|Honduras|Hong Kong|Hungary|Iceland|India|Indonesia|Iran|Iraq|Ireland|Israel|Italy|Ivory Coast|Jamaica|Japan|Kazakhstan|Kenya|Kiribati|"
            + "Kosovo|Kuwait|Kyrgyzstan|Laos|Latvia|Lebanon|Lesotho|Liberia|Libya|Liechtenstein|Lithuania|Luxembourg|Macedonia|Madagascar|Malawi|Malaysia|Maldives|Mali|Malta|Mauritania|"
            + "Mauritius|Mexico|Micronesia|Moldova|Monaco|Mongolia|Montenegro|Morocco|Mozambique|Myanmar|Namibia|Nauru|Nepal|Netherlands|New Zealand|Nicaragua|Niger|Nigeria|North Korea|"
            + "Norway|Oman|Pakistan|Palau|Palestine|Panama|Papua New Guinea|Paraguay|Peru|Philippines|Poland|Portugal|Qatar|Romania|Russia|Rwanda|Samoa|San Marino|Saudi Arabia|Scotland|"
            + "Senegal|Serbia|Seychelles|Sierra Leone|Singapore|Slovakia|Slovenia|Somalia|South Africa|South Korea|South Sudan|Spain|Sri Lanka|Sudan|Suriname|Sweden|Switzerland|Syria|Taiwan|"
            + "Tajikistan|Tanzania|Thailand|Togo|Tonga|Tunisia|Turkmenistan|Tuvalu|Uganda|Ukraine|United Arab Emirates|United Kingdom|United States|United States of America|Uruguay|"
            + "Uzbekistan|Vanuatu|Venezuela|Vietnam|Wales|Yemen|Zambia|Zimbabwe|UK|USA"
    );

    private static readonly HashSet<string> _people = Read(
        "Afghan|Albanian|Algerian|American|Angolan|Argentinian|Armenian|Australian|Austrian|Azerbaijani|Bahraini|Bangladeshi|Belarusian|Belgian|Belizean|Bolivian|Bosnian|Brazilian|British|Bulgarian|"
            + "Cambodian|Cameroonian|Canadian|Chilean|Chinese|Colombian|Croatian|Cuban|Cypriot|Czech|Danish|Dutch|Ecuadorian|Egyptian|Eritrean|Estonian|Ethiopian|Fijian|Filipino|Finnish|French|Georgian|"
            + "German|Ghanaian|Greek|Greenlander|Guatemalan|Haitian|Honduran|Hungarian|Icelandic|Indian|Indonesian|Iranian|Iraqi|Irish|Israeli|Italian|Jamaican|Japanese|Jordanian|Kazakh|Kenyan|Korean|"
            + "Kuwaiti|Latvian|Lebanese|Liberian|Libyan|Lithuanian|Macedonian|Malaysian|Maltese|Mexican|Moldovan|Mongolian|Moroccan|Namibian|Nepalese|Nigerian|Norwegian|Pakistani|Palestinian|Panamanian|"
            + "Paraguayan|Peruvian|Polish|Portuguese|Qatari|Romanian|Russian|Rwandan|Saudi|Scottish|Senegalese|Serbian|Slovak|Slovenian|Somali|Spanish|Sudanese|Swedish|Swiss|Syrian|Taiwanese|Tanzanian|Thai|"
            + "Tunisian|Turkish|Ugandan|Ukrainian|Uruguayan|Uzbek|Venezuelan|Vietnamese|Welsh|Yemeni|Zambian|Zimbabwean"
    );

    private static HashSet<string> Read(string words) => words.Split('|').ToHashSet(StringComparer.OrdinalIgnoreCase);

    [GeneratedRegex(@"(?<![\p{L}\d])\p{L}{2,24}(?![\p{L}\d])", RegexOptions.CultureInvariant)]
    private static partial Regex WordOf();
}
