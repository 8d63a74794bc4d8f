using System.Text.RegularExpressions;
using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Assembly;

/// <summary>"Replace “A” with “B” (everywhere | in clause 4)"; a clause's whole text; words that are deleted.</summary>
internal static class WordEdits
{
    private const RegexOptions Options =
        RegexOptions.IgnoreCase
        | RegexOptions.CultureInvariant
        | RegexOptions.NonBacktracking
        | RegexOptions.Singleline;

    private const string Open = "[\"“„']";
    private const string Close = "[\"”“']";

    private static readonly Regex _replace = new(
        $@"^(?:replace|change|substitute|swap|ersetze|ändere)\s+(?:the\s+words?\s+|all\s+|every\s+|das\s+wort\s+|die\s+worte\s+)?{Open}(?<from>[^""”“]+){Close}\s+(?:with|by|to|into|for|durch|in|zu)\s+{Open}(?<to>[^""”“]*){Close}(?:\s+(?<scope>.+))?$",
        Options
    );

    private static readonly Regex _deleteWords = new(
        $@"^(?:delete|remove|strike|strike\s+out|drop|lösche|streiche|entferne)\s+(?:the\s+words?\s+|die\s+worte\s+|das\s+wort\s+){Open}(?<from>[^""”“]+){Close}(?:\s+(?<scope>.+))?$",
        Options
    );

    private static readonly Regex _text = new(
        $@"^(?:replace|change|rewrite|ersetze|ändere)\s+(?:the\s+text\s+of\s+|den\s+text\s+von\s+)?(?<clause>[^""”“„]{{1,80}}?)\s+(?:with|by|to|to\s+say|to\s+read|durch|in)\s*:?\s+{Open}(?<to>[^""”“]+){Close}$",
        Options
    );

    private static readonly Regex _in = new(
        @"^(?:only\s+|nur\s+)?(?:in|within|of|from|aus)\s+(?<clause>.+?)(?:\s+only)?$",
        Options
    );

    private static readonly Regex _everywhere = new(
        @"^(?:everywhere|throughout.*|in\s+(?:the\s+)?(?:whole|entire)\s+.*|in\s+all\s+clauses|überall|im\s+ganzen\s+.*)$",
        Options
    );

    public static PlainReading? Read(string part, ContractText contract)
    {
        var match = _replace.Match(part);
        if (!match.Success)
        {
            match = _deleteWords.Match(part);
        }

        if (match.Success)
        {
            return Words(
                contract,
                match.Groups["from"].Value,
                match.Groups["to"].Value,
                match.Groups["scope"].Value.Trim()
            );
        }

        if (_text.Match(part) is { Success: true } text && !HeadEdits.IsAboutHead(text.Groups["clause"].Value))
        {
            var clause = ClauseFinding.Find(contract, text.Groups["clause"].Value, out var fault);
            return clause is null
                ? PlainReading.Not(fault)
                : PlainReading.Of([
                    new ClauseEdit.ReplaceText(clause.Id, text.Groups["to"].Value),
                    .. clause.Children.Select(child => new ClauseEdit.Delete(child.Id)),
                ]);
        }

        return null;
    }

    /// <summary>The edits that write other words wherever these stand, in headings, too; references are left alone.</summary>
    public static IReadOnlyList<ClauseEdit> Everywhere(IEnumerable<Clause> clauses, string from, string to)
    {
        var edits = new List<ClauseEdit>();
        foreach (var clause in clauses)
        {
            var heading = Replace(clause.Heading, from, to);
            var text = Replace(clause.Text, from, to);
            if (heading != clause.Heading)
            {
                edits.Add(new ClauseEdit.ReplaceHeading(clause.Id, heading));
            }

            if (text != clause.Text)
            {
                edits.Add(new ClauseEdit.ReplaceText(clause.Id, text));
            }
        }

        return edits;
    }

    private static PlainReading Words(ContractText contract, string from, string to, string scope)
    {
        var clauses = contract.Walk().Select(placed => placed.Clause);
        if (scope.Length > 0 && !_everywhere.IsMatch(scope))
        {
            if (_in.Match(scope) is not { Success: true } inside)
            {
                return PlainReading.Not($"“{scope}” does not say where.");
            }

            var clause = ClauseFinding.Find(contract, inside.Groups["clause"].Value, out var fault);
            if (clause is null)
            {
                return PlainReading.Not(fault);
            }

            clauses = Clause.Walk([clause], null, 0).Select(placed => placed.Clause);
        }

        var edits = Everywhere(clauses, from, to);
        return edits.Count == 0 ? PlainReading.Not($"“{from}” does not stand there.") : PlainReading.Of(edits);
    }

    /// <summary>Whole words where the searched words begin and end as words: "fee" is not a part of "feedback".</summary>
    private static string Replace(string text, string from, string to)
    {
        var result = new System.Text.StringBuilder();
        var last = 0;
        for (var at = 0; (at = text.IndexOf(from, at, StringComparison.Ordinal)) >= 0; )
        {
            var end = at + from.Length;
            if (IsWhole(text, at, end) && !IsInReference(text, at))
            {
                result.Append(text, last, at - last).Append(to);
                last = end;
                at = end;
            }
            else
            {
                at++;
            }
        }

        return last == 0 ? text : result.Append(text, last, text.Length - last).ToString();
    }

    private static bool IsWhole(string text, int start, int end) =>
        (start == 0 || !char.IsLetterOrDigit(text[start]) || !char.IsLetterOrDigit(text[start - 1]))
        && (end == text.Length || !char.IsLetterOrDigit(text[end - 1]) || !char.IsLetterOrDigit(text[end]));

    private static bool IsInReference(string text, int at)
    {
        var open = at == 0 ? -1 : text.LastIndexOf("{{", at, StringComparison.Ordinal);
        return open >= 0 && text.IndexOf("}}", open, StringComparison.Ordinal) >= at;
    }
}
