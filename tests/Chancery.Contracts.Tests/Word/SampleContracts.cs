namespace Chancery.Contracts.Tests.Word;

/// <summary>A services agreement of our own writing, and what a negotiation made of it.</summary>
internal static class SampleContracts
{
    private static readonly Guid[] Ids =
    [
        .. Enumerable.Range(1, 40).Select(n => new Guid(n, 0, 7, [8, 0, 0, 0, 0, 0, 0, 1])),
    ];

    public static ContractText Services { get; } =
        new()
        {
            Title = "Consulting Services Agreement",
            Parties =
            [
                new Party("Northwind Advisory Ltd", "Consultant", "14 Harbour Row, Bristol BS1 6QF"),
                new Party("Meridian Tools GmbH", "Client", "Hafenstraße 8, 20457 Hamburg"),
            ],
            EffectiveDate = new DateOnly(2026, 3, 1),
            EndDate = new DateOnly(2028, 2, 29),
            GoverningLaw = "England and Wales",
            Language = "en-GB",
            Clauses =
            [
                new Clause(Ids[0])
                {
                    Heading = "Background",
                    IsNumbered = false,
                    Text =
                        "The Consultant advises makers of hand tools on the planning of their production.\nThe Client wishes to receive such advice, and the Consultant is willing to give it, on the terms of this Agreement.",
                },
                new Clause(Ids[1])
                {
                    Heading = "Definitions",
                    Text = "In this Agreement:",
                    Children =
                    [
                        new Clause(Ids[2])
                        {
                            Text =
                                "“Confidential Information” means all information that one party discloses to the other in connection with the Services and that is marked as confidential or would be understood to be so;",
                        },
                        new Clause(Ids[3])
                        {
                            Text = "“Fees” means the amounts payable under Section " + Ref(7) + "; and",
                        },
                        new Clause(Ids[4])
                        {
                            Text = "“Services” means the advice described in each Statement of Work.",
                        },
                    ],
                },
                new Clause(Ids[5])
                {
                    Heading = "Services",
                    Children =
                    [
                        new Clause(Ids[6])
                        {
                            Text =
                                "The Consultant shall perform the Services with reasonable skill and care and by suitably qualified persons.",
                            Children =
                            [
                                new Clause(Ids[20]) { Text = "It shall keep to the dates of the Statement of Work;" },
                                new Clause(Ids[21])
                                {
                                    Text =
                                        "it shall tell the Client without delay of anything that endangers them; and",
                                    Children =
                                    [
                                        new Clause(Ids[22]) { Text = "say what it proposes to do about it, and" },
                                        new Clause(Ids[23]) { Text = "by when." },
                                    ],
                                },
                            ],
                        },
                        new Clause(Ids[24])
                        {
                            Text =
                                "The Client shall give the Consultant the access and information that the Services need.",
                        },
                    ],
                },
                new Clause(Ids[7])
                {
                    Heading = "Fees and payment",
                    Children =
                    [
                        new Clause(Ids[8])
                        {
                            Heading = "Fees",
                            Text = "The Client shall pay the Fees stated in each Statement of Work.",
                        },
                        new Clause(Ids[9])
                        {
                            Heading = "Invoices",
                            Text =
                                "The Consultant shall invoice monthly in arrears. The Client shall pay each invoice within thirty (30) days of its receipt.",
                        },
                        new Clause(Ids[10])
                        {
                            Heading = "Late payment",
                            Text =
                                "If the Client does not pay on time, it owes interest at four per cent a year above the base rate of the Bank of England.",
                        },
                    ],
                },
                new Clause(Ids[11])
                {
                    Heading = "Confidentiality",
                    Text =
                        "Each party shall keep the other’s Confidential Information secret and use it for the Services only.\nThis does not apply to what is public, was known before, or must be disclosed by law.",
                },
                new Clause(Ids[12])
                {
                    Heading = "Limitation of liability",
                    Text =
                        "Neither party is liable for indirect loss. The liability of each party in a year is limited to the Fees paid in the twelve months before the claim arose. Nothing limits liability for death, personal injury or fraud.",
                },
                new Clause(Ids[13])
                {
                    Heading = "Term and termination",
                    Children =
                    [
                        new Clause(Ids[14])
                        {
                            Text =
                                "This Agreement begins on its effective date and runs for two years, unless it is terminated under Section "
                                + Ref(15)
                                + ".",
                        },
                        new Clause(Ids[15])
                        {
                            Text =
                                "Either party may terminate this Agreement by giving the other ninety (90) days’ notice in writing.",
                        },
                        new Clause(Ids[16])
                        {
                            Text =
                                "Sections "
                                + Ref(11)
                                + " and "
                                + Ref(12)
                                + " remain in force after this Agreement has ended.",
                        },
                    ],
                },
                new Clause(Ids[17])
                {
                    Heading = "Governing law and jurisdiction",
                    Text =
                        "This Agreement is governed by the law of England and Wales. The courts of London have jurisdiction.",
                },
                new Clause(Ids[18])
                {
                    Heading = "Signatures",
                    IsNumbered = false,
                    Text = "For the Consultant: ____________________\nFor the Client: ____________________",
                },
            ],
        };

    /// <summary>Words changed, clauses added, dropped, moved and put under others, a party's role and the end date changed.</summary>
    public static ContractText Negotiated { get; } = Negotiate();

    private static string Ref(int clause) => ClauseReference.To(Ids[clause]);

    private static ContractText Negotiate()
    {
        var at = Services.Walk().ToDictionary(placed => placed.Clause.Id, placed => placed.Clause);
        Clause Get(int n) => at[Ids[n]];

        return Services with
        {
            Parties =
            [
                Services.Parties[0],
                Services.Parties[1] with
                {
                    Role = "Customer",
                },
                new Party("Meridian Services AG", "Guarantor"),
            ],
            EndDate = new DateOnly(2029, 2, 28),
            Clauses =
            [
                Get(0),
                Get(1),
                Get(5) with
                {
                    Heading = "The Services",
                    Children =
                    [
                        Get(6) with
                        {
                            Children = [Get(20), Get(21) with { Children = [Get(22)] }],
                        },
                        new Clause(Ids[30])
                        {
                            Text = "The Consultant may use subcontractors only with the Client’s consent.",
                        },
                        Get(24),
                    ],
                },
                // Confidentiality now stands before the fees, and its first paragraph is two.
                Get(11) with
                {
                    Text =
                        "Each party shall keep the other’s Confidential Information strictly secret.\nIt shall use it for the Services only, and for five years after this Agreement has ended.\nThis does not apply to what is public, was known before, or must be disclosed by law.",
                },
                Get(7) with
                {
                    Children =
                    [
                        Get(8),
                        Get(9) with
                        {
                            Text =
                                "The Consultant shall invoice quarterly in arrears. The Client shall pay each undisputed invoice within forty-five (45) days of its receipt.",
                        },
                    ],
                },
                Get(12) with
                {
                    Text =
                        "Neither party is liable for indirect loss. The liability of each party in a year is limited to twice the Fees paid in the twelve months before the claim arose. Nothing limits liability for death, personal injury or fraud.",
                },
                new Clause(Ids[31])
                {
                    Heading = "Data protection",
                    Text =
                        "Where the Consultant processes personal data for the Client, it does so on the Client’s instructions only.",
                },
                Get(13) with
                {
                    Children =
                    [
                        Get(14),
                        Get(15) with
                        {
                            Text =
                                "Either party may terminate this Agreement by giving the other thirty (30) days’ notice in writing.",
                        },
                        Get(16),
                    ],
                },
                Get(17),
                Get(18),
            ],
        };
    }
}
