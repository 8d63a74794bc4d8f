using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Analysis.Rules;

/// <summary>Writes another law into the clauses that choose one, and into those on its courts.</summary>
internal static class LawReplacement
{
    /// <summary>The names under which a text may have a law, the longest first.</summary>
    public static IEnumerable<string> NamesOf(string law) =>
        (Laws.Called(law) is { } known ? known.Names.Where(name => char.IsUpper(name[0])) : [])
            .Append(law)
            .Concat(Laws.Called(law) is { } spelled ? spelled.Others.Select(other => other) : [])
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .OrderByDescending(name => name.Length);

    /// <summary>The edits of the clauses that name <paramref name="from"/> as governing law or as the courts' place; none: no clause does.</summary>
    public static IEnumerable<ClauseEdit.ReplaceText> In(ContractText contract, string from, string to)
    {
        var name = Laws.Called(to)?.NameIn(contract.Language) ?? to;
        foreach (var placed in contract.Walk())
        {
            var types = ClauseTypes.RecogniseAll(placed.Clause, placed.Parent);
            if (types.Contains(ClauseType.GoverningLaw) || types.Contains(ClauseType.DisputeResolution))
            {
                var text = Replace(placed.Clause.Text, from, name);
                if (text != placed.Clause.Text)
                {
                    yield return new ClauseEdit.ReplaceText(placed.Clause.Id, text);
                }
            }
        }
    }

    private static string Replace(string text, string from, string to)
    {
        foreach (var name in NamesOf(from))
        {
            for (
                int at;
                (at = Laws.IndexOf(text, name)) >= 0 && !to.Contains(name, StringComparison.OrdinalIgnoreCase);

            )
            {
                text = string.Concat(text.AsSpan(0, at), to, text.AsSpan(at + name.Length));
            }
        }

        return text;
    }
}
