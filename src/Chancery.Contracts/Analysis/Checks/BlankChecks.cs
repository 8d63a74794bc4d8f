using System.Text.RegularExpressions;

namespace Chancery.Contracts.Analysis.Checks;

/// <summary>What was meant to be filled in and was not.</summary>
internal static class BlankChecks
{
    private static readonly Regex _blanks = new(
        @"(?<redacted>\[\s*\*(?:\s?\*)+\s*\])"
            + @"|\[\s*\]|\[\s*(?:[●•…_\-]|\.{2,}|x{2,}\b|(?:please\s+)?(?:insert|complete|specify|enter|name|date|amount|number|address|title|party|company|tbd|tbc|bitte|einsetzen|datum|betrag|anschrift|ergänzen)\b)[^\]\n]{0,200}\]"
            + @"|(?<line>_{3,})|\b(?:tbd|tbc)\b|\bto\s+be\s+(?:determined|completed|inserted|confirmed)\b|\bnoch\s+(?:einzusetzen|zu\s+ergänzen)\b"
            + @"|\{\{[^{}\n]{0,80}\}\}|<<[^<>\n]{0,80}>>|●|\bX{3,}\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    private static readonly Regex _signing = new(
        @"\b(?:by|name|title|date|signature|signed|place|its|witness|unterschrift|ort|datum)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static IEnumerable<Finding> Run(CheckedContract contract)
    {
        foreach (var clause in contract.Clauses)
        {
            foreach (Match match in _blanks.Matches(clause.Text))
            {
                // Where people sign, a line is for their pen.
                if (match.Groups["line"].Success && IsForSigning(clause, match.Index))
                {
                    continue;
                }

                yield return match.Groups["redacted"].Success
                    ? clause.Finding(
                        "redacted",
                        FindingSeverity.Info,
                        "Words were taken out here.",
                        match.Index,
                        match.Length
                    )
                    : clause.Finding(
                        "placeholder",
                        FindingSeverity.Warning,
                        $"“{match.Value}” is still to be filled in.",
                        match.Index,
                        match.Length
                    );
            }

            if (_blanks.IsMatch(clause.Clause.Heading))
            {
                yield return clause.HeadingFinding(
                    "placeholder",
                    FindingSeverity.Warning,
                    $"“{clause.Clause.Heading}” is still to be filled in."
                );
            }
        }
    }

    private static bool IsForSigning(CheckedClause clause, int at)
    {
        var start = clause.Text.LastIndexOf('\n', Math.Max(at - 1, 0)) + 1;
        var end = clause.Text.IndexOf('\n', at) is >= 0 and var found ? found : clause.Text.Length;
        return clause.Types.Contains(ClauseType.Signatures) || _signing.IsMatch(clause.Text[start..end]);
    }
}
