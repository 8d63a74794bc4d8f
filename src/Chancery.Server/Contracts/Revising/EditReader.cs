using System.Text.Json;
using System.Text.RegularExpressions;
using Chancery.Contracts;
using Chancery.Contracts.Editing;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Contracts.Drafting;

namespace Chancery.Server.Contracts.Revising;

/// <summary>What a model wants to change, in its own words and ours.</summary>
/// <param name="Note">For whoever asked.</param>
internal sealed record WrittenEdits(IReadOnlyList<ClauseEdit> Edits, string? Note, IReadOnlyList<int> Sources);

/// <summary>Reads the edits that a model wrote, and says what is wrong with them in words that it can mend them by.</summary>
/// <param name="shown">The clauses whose words it was shown: it cannot know what it would replace of others.</param>
/// <param name="selected">The only clauses that may be changed; empty for all.</param>
internal sealed partial class EditReader(
    ContractText contract,
    ContractOutline outline,
    IReadOnlySet<Guid> shown,
    IReadOnlySet<Guid> selected
)
{
    private const int MostEdits = 500;

    public Written<WrittenEdits> Read(string answer)
    {
        if (JsonAnswer.Find(answer) is not { } root || !root.TryGetProperty("edits", out var list))
        {
            return Written<WrittenEdits>.Wrong("there is no whole JSON object with “edits” in it.");
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MostEdits)
        {
            return Written<WrittenEdits>.Wrong($"“edits” must be an array of at most {MostEdits}.");
        }

        var edits = new List<ClauseEdit>();
        foreach (var one in list.EnumerateArray())
        {
            if (ReadEdit(one, out var fault) is not { } edit)
            {
                return Written<WrittenEdits>.Wrong($"edit {edits.Count + 1}: {fault}");
            }

            edits.Add(edit);
        }

        if (ClauseEditing.Apply(contract, edits) is EditOutcome.Refused refused)
        {
            return Written<WrittenEdits>.Wrong($"edit {refused.Index + 1}: {refused.Reason}");
        }

        return Written<WrittenEdits>.Of(
            new WrittenEdits(
                edits,
                DraftReader.Line(JsonAnswer.Text(root, "note")),
                JsonAnswer.Numbers(root, "sources")
            )
        );
    }

    private ClauseEdit? ReadEdit(JsonElement edit, out string? fault)
    {
        fault = null;
        if (edit.ValueKind != JsonValueKind.Object)
        {
            fault = "it must be an object.";
            return null;
        }

        switch (JsonAnswer.Text(edit, "op"))
        {
            case "replace_text" when Changeable(edit, out var id, out fault):
                if (JsonAnswer.Text(edit, "text") is not { } text)
                {
                    fault = "“text” is missing.";
                    return null;
                }

                if (!shown.Contains(id))
                {
                    fault = $"the words of {outline.MarkOf(id)} were left out, so that it cannot be replaced.";
                    return null;
                }

                return new ClauseEdit.ReplaceText(id, Referring(DraftReader.Paragraphs(text)));
            case "replace_heading" when Changeable(edit, out var id, out fault):
                return new ClauseEdit.ReplaceHeading(id, DraftReader.Line(JsonAnswer.Text(edit, "heading")) ?? "");
            case "delete" when Changeable(edit, out var id, out fault):
                return new ClauseEdit.Delete(id);
            case "move" when Changeable(edit, out var id, out fault):
                return Near(edit, out var place, out var near, out fault) ? new ClauseEdit.Move(id, place, near) : null;
            case "insert":
                if (!Near(edit, out var where, out var beside, out fault))
                {
                    return null;
                }

                if (
                    !edit.TryGetProperty("clause", out var written)
                    || DraftReader.Read(written, 0, out fault) is not { } clause
                )
                {
                    fault ??= "“clause” is missing.";
                    return null;
                }

                return new ClauseEdit.Insert(where, beside, NewClauseOf(clause));
            case "set_field":
                return FieldOf(edit, out fault);
            case "replace_text" or "replace_heading" or "delete" or "move":
                return null;
            default:
                fault = "“op” is none of replace_text, replace_heading, insert, delete, move, set_field.";
                return null;
        }
    }

    private bool Changeable(JsonElement edit, out Guid id, out string? fault)
    {
        var mark = JsonAnswer.Text(edit, "clause");
        fault =
            outline.IdOf(mark) is not { } found ? $"there is no clause {mark ?? "(no mark)"}."
            : selected.Count > 0 && !selected.Contains(found) ? $"{mark} is not among the clauses that may be changed."
            : null;
        id = outline.IdOf(mark) ?? Guid.Empty;
        return fault is null;
    }

    private bool Near(JsonElement edit, out ClausePosition place, out Guid? near, out string? fault)
    {
        place = ClausePosition.After;
        var mark = JsonAnswer.Text(edit, "near");
        near = outline.IdOf(mark);
        if (near is null)
        {
            fault = $"there is no clause {mark ?? "(no mark)"} to be near.";
            return false;
        }

        if (selected.Count > 0 && !selected.Contains(near.Value))
        {
            fault = $"{mark} is not among the clauses that may be changed.";
            return false;
        }

        fault = Enum.TryParse(JsonAnswer.Text(edit, "place"), ignoreCase: true, out place)
            ? null
            : "“place” must be before, after or under.";
        return fault is null;
    }

    private ClauseEdit.SetField? FieldOf(JsonElement edit, out string? fault)
    {
        fault = null;
        if (selected.Count > 0)
        {
            fault = "only the selected clauses may be changed.";
            return null;
        }

        ContractField? field = JsonAnswer.Text(edit, "field") switch
        {
            "title" => ContractField.Title,
            "governing_law" => ContractField.GoverningLaw,
            "effective_date" => ContractField.EffectiveDate,
            "end_date" => ContractField.EndDate,
            "language" => ContractField.Language,
            _ => null,
        };
        if (field is null)
        {
            fault = "“field” is none of title, governing_law, effective_date, end_date, language.";
            return null;
        }

        return new ClauseEdit.SetField(field.Value, DraftReader.Line(JsonAnswer.Text(edit, "value")));
    }

    private NewClause NewClauseOf(WrittenClause clause) =>
        new(
            clause.Heading,
            Referring(clause.Text),
            Children: [.. clause.Children.Select(NewClauseOf)],
            Id: Guid.CreateVersion7()
        );

    /// <summary>With the marks that a model writes for clauses as references; one that no clause has stays as it is.</summary>
    private string Referring(string text) =>
        Mark()
            .Replace(
                text,
                match => outline.IdOf(match.Groups[1].Value) is { } id ? ClauseReference.To(id) : match.Groups[1].Value
            );

    [GeneratedRegex(@"\{\{(c\d{1,5})\}\}")]
    private static partial Regex Mark();
}
