using System.Text.RegularExpressions;

namespace Chancery.Contracts.Reading;

/// <summary>Finds what a contract calls itself, and takes it out of its text.</summary>
internal static partial class TitleReader
{
    private const int MaxTitle = 160;
    private const int MaxLines = 25;
    private const int MaxOpening = 3000;

    /// <returns>The title; null where the text has none.</returns>
    public static string? Take(List<TextSegment> segments)
    {
        for (var i = 0; i < segments.Count && i < MaxLines; i++)
        {
            var text = segments[i].Text;
            if (text.Length <= MaxTitle && IsTitle(text))
            {
                segments.RemoveAt(i);
                if (i < segments.Count)
                {
                    segments[i] = segments[i] with { Break = SegmentBreak.Line };
                }

                return text;
            }

            // "EXHIBIT 10.2 SERVICES AGREEMENT This Services Agreement is made …": the title has lost its line.
            if (
                Joined().Match(text.Length > MaxOpening / 2 ? text[..(MaxOpening / 2)] : text) is
                { Success: true } joined
            )
            {
                var title = joined.Groups["title"];
                var before = text[..title.Index].TrimEnd();
                var after = text[(title.Index + title.Length)..].TrimStart();
                segments.RemoveAt(i);
                if (after.Length > 0)
                {
                    segments.Insert(
                        i,
                        segments.Count > i
                            ? Part(segments, i, after)
                            : new TextSegment(after, SegmentBreak.Line, 1, 0, 0, false)
                    );
                }

                if (before.Length > 0)
                {
                    segments.Insert(i, new TextSegment(before, SegmentBreak.Line, i + 1, 0, 0, false));
                }

                return title.Value;
            }

            if (Headings.BeginsPreamble(text))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>What a contract calls itself in its first sentence: "This Services Agreement (this “Agreement”)".</summary>
    public static string? NamedIn(string opening) =>
        SelfName().Match(opening.Length > MaxOpening ? opening[..MaxOpening] : opening) is { Success: true } name
            ? name.Groups["title"].Value
            : null;

    private static TextSegment Part(List<TextSegment> segments, int next, string text) =>
        segments[next] with
        {
            Text = text,
            Break = SegmentBreak.Line,
            BlankLines = 0,
            StartsPage = false,
        };

    private static bool IsTitle(string text) =>
        Named().IsMatch(text)
        && Headings.IsCapitalised(text)
        && text[^1] is not ('.' or ';' or ',')
        && !text.Contains('"', StringComparison.Ordinal)
        && !PrintedLabel.TryRead(text, 0, out _)
        && !Headings.BeginsPreamble(text)
        && !Sentence().IsMatch(text);

    [GeneratedRegex(
        @"\b(agreement|contract|amendment|lease|licen[cs]e|addendum|endorsement|deed|memorandum|undertaking|statement of work|letter of intent|terms (and|&) conditions|terms of (service|use)|policy|\w*vertrag|\w*vereinbarung|nachtrag)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Named();

    [GeneratedRegex(
        @"^this\b|\b(shall|hereby|means|is|are|was|will)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Sentence();

    [GeneratedRegex(
        @"\b(?:This|THIS|this|Diese|Dieser)\s+(?<title>(?:[A-Z][\w&/,'-]*\s+(?:(?:and|of|for|to|&|und)\s+)?){1,8}(?:Agreement|AGREEMENT|Contract|CONTRACT|Amendment|AMENDMENT|Lease|LEASE|Addendum|ADDENDUM|\w*[Vv]ertrag|\w*[Vv]ereinbarung))\b",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex SelfName();

    [GeneratedRegex(
        @"(?<![A-Za-z.])(?<title>(?:[A-Z][A-Z&/,'()-]*\s){1,12}?(?:AGREEMENT|CONTRACT|AMENDMENT|LEASE|LICENSE|ADDENDUM)(?:\s(?:NO\.|NUMBER|#)\s?\d{1,2}\b)?)(?=\s+(?:[A-Z]?[a-z]|THIS\s|BY\s|BETWEEN\s|DATED\s|\())",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Joined();
}
