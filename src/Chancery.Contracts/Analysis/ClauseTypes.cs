namespace Chancery.Contracts.Analysis;

/// <summary>What clauses are about, by the words of their heading and of their text; English and German.</summary>
public static class ClauseTypes
{
    /// <summary>The type that a clause shows most; null: none.</summary>
    /// <param name="parent">What it stands under: its heading counts a little for what has none of its own.</param>
    public static ClauseType? Recognise(Clause clause, Clause? parent = null) =>
        ClauseEvidence.Shipped.Weigh(clause.Heading, clause.Text, parent?.Heading) is [var first, ..]
            ? first.Type
            : null;

    /// <summary>Every type that a clause shows, the strongest first: a clause may say two things.</summary>
    /// <inheritdoc cref="Recognise" path="/param"/>
    public static IReadOnlyList<ClauseType> RecogniseAll(Clause clause, Clause? parent = null) =>
        [.. ClauseEvidence.Shipped.Weigh(clause.Heading, clause.Text, parent?.Heading).Select(weighed => weighed.Type)];

    /// <summary>The types of every clause of a contract, by its id; clauses that show none are left out.</summary>
    public static IReadOnlyDictionary<Guid, IReadOnlyList<ClauseType>> In(ContractText contract)
    {
        var types = new Dictionary<Guid, IReadOnlyList<ClauseType>>();
        foreach (var placed in contract.Walk())
        {
            if (RecogniseAll(placed.Clause, placed.Parent) is { Count: > 0 } shown)
            {
                types.TryAdd(placed.Clause.Id, shown);
            }
        }

        return types;
    }

    /// <summary>The type that people call so: "non-compete", "NDA clause", "Haftungsbeschränkung"; null: no such type.</summary>
    public static ClauseType? Called(string phrase) => ClauseEvidence.Shipped.Called(phrase);

    /// <summary>What the type is called: in German for "de…", else in English.</summary>
    public static string NameOf(ClauseType type, string language = "en") =>
        ClauseEvidence.Shipped.NameOf(type, language);

    /// <summary>Whether clauses of type <paramref name="shown"/> answer somebody who asks for <paramref name="asked"/>.</summary>
    public static bool Answers(ClauseType shown, ClauseType asked) =>
        shown == asked
        || asked == ClauseType.Termination
            && shown is ClauseType.TerminationForCause or ClauseType.TerminationForConvenience;
}
