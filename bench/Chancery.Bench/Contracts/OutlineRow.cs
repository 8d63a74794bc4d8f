using Chancery.Contracts;
using Chancery.Contracts.Reading;

namespace Chancery.Bench.Contracts;

/// <summary>A clause as it is judged: where it stands, its number, its heading and its first words, all without signs and case.</summary>
internal sealed record OutlineRow(int Depth, string Label, string Heading, string Words)
{
    private const int FirstWords = 6;

    /// <summary>What must agree for a clause to be right; where a heading ends is judged apart.</summary>
    public (int Depth, string Label, string Words) Key => (Depth, Label, Words);

    /// <summary>Reads an annotation: the name of CUAD's text, and its outline.</summary>
    public static (string File, List<OutlineRow> Rows) ReadAnnotation(string path)
    {
        var lines = File.ReadAllLines(path);
        return (
            lines[0][2..],
            [
                .. lines
                    .Skip(1)
                    .Select(line => line.Split('\t'))
                    .Select(cells => Of(int.Parse(cells[0]), cells[1], cells[2], cells[3])),
            ]
        );
    }

    /// <summary>The outline of a contract that was read, without the paragraphs before its first number or heading.</summary>
    public static List<OutlineRow> Of(ReadContract read)
    {
        var rows = new List<OutlineRow>();
        var numbers = ClauseNumbers.Of(read.Text);
        foreach (var (clause, _, depth, _) in read.Text.Walk())
        {
            var label = read.Labels.GetValueOrDefault(clause.Id, "");
            var (heading, text) = (clause.Heading, numbers.Write(clause.Text));
            if (!clause.IsNumbered && label.Length > 0)
            {
                (heading, text) =
                    heading.Length > 0 ? (heading[label.Length..], text) : (heading, text[label.Length..]);
            }

            // Empty clauses hold the places of numbers that the text leaves out.
            if (label.Length == 0 && clause.IsNumbered)
            {
                continue;
            }

            if (clause.Id != read.Text.Clauses[0].Id || label.Length > 0 || heading.Length > 0)
            {
                rows.Add(Of(depth, label, heading, text));
            }
        }

        return rows;
    }

    private static OutlineRow Of(int depth, string label, string heading, string text) =>
        new(
            depth,
            string.Concat(WordsOf(label, int.MaxValue)),
            string.Join(' ', WordsOf(heading, int.MaxValue)),
            string.Join(' ', WordsOf($"{heading} {text}", FirstWords))
        );

    private static IEnumerable<string> WordsOf(string text, int count) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => string.Concat(word.Where(char.IsLetterOrDigit)).ToLowerInvariant())
            .Where(word => word.Length > 0)
            .Take(count);
}
