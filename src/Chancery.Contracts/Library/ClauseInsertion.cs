using Chancery.Contracts.Analysis;
using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Library;

/// <summary>Where a clause that a contract lacks belongs, and the edit that puts it there.</summary>
internal static class ClauseInsertion
{
    /// <summary>The shipped clause with the contract's parties, dates and law in its blanks.</summary>
    public static ClauseEdit.Insert Of(
        ContractText contract,
        LibraryClause clause,
        IReadOnlyDictionary<string, string>? variables = null
    )
    {
        var values = new TemplateValues
        {
            Parties = contract.Parties,
            EffectiveDate = contract.EffectiveDate,
            GoverningLaw = contract.GoverningLaw,
            Variables = variables ?? new Dictionary<string, string>(),
        };
        var filled = TemplateFilling.Fill([clause.Content], clause.Variables, clause.Language, values);
        return At(contract, clause.Type, ToNew(filled.Clauses[0]));
    }

    public static ClauseEdit.Insert At(ContractText contract, ClauseType? type, NewClause clause)
    {
        var (place, near) = PlaceFor(contract, type);
        return new ClauseEdit.Insert(place, near, clause);
    }

    /// <summary>
    /// The types are in the order in which contracts have them: a clause goes behind the last one of its own type, else behind the last
    /// one that comes before it in that order; what has no type goes before what closes the contract.
    /// </summary>
    public static (ClausePosition Place, Guid? Near) PlaceFor(ContractText contract, ClauseType? type)
    {
        var order = type ?? ClauseType.ForceMajeure;
        var types = contract.Clauses.Select(clause => (clause.Id, Type: ClauseTypes.Recognise(clause))).ToList();
        if (types.FindLastIndex(known => known.Type == order) is >= 0 and var same)
        {
            return (ClausePosition.After, types[same].Id);
        }

        // Stray early types near the end (a "General" clause that is taken for another) must not pull a clause behind the signatures.
        var end = types.FindIndex(known =>
            known.Type is ClauseType.Signatures or ClauseType.GoverningLaw or ClauseType.Counterparts
        );
        var inner = end > 0 ? types[..end] : types;
        var before = inner.FindLastIndex(known => known.Type < order);
        return before >= 0 ? (ClausePosition.After, inner[before].Id)
            : end >= 0 ? (ClausePosition.Before, types[end].Id)
            : types.Count > 0 ? (ClausePosition.After, types[^1].Id)
            : (ClausePosition.Under, null);
    }

    private static NewClause ToNew(Clause clause) =>
        new(clause.Heading, clause.Text, clause.IsNumbered, [.. clause.Children.Select(ToNew)], clause.Id);
}
