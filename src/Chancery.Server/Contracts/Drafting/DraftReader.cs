using System.Globalization;
using System.Text;
using System.Text.Json;
using Chancery.Contracts;
using Chancery.Server.Answers.Writing;

namespace Chancery.Server.Contracts.Drafting;

/// <summary>Reads what a model wrote, and says what is wrong with it in words that the model can mend it by.</summary>
internal static class DraftReader
{
    private const int MostClauses = 60;
    private const int MostChildren = 60;
    private const int MostDepth = 4;
    private const int MostHeading = 300;
    private const int MostText = 40_000;
    private const int MostDefinitions = 80;
    private const int MostParties = 20;

    public static Written<DraftPlan> Plan(string answer, DraftWish wish)
    {
        if (JsonAnswer.Find(answer) is not { } plan)
        {
            return Written<DraftPlan>.Wrong("there is no whole JSON object in it.");
        }

        var title = wish.Title ?? Line(JsonAnswer.Text(plan, "title"));
        if (string.IsNullOrEmpty(title))
        {
            return Written<DraftPlan>.Wrong("“title” is missing.");
        }

        var clauses = new List<PlannedClause>();
        foreach (var clause in JsonAnswer.List(plan, "clauses"))
        {
            var heading = clause.ValueKind == JsonValueKind.Object ? Line(JsonAnswer.Text(clause, "heading")) : null;
            if (string.IsNullOrEmpty(heading) || heading.Length > MostHeading)
            {
                return Written<DraftPlan>.Wrong(
                    "each of “clauses” must be an object with a short “heading” and a “purpose”."
                );
            }

            clauses.Add(new PlannedClause(heading, Line(JsonAnswer.Text(clause, "purpose")) ?? ""));
        }

        if (clauses.Count is 0 or > MostClauses)
        {
            return Written<DraftPlan>.Wrong($"“clauses” must hold 1 to {MostClauses} clauses; it has {clauses.Count}.");
        }

        if (
            !TryDate(plan, "effective_date", out var effective)
            || !TryDate(plan, "end_date", out var end)
            || (effective is { } from && end < from)
        )
        {
            return Written<DraftPlan>.Wrong(
                "dates must be null or as 2026-01-31, and the end not before the beginning."
            );
        }

        Party[] parties =
        [
            .. JsonAnswer
                .List(plan, "parties")
                .Where(party => party.ValueKind == JsonValueKind.Object)
                .Select(party => new Party(
                    Line(JsonAnswer.Text(party, "name")) ?? "",
                    Line(JsonAnswer.Text(party, "role")) is { Length: > 0 } role ? role : null
                ))
                .Where(party => party.Name.Length > 0)
                .Take(MostParties),
        ];
        return Written<DraftPlan>.Of(
            new DraftPlan(
                title,
                wish.Type ?? TypeOf(JsonAnswer.Text(plan, "type")),
                wish.Language
                    ?? (Line(JsonAnswer.Text(plan, "language")) is { Length: > 0 and <= 35 } tag ? tag : "en"),
                wish.Parties.Count > 0 ? wish.Parties : parties,
                wish.EffectiveDate ?? effective,
                end,
                wish.GoverningLaw ?? (Line(JsonAnswer.Text(plan, "governing_law")) is { Length: > 0 } law ? law : null),
                [
                    .. JsonAnswer
                        .List(plan, "definitions")
                        .Where(one => one.ValueKind == JsonValueKind.String)
                        .Select(one => Line(one.GetString())!)
                        .Where(term => term.Length is > 0 and <= 100)
                        .Distinct(StringComparer.Ordinal)
                        .Take(MostDefinitions),
                ],
                clauses
            )
        );
    }

    /// <param name="heading">What the plan calls it, where the answer gives none.</param>
    public static Written<WrittenClause> Clause(string answer, string heading)
    {
        if (JsonAnswer.Find(answer) is not { } clause)
        {
            return Written<WrittenClause>.Wrong("there is no whole JSON object in it.");
        }

        var written = Read(clause, 0, out var fault);
        if (written is null)
        {
            return Written<WrittenClause>.Wrong(fault!);
        }

        return IsEmpty(written)
            ? Written<WrittenClause>.Wrong("neither “text” nor “children” says anything.")
            : Written<WrittenClause>.Of(written.Heading.Length > 0 ? written : written with { Heading = heading });
    }

    /// <summary>One clause out of JSON with what is under it; null and what is wrong where that cannot be.</summary>
    public static WrittenClause? Read(JsonElement clause, int depth, out string? fault)
    {
        fault = null;
        if (clause.ValueKind != JsonValueKind.Object || depth >= MostDepth)
        {
            fault = $"a clause must be an object, at most {MostDepth} levels deep.";
            return null;
        }

        var heading = Line(JsonAnswer.Text(clause, "heading")) ?? "";
        var text = Paragraphs(JsonAnswer.Text(clause, "text") ?? "");
        var below = JsonAnswer.List(clause, "children");
        if (heading.Length > MostHeading || text.Length > MostText || below.Count > MostChildren)
        {
            fault =
                $"a heading has at most {MostHeading} characters, a text {MostText}, and a clause {MostChildren} sub-clauses.";
            return null;
        }

        var children = new List<WrittenClause>(below.Count);
        foreach (var child in below)
        {
            // Some write sub-clauses as plain strings.
            var read =
                child.ValueKind == JsonValueKind.String
                    ? new WrittenClause("", Paragraphs(child.GetString()!), [], [])
                    : Read(child, depth + 1, out fault);
            if (read is null)
            {
                return null;
            }

            if (!IsEmpty(read))
            {
                children.Add(read);
            }
        }

        return new WrittenClause(heading, text, children, JsonAnswer.Numbers(clause, "sources"));
    }

    /// <summary>On one line, without what is not seen.</summary>
    public static string? Line(string? text) =>
        text is null ? null : string.Join(' ', Clean(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>A paragraph a line, none empty.</summary>
    public static string Paragraphs(string text) =>
        string.Join(
            '\n',
            Clean(text.ReplaceLineEndings("\n"))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        );

    private static bool IsEmpty(WrittenClause clause) => clause.Text.Length == 0 && clause.Children.Count == 0;

    private static string Clean(string text)
    {
        if (!text.Any(c => (char.IsControl(c) && c is not '\n') || char.IsSurrogate(c) || c == '\u200b'))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\t')
            {
                clean.Append(rune.Value == '\t' ? ' ' : '\n');
            }
            else if (
                Rune.GetUnicodeCategory(rune)
                is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate)
            )
            {
                clean.Append(rune.ToString());
            }
        }

        return clean.ToString();
    }

    private static bool TryDate(JsonElement plan, string name, out DateOnly? date)
    {
        date = null;
        if (JsonAnswer.Text(plan, name) is not { Length: > 0 } text || text == "null")
        {
            return true;
        }

        var isDate = DateOnly.TryParseExact(
            text,
            "yyyy-MM-dd",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var day
        );
        date = isDate ? day : null;
        return isDate;
    }

    private static string TypeOf(string? named)
    {
        var type = new string([
            .. (named ?? "").Trim().ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'),
        ]);
        return type.Length is > 0 and <= 40 ? type : "other";
    }
}
