using System.Text.RegularExpressions;
using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Assembly;

/// <summary>
/// Reads changes that somebody asks for in plain words, without a model, English and German: replace words, delete, add, move or rename
/// a clause, change the law, a date, a period, a party or the title. One sentence a change; all of them, or none.
/// </summary>
public static class PlainEdits
{
    private const int MostLength = 10_000;

    private static readonly Regex _polite = new(
        @"^(?:(?:please|bitte|now|also|then|and|und|dann|could you|can you|i want to|i would like to|we need to|let's)[\s,]+)+",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static PlainEditOutcome Read(string instruction, ContractText contract)
    {
        if (instruction.Length > MostLength)
        {
            return new PlainEditOutcome.NotUnderstood(instruction[..80], $"It is longer than {MostLength} characters.");
        }

        var edits = new List<ClauseEdit>();
        var notes = new List<string>();
        var parts = Split(instruction)
            .Select(part => _polite.Replace(part, ""))
            .Where(part => part.Length > 0)
            .ToList();
        if (parts.Count == 0)
        {
            return new PlainEditOutcome.NotUnderstood(instruction, "It asks for nothing.");
        }

        foreach (var part in parts)
        {
            var reading = ReadOne(part, contract);
            if (reading.Fault is { } fault)
            {
                return new PlainEditOutcome.NotUnderstood(part, fault);
            }

            // The next change is seen from what this one makes: numbers are those that a reader would then see.
            switch (ClauseEditing.Apply(contract, reading.Edits))
            {
                case EditOutcome.Edited edited:
                    contract = edited.Contract;
                    break;
                case EditOutcome.Refused refused:
                    return new PlainEditOutcome.NotUnderstood(part, refused.Reason);
            }

            edits.AddRange(reading.Edits);
            notes.AddRange(reading.Notes);
        }

        return new PlainEditOutcome.Understood(edits, notes);
    }

    private static PlainReading ReadOne(string part, ContractText contract) =>
        WordEdits.Read(part, contract)
        ?? PartyEdits.Read(part, contract)
        ?? HeadEdits.Read(part, contract)
        ?? PeriodEdits.Read(part, contract)
        ?? ClauseEdits.Read(part, contract)
        ?? PlainReading.Not(
            "This change is not understood without a model. Understood are, for example: replace “A” with “B”; delete clause 5; add a "
                + "non-compete clause; change the governing law to Irish law; change the payment term to 45 days; move clause 3 after 7."
        );

    /// <summary>At line ends, semicolons, and full stops before a new sentence; not inside quotation marks.</summary>
    private static IEnumerable<string> Split(string instruction)
    {
        var start = 0;
        var depth = 0;
        for (var i = 0; i < instruction.Length; i++)
        {
            var c = instruction[i];
            if (c is '“' or '„' || (c == '"' && depth == 0))
            {
                depth = 1;
            }
            else if (c is '”' or '"')
            {
                depth = 0;
            }
            else if (
                depth == 0
                && (
                    c is '\n' or ';'
                    || (
                        c == '.'
                        && (
                            i + 1 == instruction.Length
                            || instruction[i + 1] == '\n'
                            || (
                                instruction[i + 1] == ' '
                                && i + 2 < instruction.Length
                                && char.IsUpper(instruction[i + 2])
                                && !IsAbbreviation(instruction, i)
                            )
                        )
                    )
                )
            )
            {
                yield return instruction[start..i].Trim();
                start = i + 1;
            }
        }

        yield return instruction[start..].Trim();
    }

    /// <summary>"Acme Inc. Ltd", "No. V": one or two letters before the point, or a company's suffix.</summary>
    private static bool IsAbbreviation(string text, int at) =>
        PartyReading.IsCompany(text[Math.Max(0, at - 12)..at]) || (at >= 2 && text[at - 2] is ' ' or '.');
}

/// <summary>The edits of one change, or why there are none.</summary>
internal sealed record PlainReading(IReadOnlyList<ClauseEdit> Edits, IReadOnlyList<string> Notes, string? Fault)
{
    public static PlainReading Of(params IReadOnlyList<ClauseEdit> edits) => new(edits, [], null);

    public static PlainReading Not(string fault) => new([], [], fault);
}
