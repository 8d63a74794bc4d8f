namespace Chancery.Contracts;

/// <summary>What keeps a tree of clauses from being a contract: found without recursion, so that no depth can end the process.</summary>
internal static class ContractFaults
{
    /// <summary>How many faults are told; whoever mends these asks again.</summary>
    public const int MostNamed = 20;

    public static IReadOnlyList<string> Of(ContractText contract)
    {
        var faults = new List<string>();
        if (contract.Title.AsSpan().ContainsAny('\n', '\r'))
        {
            faults.Add("The title has several lines.");
        }

        if (HasControl(contract.Title))
        {
            faults.Add("The title has control characters.");
        }

        var seen = new HashSet<Guid>();
        long characters = contract.Title.Length;
        var clauses = 0;
        foreach (var (clause, depth) in Descend(contract.Clauses))
        {
            if (++clauses > ContractText.MostClauses)
            {
                faults.Add($"There are more than {ContractText.MostClauses:N0} clauses.");
                return faults;
            }

            if (depth >= ContractText.MostDepth)
            {
                // What stands below is not looked at: each would be the same fault again.
                faults.Add($"Clause {clause.Id} stands below {ContractText.MostDepth} levels of clauses.");
                return faults;
            }

            characters += clause.Heading.Length + clause.Text.Length;
            faults.AddRange(Of(clause, seen));
            if (faults.Count >= MostNamed)
            {
                return faults.GetRange(0, MostNamed);
            }
        }

        if (characters > ContractText.MostCharacters)
        {
            faults.Add($"There are more than {ContractText.MostCharacters:N0} characters.");
        }

        return faults;
    }

    /// <exception cref="ArgumentException">
    /// An id is there twice, or there are more clauses, levels or characters than a contract may have.
    /// </exception>
    public static void ThrowIfMisshapen(ContractText contract, string parameter)
    {
        if (FindMisshape(contract) is { } fault)
        {
            throw new ArgumentException(fault, parameter);
        }
    }

    /// <summary>What keeps it from being worked on as a tree; null: nothing does.</summary>
    public static string? FindMisshape(ContractText contract)
    {
        var seen = new HashSet<Guid>();
        long characters = 0;
        foreach (var (clause, depth) in Descend(contract.Clauses))
        {
            characters += clause.Heading.Length + clause.Text.Length;
            var fault =
                depth >= ContractText.MostDepth ? $"Clause {clause.Id} stands below {ContractText.MostDepth} levels."
                : !seen.Add(clause.Id) ? $"Clause {clause.Id} is there twice."
                : seen.Count > ContractText.MostClauses ? $"There are more than {ContractText.MostClauses} clauses."
                : characters > ContractText.MostCharacters
                    ? $"There are more than {ContractText.MostCharacters} characters."
                : null;
            if (fault is not null)
            {
                return fault;
            }
        }

        return null;
    }

    private static IEnumerable<string> Of(Clause clause, HashSet<Guid> seen)
    {
        if (!seen.Add(clause.Id))
        {
            yield return $"Clause {clause.Id} is there twice.";
        }

        if (clause.Heading.AsSpan().ContainsAny('\n', '\r'))
        {
            yield return $"The heading of clause {clause.Id} has several lines.";
        }

        if (HasControl(clause.Heading) || HasControl(clause.Text))
        {
            yield return $"Clause {clause.Id} has control characters.";
        }
    }

    /// <summary>Lines are ended by '\n' alone; a tab is a space.</summary>
    private static bool HasControl(string text)
    {
        foreach (var character in text)
        {
            if (char.IsControl(character) && character is not ('\n' or '\t'))
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<(Clause Clause, int Depth)> Descend(IReadOnlyList<Clause> top)
    {
        var open = new Stack<(IReadOnlyList<Clause> Siblings, int Next)>();
        open.Push((top, 0));
        while (open.TryPop(out var level))
        {
            if (level.Next == level.Siblings.Count)
            {
                continue;
            }

            var clause = level.Siblings[level.Next];
            yield return (clause, open.Count);
            open.Push((level.Siblings, level.Next + 1));
            open.Push((clause.Children, 0));
        }
    }
}
