namespace Chancery.Contracts.Analysis.Checks;

/// <summary>Clauses that say nothing, or the same as another.</summary>
internal static class StructureChecks
{
    /// <summary>Characters from which the same words twice are no chance.</summary>
    private const int LongText = 60;

    public static IEnumerable<Finding> Run(CheckedContract contract)
    {
        var texts = new Dictionary<string, CheckedClause>(StringComparer.OrdinalIgnoreCase);
        var headings = new Dictionary<(Guid? Parent, string Heading), CheckedClause>();
        foreach (var clause in contract.Clauses)
        {
            var heading = clause.Clause.Heading.Trim();
            var text = clause.Clause.Text.Trim();
            if (text.Length == 0 && clause.Clause.Children.Count == 0)
            {
                yield return clause.Finding(
                    "empty_clause",
                    FindingSeverity.Warning,
                    heading.Length == 0 ? "The clause is empty." : "The clause has a heading but no words."
                );
            }

            if (heading.Length > 0 && !headings.TryAdd((clause.Parent?.Id, heading.ToUpperInvariant()), clause))
            {
                var first = headings[(clause.Parent?.Id, heading.ToUpperInvariant())];
                yield return clause.HeadingFinding(
                    "duplicate_heading",
                    FindingSeverity.Info,
                    $"{contract.NameOf(first)} has the same heading, “{heading}”."
                );
            }

            if (text.Length >= LongText && !texts.TryAdd(text, clause))
            {
                yield return clause.Finding(
                    "duplicate_text",
                    FindingSeverity.Warning,
                    $"{contract.NameOf(texts[text])} says the same, word for word."
                );
            }
        }
    }
}
