using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>Contracts and what changed in them, for people at a terminal.</summary>
internal static class ContractPrinting
{
    // Of words that stay as they were so much is shown around a change.
    private const int Around = 70;

    public static void PrintContract(this RemoteCommand verb, ContractView view)
    {
        verb.Print(new Piece(view.Title, Ink.Strong));
        foreach (var party in view.Parties)
        {
            verb.Print($"  {NameOf(party)}{(party.Address is { Length: > 0 } address ? $", {address}" : "")}");
        }

        var facts = new[]
        {
            $"{view.Contract.Type}, {Choices.WordOf(view.Contract.Status)}, revision {view.Revision.Number} of {view.Contract.Revision}",
            view.EffectiveDate is { } from ? $"from {from:yyyy-MM-dd}" : "",
            view.EndDate is { } to ? $"to {to:yyyy-MM-dd}" : "",
            view.GoverningLaw is { Length: > 0 } law ? $"law: {law}" : "",
            view.Contract.Tags.Count > 0 ? $"tags: {string.Join(", ", view.Contract.Tags)}" : "",
        };
        verb.Print($"  {string.Join("; ", facts.Where(fact => fact.Length > 0))}");
        verb.Print($"  {view.Contract.Id}");
        foreach (var clause in view.Clauses)
        {
            var indent = new string(' ', clause.Depth * 2);
            verb.Print("");
            if (clause.Label.Length + clause.Heading.Length > 0)
            {
                verb.Print(new Piece($"{indent}{$"{clause.Label} {clause.Heading}".Trim()}", Ink.Strong));
            }

            foreach (var paragraph in clause.Text.Split('\n').Where(paragraph => paragraph.Length > 0))
            {
                verb.Print(indent + paragraph);
            }
        }
    }

    public static void PrintDifference(this RemoteCommand verb, ContractDifference difference)
    {
        foreach (var field in difference.Head)
        {
            verb.Print(
                new Piece($"{Choices.WordOf(field.Field).Replace('_', ' ')}: "),
                new Piece(field.From ?? "", Ink.Deleted),
                new Piece(field is { From.Length: > 0, To.Length: > 0 } ? " " : ""),
                new Piece(field.To ?? "", Ink.Inserted)
            );
        }

        foreach (var clause in difference.Clauses.Where(clause => clause.Kind != ClauseChangeKind.Same))
        {
            verb.Print("");
            verb.Print([
                new Piece($"{LabelOf(clause)} ", Ink.Strong),
                .. clause.Heading.Select(PieceOf),
                new Piece($"  ({Choices.WordOf(clause.Kind).Replace('_', ' ')})", Ink.Faint),
            ]);
            if (clause.Kind != ClauseChangeKind.Moved && clause.Text.Count > 0)
            {
                verb.Print(clause.Text.Select((words, place) => Shortened(words, place, clause.Text.Count)));
            }
        }

        verb.Print("");
        verb.Print(
            $"Clauses: {difference.Changed} changed, {difference.Inserted} inserted, {difference.Deleted} deleted, {difference.Moved} moved"
        );
    }

    /// <summary>How a comparison names a clause: its number now, or the one that it had.</summary>
    public static string? NumberOf(ClauseDifference clause) => clause.ToLabel ?? clause.FromLabel;

    public static string NameOf(Party party) =>
        party.Role is { Length: > 0 } role ? $"{party.Name} ({role})" : party.Name;

    private static string LabelOf(ClauseDifference clause) =>
        clause is { FromLabel: { } from, ToLabel: { } to } && from != to ? $"{from} → {to}" : NumberOf(clause) ?? "";

    private static Piece PieceOf(WordChangeView words) =>
        new(
            words.Text,
            words.Kind switch
            {
                WordChangeKind.Inserted => Ink.Inserted,
                WordChangeKind.Deleted => Ink.Deleted,
                _ => Ink.Plain,
            }
        );

    private static Piece Shortened(WordChangeView words, int place, int count)
    {
        var text = words.Text;
        if (words.Kind != WordChangeKind.Kept || text.Length <= (2 * Around) + 20 || count == 1)
        {
            return PieceOf(words);
        }

        var start = place == 0 ? "" : text[..EndOfWord(text, Around)];
        var end = place == count - 1 ? "" : text[StartOfWord(text, text.Length - Around)..];
        return new Piece($"{start}…{end}");
    }

    private static int EndOfWord(string text, int place) =>
        text.LastIndexOf(' ', place) is > 0 and var space ? space + 1 : place;

    private static int StartOfWord(string text, int place) =>
        text.IndexOf(' ', place) is > 0 and var space ? space : place;
}
