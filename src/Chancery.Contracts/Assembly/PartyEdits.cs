using System.Text.RegularExpressions;
using Chancery.Contracts.Editing;

namespace Chancery.Contracts.Assembly;

/// <summary>"Rename Acme GmbH to Acme SE", "rename the Supplier to Contractor": at the head and wherever the text says it.</summary>
internal static class PartyEdits
{
    private static readonly Regex _rename = new(
        @"^(?:rename|change|call|benenne|nenne)\s+(?:the\s+name\s+of\s+|the\s+party\s+|party\s+|die\s+partei\s+)?[""“„']?(?<from>[^""”“]{1,200}?)[""”“']?\s+(?:to|into|in|as|um\s+in)\s+[""“„']?(?<to>[^""”“]{1,200}?)[""”“']?(?:\s+(?:everywhere|throughout|um|überall))?$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    public static PlainReading? Read(string part, ContractText contract)
    {
        if (_rename.Match(part) is not { Success: true } match)
        {
            return null;
        }

        var from = WithoutArticle(match.Groups["from"].Value);
        var to = WithoutArticle(match.Groups["to"].Value);
        var parties = contract.Parties.ToList();
        var byName = parties.FindIndex(party => party.Name.Equals(from, StringComparison.OrdinalIgnoreCase));
        var byRole = parties.FindIndex(party => from.Equals(party.Role, StringComparison.OrdinalIgnoreCase));
        if (byName < 0 && byRole < 0)
        {
            return null;
        }

        var at = byName >= 0 ? byName : byRole;
        var old = byName >= 0 ? parties[at].Name : parties[at].Role!;
        if (
            parties.Exists(party =>
                party.Name.Equals(to, StringComparison.OrdinalIgnoreCase)
                || to.Equals(party.Role, StringComparison.OrdinalIgnoreCase)
            )
        )
        {
            return PlainReading.Not($"“{to}” is a party already.");
        }

        parties[at] = byName >= 0 ? parties[at] with { Name = to } : parties[at] with { Role = to };
        return PlainReading.Of([
            new ClauseEdit.SetField(ContractField.Parties, null, parties),
            .. WordEdits.Everywhere(contract.Walk().Select(placed => placed.Clause), old, to),
        ]);
    }

    private static string WithoutArticle(string name)
    {
        var bare = name.Trim();
        return bare.StartsWith("the ", StringComparison.OrdinalIgnoreCase) ? bare[4..] : bare;
    }
}
