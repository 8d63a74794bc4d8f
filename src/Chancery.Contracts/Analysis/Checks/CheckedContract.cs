namespace Chancery.Contracts.Analysis.Checks;

/// <summary>A contract as checks and rules look at it: what all of them need, once. Immutable after it was made.</summary>
internal sealed class CheckedContract
{
    private readonly Dictionary<Guid, CheckedClause> _byId;

    public CheckedContract(ContractText contract)
    {
        Contract = contract;
        Numbers = ClauseNumbers.Of(contract);
        Clauses = [.. contract.Walk().Select(placed => new CheckedClause(placed))];
        _byId = Clauses.DistinctBy(clause => clause.Id).ToDictionary(clause => clause.Id);
    }

    public ContractText Contract { get; }

    public ClauseNumbers Numbers { get; }

    /// <summary>In the order of reading.</summary>
    public IReadOnlyList<CheckedClause> Clauses { get; }

    public bool IsGerman => Contract.Language.StartsWith("de", StringComparison.OrdinalIgnoreCase);

    public bool Has(Guid clause) => _byId.ContainsKey(clause);

    /// <summary>The clauses that show a type, by themselves or because of what they stand under.</summary>
    public IEnumerable<CheckedClause> Showing(ClauseType type)
    {
        var shown = new HashSet<Guid>();
        foreach (var clause in Clauses)
        {
            if (
                clause.Types.Any(own => ClauseTypes.Answers(own, type))
                || (clause.Types.Count == 0 && clause.Parent is { } parent && shown.Contains(parent.Id))
            )
            {
                shown.Add(clause.Id);
                yield return clause;
            }
        }
    }

    /// <summary>How a finding names a clause: "Section 4.2", "the clause “Term”".</summary>
    public string NameOf(CheckedClause clause) =>
        Numbers.LabelOf(clause.Id).Length > 0 ? $"Section {Numbers.ReferenceOf(clause.Id)}"
        : clause.Clause.Heading.Length > 0 ? $"“{clause.Clause.Heading}”"
        : "an unnumbered clause";
}

/// <summary>A clause where it stands, with what it is about.</summary>
internal sealed class CheckedClause(PlacedClause placed)
{
    public Clause Clause => placed.Clause;

    public Clause? Parent => placed.Parent;

    public Guid Id => placed.Clause.Id;

    /// <summary>Its text with references blanked out: places in it are places in the clause's own.</summary>
    public string Text { get; } = Mask(placed.Clause.Text);

    public IReadOnlyList<ClauseType> Types { get; } = ClauseTypes.RecogniseAll(placed.Clause, placed.Parent);

    public Finding Finding(string rule, FindingSeverity severity, string message, int start = 0, int length = 0) =>
        new(rule, severity, message)
        {
            ClauseId = Id,
            Start = start,
            Length = length,
        };

    public Finding HeadingFinding(string rule, FindingSeverity severity, string message) =>
        new(rule, severity, message)
        {
            ClauseId = Id,
            Part = ClausePart.Heading,
            Length = Clause.Heading.Length,
        };

    private static string Mask(string text) =>
        ClauseReference.Replace(text, id => new string(' ', ClauseReference.To(id).Length));
}
