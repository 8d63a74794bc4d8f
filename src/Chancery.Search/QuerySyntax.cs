namespace Chancery.Search;

/// <summary>One word or quoted phrase of a query.</summary>
/// <param name="Text">As typed, without quotes and minus sign; never empty.</param>
/// <param name="IsPhrase">The words must stand next to each other in this order.</param>
/// <param name="IsExcluded">What contains it is not wanted.</param>
/// <param name="Field">Where it must stand: <c>title</c>, <c>heading</c> or <c>body</c>; anywhere when <see langword="null"/>.</param>
public readonly record struct QueryClause(string Text, bool IsPhrase, bool IsExcluded, string? Field = null);

/// <summary>A query taken apart.</summary>
/// <param name="Clauses">In the order typed; empty only for a query without any visible character.</param>
public sealed record ParsedQuery(IReadOnlyList<QueryClause> Clauses)
{
    /// <summary>All that is wanted, as plain text.</summary>
    public string Wanted => string.Join(' ', Clauses.Where(clause => !clause.IsExcluded).Select(clause => clause.Text));

    public IEnumerable<QueryClause> Excluded => Clauses.Where(clause => clause.IsExcluded);

    public IEnumerable<QueryClause> Phrases => Clauses.Where(clause => clause is { IsPhrase: true, IsExcluded: false });
}

/// <summary>
/// Words, <c>"phrases"</c> and <c>-exclusions</c>. There is no error: a quote without its partner, a minus before nothing or
/// before a number, and a query that only excludes are taken as words.
/// </summary>
public static class QuerySyntax
{
    private static readonly string[] Fields = ["title", "heading", "body"];

    public static ParsedQuery Parse(string query) => Parse(query, withFields: false);

    /// <param name="withFields">
    /// Whether <c>title:</c>, <c>heading:</c> and <c>body:</c> before a word or a phrase, without a space, say where it must
    /// stand; else they are words.
    /// </param>
    public static ParsedQuery Parse(string query, bool withFields)
    {
        ArgumentNullException.ThrowIfNull(query);

        var clauses = new List<QueryClause>();
        var i = 0;
        while (i < query.Length)
        {
            if (char.IsWhiteSpace(query[i]))
            {
                i++;
                continue;
            }

            var minus = IsMinus(query[i]) && i + 1 < query.Length && IsExcludable(query[i + 1]);
            if (minus)
                i++;

            var field = withFields ? FieldAt(query, i) : null;
            i += field is null ? 0 : field.Length + 1;

            if (IsQuote(query[i]) && ClosingQuote(query, i + 1) is var close and > 0)
            {
                Add(query.AsSpan(i + 1, close - i - 1), isPhrase: true, minus, field);
                i = close + 1;
                continue;
            }

            var end = i;
            while (end < query.Length && !char.IsWhiteSpace(query[end]) && (end == i || !IsQuote(query[end])))
                end++;
            Add(query.AsSpan(i, end - i), isPhrase: false, minus, field);
            i = end;
        }

        return clauses.TrueForAll(clause => clause.IsExcluded)
            ? new ParsedQuery(clauses.ConvertAll(clause => clause with { IsExcluded = false }))
            : new ParsedQuery(clauses);

        void Add(ReadOnlySpan<char> text, bool isPhrase, bool isExcluded, string? field)
        {
            var trimmed = text.Trim();
            if (!isPhrase)
                trimmed = trimmed.Trim("\"“”„");
            if (trimmed.IsEmpty)
                return;

            // One word in quotes is a word.
            clauses.Add(
                new QueryClause(trimmed.ToString(), isPhrase && trimmed.ContainsAny(" \t\r\n-"), isExcluded, field)
            );
        }
    }

    /// <summary>The field whose name and colon stand here with something behind them.</summary>
    private static string? FieldAt(string query, int from)
    {
        foreach (var field in Fields)
        {
            var colon = from + field.Length;
            if (
                colon + 1 < query.Length
                && query[colon] == ':'
                && (char.IsLetterOrDigit(query[colon + 1]) || IsQuote(query[colon + 1]))
                && query.AsSpan(from, field.Length).Equals(field, StringComparison.OrdinalIgnoreCase)
            )
                return field;
        }

        return null;
    }

    private static int ClosingQuote(string query, int from)
    {
        for (var i = from; i < query.Length; i++)
        {
            if (IsQuote(query[i]))
                return i;
        }

        return -1;
    }

    private static bool IsQuote(char c) => c is '"' or '“' or '”' or '„';

    private static bool IsMinus(char c) => c is '-' or '−';

    private static bool IsExcludable(char c) => char.IsLetter(c) || IsQuote(c);
}
