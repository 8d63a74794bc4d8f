namespace Chancery.Bench.Contracts;

/// <summary>A category of CUAD as somebody would ask for it, written down before any search was made.</summary>
/// <param name="Name">As <c>spans.jsonl</c> has it.</param>
/// <param name="IsHead">Facts that stand in a contract's title and first paragraph, where no clause deals with them.</param>
internal sealed record CuadCategory(string Name, string Query, bool IsHead = false)
{
    public static IReadOnlyList<CuadCategory> All { get; } =
    [
        new("Document Name", "name of the agreement", IsHead: true),
        new("Parties", "parties to the agreement", IsHead: true),
        new("Agreement Date", "date of the agreement", IsHead: true),
        new("Effective Date", "effective date", IsHead: true),
        new("Expiration Date", "expiration date of the initial term"),
        new("Renewal Term", "renewal term"),
        new("Notice Period To Terminate Renewal", "notice period to terminate renewal"),
        new("Governing Law", "governing law"),
        new("Most Favored Nation", "most favored nation"),
        new("Non-Compete", "non-compete"),
        new("Exclusivity", "exclusivity"),
        new("No-Solicit Of Customers", "no solicitation of customers"),
        new("Competitive Restriction Exception", "exception to the competitive restriction"),
        new("No-Solicit Of Employees", "no solicitation of employees"),
        new("Non-Disparagement", "non-disparagement"),
        new("Termination For Convenience", "termination for convenience"),
        new("Rofr/Rofo/Rofn", "right of first refusal, first offer or first negotiation"),
        new("Change Of Control", "change of control"),
        new("Anti-Assignment", "restriction on assignment"),
        new("Revenue/Profit Sharing", "revenue or profit sharing"),
        new("Price Restrictions", "price restrictions"),
        new("Minimum Commitment", "minimum commitment"),
        new("Volume Restriction", "volume restriction"),
        new("Ip Ownership Assignment", "assignment of ownership of intellectual property"),
        new("Joint Ip Ownership", "joint ownership of intellectual property"),
        new("License Grant", "license grant"),
        new("Non-Transferable License", "non-transferable license"),
        new("Affiliate License-Licensor", "license of the licensor's affiliates"),
        new("Affiliate License-Licensee", "license to the licensee's affiliates"),
        new("Unlimited/All-You-Can-Eat-License", "unlimited license"),
        new("Irrevocable Or Perpetual License", "irrevocable or perpetual license"),
        new("Source Code Escrow", "source code escrow"),
        new("Post-Termination Services", "services after termination"),
        new("Audit Rights", "audit rights"),
        new("Uncapped Liability", "uncapped liability"),
        new("Cap On Liability", "cap on liability"),
        new("Liquidated Damages", "liquidated damages"),
        new("Warranty Duration", "duration of the warranty"),
        new("Insurance", "insurance"),
        new("Covenant Not To Sue", "covenant not to sue"),
        new("Third Party Beneficiary", "third party beneficiary"),
    ];
}
