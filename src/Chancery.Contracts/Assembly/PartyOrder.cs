using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>Who is what: parties in the order of a template's roles.</summary>
internal static class PartyOrder
{
    private static readonly (string Name, string[] Roles)[] _sameRoles =
    [
        ("client", ["Customer"]),
        ("buyer", ["Customer"]),
        ("auftraggeber", ["Customer"]),
        ("contractor", ["Supplier"]),
        ("consultant", ["Supplier"]),
        ("vendor", ["Supplier", "Provider"]),
        ("freelancer", ["Supplier"]),
        ("auftragnehmer", ["Supplier"]),
        ("supplier", ["Provider"]),
        ("provider", ["Supplier"]),
        ("company", ["Employer"]),
        ("lessor", ["Landlord"]),
        ("lessee", ["Tenant"]),
        ("disclosing party", ["Discloser"]),
        ("receiving party", ["Recipient"]),
    ];

    /// <param name="isOneSide">Whether only the other side was named: the one that performs, is hired or rents.</param>
    public static IReadOnlyList<Party> Of(
        ContractTemplate template,
        IReadOnlyList<Party> parties,
        bool isOneSide,
        List<string> notes
    )
    {
        if (template.Roles.Count == 0)
        {
            return parties;
        }

        var places = new Party?[template.Roles.Count];
        var left = new List<Party>();
        foreach (var party in parties)
        {
            var at = party.Role is { Length: > 0 } role ? IndexOf(template, role) : -1;
            if (at >= 0 && places[at] is null)
            {
                places[at] = party with { Role = template.Roles[at] };
            }
            else
            {
                left.Add(party);
            }
        }

        var isAssumed = left.Count > 0 && places.All(place => place is null);
        var free = Enumerable.Range(0, places.Length).Where(at => places[at] is null).ToList();
        if (isOneSide || (template.Kind == "employment" && IsPersonFirst(left)))
        {
            free.Reverse();
        }

        foreach (var (party, at) in left.Zip(free))
        {
            places[at] = party with { Role = template.Roles[at] };
        }

        if (isAssumed)
        {
            var roles = places.OfType<Party>().Select(party => $"{party.Name} is the {party.Role}");
            notes.Add($"It was assumed that {string.Join(" and ", roles)}.");
        }

        if (left.Count > free.Count)
        {
            notes.Add(
                $"More parties were named than the template has; left out: {string.Join(", ", left.Skip(free.Count).Select(party => party.Name))}."
            );
        }

        return [.. places.Select((party, at) => party ?? new Party("", template.Roles[at]))];
    }

    private static bool IsPersonFirst(List<Party> parties) =>
        parties.Count == 2 && !PartyReading.IsCompany(parties[0].Name) && PartyReading.IsCompany(parties[1].Name);

    private static int IndexOf(ContractTemplate template, string role)
    {
        var same = template.Roles.ToList().FindIndex(own => own.Equals(role, StringComparison.OrdinalIgnoreCase));
        if (same >= 0)
        {
            return same;
        }

        var known = _sameRoles.FirstOrDefault(known => known.Name.Equals(role, StringComparison.OrdinalIgnoreCase));
        return known.Roles is null ? -1 : template.Roles.ToList().FindIndex(known.Roles.Contains);
    }
}
