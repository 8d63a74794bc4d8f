using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>What lines and beginnings of clauses look like that name what follows.</summary>
internal static partial class Headings
{
    private const int MaxLine = 110;
    private const int MaxRunIn = 100;
    private const int MaxRunInWords = 14;

    /// <summary>"EXHIBIT A", "Schedule 2.1 — Prices", "Anlage 3".</summary>
    public static bool NamesAttachment(string text) =>
        text.Length <= 4000 && Attachment().IsMatch(Head(text)) && !NamesFiling(text);

    /// <summary>"Exhibit 10.2": under which number somebody filed the contract, which is no part of it.</summary>
    public static bool NamesFiling(string text) => Filing().IsMatch(Head(text));

    /// <summary>How much of a line is an attachment's name: "EXHIBIT A".</summary>
    public static int AttachmentNameOf(string text) => Attachment().Match(Head(text)).Length;

    /// <summary>"RECITALS", "WITNESSETH:", "Whereas" alone on its line.</summary>
    public static bool NamesRecitals(string text) => text.Length <= 60 && Recitals().IsMatch(text);

    /// <summary>"NOW, THEREFORE, the parties agree as follows".</summary>
    public static bool EndsRecitals(string text) => RecitalsEnd().IsMatch(Head(text));

    public static bool BeginsSignatures(string text) => Signatures().IsMatch(Head(text));

    /// <summary>"By: ___ Name: ___", "/s/ …": a place to sign.</summary>
    public static bool IsSigned(string text) => Signed().IsMatch(Head(text));

    /// <summary>"This Agreement is made on …".</summary>
    public static bool BeginsPreamble(string text) => Preamble().IsMatch(Head(text));

    /// <summary>Whether a line is one that could name what follows: short, no sentence, its words capitalised.</summary>
    public static bool IsHeadingLine(string text) =>
        text.Length is >= 3 and <= 90
        && char.IsLetter(text[0])
        && text[^1] is not ('.' or ';' or ',' or '-' or '_')
        && !text.Contains('@', StringComparison.Ordinal)
        && !text.Contains("__", StringComparison.Ordinal)
        && !IsSigned(text)
        && text.Count(char.IsDigit) <= 4
        && text.Count(char.IsLetter) * 10 >= text.Length * 6
        && IsCapitalised(text);

    /// <summary>Whether its words begin with capitals, but for those that never do.</summary>
    public static bool IsCapitalised(ReadOnlySpan<char> text)
    {
        var (large, small) = (0, 0);
        foreach (var range in text.Split(' '))
        {
            var word = text[range].TrimStart("\"“‘'([{");
            if (word.Length == 0 || !char.IsLetter(word[0]))
            {
                continue;
            }

            if (char.IsUpper(word[0]))
            {
                large++;
            }
            else if (word.Length > 4)
            {
                small++;
            }
        }

        return large > 0 && small * 4 <= large;
    }

    /// <summary>
    /// How much of a clause's beginning is its heading: "Term. This Agreement…" → "Term."; all of it where it is a line of its own that
    /// is no sentence; 0 where it has none.
    /// </summary>
    /// <param name="standsAlone">Whether a clause, or the next line, follows at the end of the text.</param>
    public static int LengthIn(string text, bool standsAlone)
    {
        if (text.Length == 0 || !(char.IsUpper(text[0]) || char.IsDigit(text[0])))
        {
            return 0;
        }

        var runIn = RunInLength(text);
        return runIn is > 0 && runIn < text.Length ? runIn
            : standsAlone && text.Length <= MaxLine && IsTitle(text) ? text.Length
            : runIn;
    }

    private static int RunInLength(string text)
    {
        var stop = Math.Min(text.Length, MaxRunIn + 1);
        var words = 1;
        for (var i = 1; i < stop && words <= MaxRunInWords; i++)
        {
            if (text[i] == ' ')
            {
                words++;
                if (
                    i + 2 < text.Length
                    && text[i + 1] is '-' or '–' or '—'
                    && text[i + 2] == ' '
                    && IsRunIn(text.AsSpan(0, i))
                    && IsUpperRun(text.AsSpan(0, i))
                )
                {
                    return i;
                }

                continue;
            }

            var ends = i + 1 >= text.Length || text[i + 1] is ' ' or '"' or '“';
            if (text[i] is '.' or ':' && ends && !EndsAbbreviation(text.AsSpan(0, i + 1)))
            {
                var rest = text.AsSpan(i + 1).TrimStart();
                var startsSentence =
                    rest.Length == 0
                    || char.IsUpper(rest[0])
                    || char.IsDigit(rest[0])
                    || "\"“‘'([$•".Contains(rest[0], StringComparison.Ordinal);
                var fits = text[i] == ':' ? words <= 8 && (startsSentence || words <= 4) : startsSentence;
                return fits && IsRunIn(text.AsSpan(0, i)) ? i + 1 : 0;
            }
        }

        return 0;
    }

    /// <summary>A line that stands alone and is no sentence, no item of a list and no address.</summary>
    private static bool IsTitle(string text) =>
        text[^1] is not (';' or ',')
        && !LastsOn().IsMatch(text)
        && (
            (IsCapitalised(text) && (text[^1] != '.' || text.Length <= 80))
            || (text.Length <= 70 && char.IsLetter(text[^1]) && char.IsUpper(text[0]) && !Verb().IsMatch(text))
        )
        && text.Any(char.IsLetter);

    private static bool IsRunIn(ReadOnlySpan<char> text) =>
        IsCapitalised(text) && !Verb().IsMatch(text) && !LastsOn().IsMatch(text);

    private static bool IsUpperRun(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (char.IsLower(c))
            {
                return false;
            }
        }

        return true;
    }

    private static bool EndsAbbreviation(ReadOnlySpan<char> text) => Abbreviation().IsMatch(text);

    private static string Head(string text) => text.Length <= 200 ? text : text[..200];

    [GeneratedRegex(
        @"^(?:(?:EXHIBIT|SCHEDULE|ANNEX|APPENDIX|ATTACHMENT|ADDENDUM|ENCLOSURE|ANLAGE|ANHANG)S?|(?:Exhibit|Schedule|Annex|Appendix|Attachment|Addendum|Enclosure|Anlage|Anhang)) [""“'(]?(?:[A-Z]{1,2}|[IVX]{1,5}|\d{1,3})(?:[-.]?(?:\d{1,3}|[A-Z])\b){0,3}[""”')]?(?=$|[\s:.,–—-]) ?(?:[:.–—]|--)?",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Attachment();

    [GeneratedRegex(
        @"^(exhibits?|ex\.?) ?(10|99|4|2|1)\.\(?[\dA-Z]{1,3}\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Filing();

    [GeneratedRegex(
        @"^(the )?(recitals?|background|preamble|pr[äa]ambel|premises?|witnesseth|w\s*i\s*t\s*n\s*e\s*s\s*s\s*e\s*t\s*h|whereas|statement of facts|introduction)( of (facts|the parties))?( that)?[\s:,.]*$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Recitals();

    [GeneratedRegex(
        @"^(now,?\s+(therefore|wherefore)|therefore,|in consideration of|it is (hereby |therefore )?(mutually )?agreed|(the|both) part(y|ies)\b.{0,60}\bagree|accordingly, the parties)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex RecitalsEnd();

    [GeneratedRegex(
        @"^(in\s+witness\s+(whereof|thereof|of)|in testimony whereof|executed (as of|on|by|this|in)|agreed (to )?and accepted|accepted and agreed|signed (for and )?on behalf|this agreement (is|has been|was) (duly )?(executed|signed)|zu urkund)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Signatures();

    [GeneratedRegex(
        @"(^|\s)(by|name|title|per|its):(\s|$|_|/)|/s/|_{6,}|^(by|per|title|name):",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Signed();

    [GeneratedRegex(
        @"^(this|the|dieser|diese)\s+([\w&'-]+\s+){0,8}(agreement|contract|amendment|lease|addendum|license|vertrag|vereinbarung)\b.{0,80}\b(is|made|dated|entered|effective|wird|by and)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Preamble();

    [GeneratedRegex(
        @"\b(and|or|the|of|to|by|for|in|with|a|an|that|as|if)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex LastsOn();

    [GeneratedRegex(
        @"\b(shall|will|may|must|agrees?|is|are|was|has|have|means|hereby)\b",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Verb();

    [GeneratedRegex(
        @"(^|[\s(])(Inc|Ltd|Co|Corp|No|Nos|St|Mr|Mrs|Ms|Dr|Jr|Sr|vs|v|e\.g|i\.e|etc|U\.S|[A-Z])\.$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Abbreviation();
}
