using System.Globalization;
using System.Net;
using System.Text;
using Chancery.Contracts;

namespace Chancery.Bench.Contracts;

/// <summary>Contracts as other programs would have them, with nothing in them of ours: what LibreOffice makes Word files of.</summary>
internal static class ForeignFiles
{
    private static readonly string[] _listTypes = ["1", "a", "i", "A", "I"];

    /// <summary>HTML whose clauses are items of nested numbered lists, with headings in bold letters before the words.</summary>
    public static byte[] Lists(ContractText contract)
    {
        var html = new StringBuilder();
        Begin(html, contract);
        var numbers = ClauseNumbers.Of(contract);
        WriteList(html, contract.Clauses, numbers, 0);
        html.Append("</body></html>");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    /// <summary>HTML whose clauses are headings and paragraphs, with their numbers typed before them.</summary>
    public static byte[] Headings(ContractText contract)
    {
        var html = new StringBuilder();
        Begin(html, contract);
        var numbers = ClauseNumbers.Of(contract);
        foreach (var (clause, _, depth, _) in contract.Walk())
        {
            var label = numbers.LabelOf(clause.Id);
            var lines = LinesOf(clause, numbers);
            if (clause.Heading.Length > 0)
            {
                var level = Math.Min(depth + 1, 6);
                html.Append(CultureInfo.InvariantCulture, $"<h{level}>{Escape(label, clause.Heading)}</h{level}>\n");
            }
            else
            {
                html.Append(CultureInfo.InvariantCulture, $"<p>{Escape(label, lines[0])}</p>\n");
                lines = lines[1..];
            }

            foreach (var line in lines)
            {
                html.Append(CultureInfo.InvariantCulture, $"<p>{Escape("", line)}</p>\n");
            }
        }

        html.Append("</body></html>");
        return Encoding.UTF8.GetBytes(html.ToString());
    }

    /// <summary>Plain text with typed numbers, a paragraph a line.</summary>
    public static byte[] PlainText(ContractText contract)
    {
        var text = new StringBuilder(contract.Title).Append("\n\n");
        var numbers = ClauseNumbers.Of(contract);
        foreach (var (clause, _, _, _) in contract.Walk())
        {
            var label = numbers.LabelOf(clause.Id);
            text.Append(label).Append(label.Length > 0 ? " " : "");
            text.Append(clause.Heading).Append(clause.Heading.Length > 0 ? "\n" : "");
            text.AppendJoin('\n', LinesOf(clause, numbers)).Append('\n');
        }

        return Encoding.UTF8.GetBytes("\uFEFF" + text);
    }

    private static void Begin(StringBuilder html, ContractText contract) =>
        html.Append(
            CultureInfo.InvariantCulture,
            $"<html><head><meta charset=\"utf-8\"><title>{Escape("", contract.Title)}</title></head><body>\n<p align=\"center\"><b>{Escape("", contract.Title)}</b></p>\n"
        );

    private static void WriteList(StringBuilder html, IReadOnlyList<Clause> clauses, ClauseNumbers numbers, int depth)
    {
        // One list for all siblings: LibreOffice would count from 1 again in a second one. What has no number stands between its items.
        html.Append(CultureInfo.InvariantCulture, $"<ol type=\"{_listTypes[depth % _listTypes.Length]}\">\n");
        foreach (var clause in clauses)
        {
            var isItem = clause.IsNumbered && numbers.LabelOf(clause.Id).Length > 0;
            html.Append(isItem ? "<li>" : "");
            var lines = LinesOf(clause, numbers);
            html.Append("<p>");
            if (clause.Heading.Length > 0)
            {
                html.Append(CultureInfo.InvariantCulture, $"<b>{Escape("", clause.Heading)}</b>");
                if (lines.Length > 0)
                {
                    html.Append(clause.Heading[^1] is '.' or ':' ? " " : ". ");
                }
            }

            html.AppendJoin("</p>\n<p>", lines.Select(line => Escape("", line))).Append("</p>\n");
            if (clause.Children.Count > 0)
            {
                WriteList(html, clause.Children, numbers, depth + 1);
            }

            html.Append(isItem ? "</li>\n" : "");
        }

        html.Append("</ol>\n");
    }

    private static string[] LinesOf(Clause clause, ClauseNumbers numbers) =>
        clause.Text.Length == 0 && clause.Heading.Length > 0 ? [] : numbers.Write(clause.Text).Split('\n');

    private static string Escape(string label, string text) =>
        WebUtility.HtmlEncode(label.Length > 0 ? $"{label} {text}" : text);
}
