using Chancery.Contracts.Analysis;
using Chancery.Contracts.Assembly;

namespace Chancery.Contracts.Tests.Assembly;

public sealed class ContractAssemblyTests
{
    private static readonly DateOnly _today = new(2026, 5, 4);

    [Theory]
    [InlineData(
        "Mutual NDA between Acme GmbH and Beta Ltd under German law",
        "mutual-nda",
        "Acme GmbH|Beta Ltd",
        "Germany"
    )]
    [InlineData(
        "I need a one-way non-disclosure agreement between Quillon, Inc. and Harbour Lane LLC, laws of the State of New York.",
        "one-way-nda",
        "Quillon, Inc.|Harbour Lane LLC",
        "New York"
    )]
    [InlineData(
        "Consulting agreement between Beta Ltd (supplier) and Acme GmbH (customer), governed by the laws of England and Wales",
        "services",
        "Acme GmbH|Beta Ltd",
        "England and Wales"
    )]
    [InlineData(
        "employment contract between Robin Vale and Acme GmbH, Swiss law",
        "employment",
        "Acme GmbH|Robin Vale",
        "Switzerland"
    )]
    [InlineData(
        "A lease for an office between Quay Estates Ltd and Acme GmbH under Irish law",
        "lease",
        "Quay Estates Ltd|Acme GmbH",
        "Ireland"
    )]
    [InlineData(
        "SaaS agreement between Acme GmbH and Cloudberry AG, law of Austria",
        "saas",
        "Acme GmbH|Cloudberry AG",
        "Austria"
    )]
    public void The_type_the_parties_and_the_law_are_read(
        string instruction,
        string template,
        string parties,
        string law
    )
    {
        var made = ContractAssembly.Assemble(new AssemblyRequest(instruction) { Today = _today });

        Assert.Equal(template, made.Template);
        Assert.Equal(parties.Split('|'), made.Text.Parties.Select(party => party.Name));
        Assert.Equal(law, made.Text.GoverningLaw);
        Assert.Contains(
            made.Text.Walk(),
            placed => placed.Clause.Text.Contains($"the laws of {law}", StringComparison.Ordinal)
        );
        Assert.Contains(made.Notes, note => note.Contains("not legal advice", StringComparison.Ordinal));
        Assert.Equal(made.Text.Clauses.Select(clause => clause.Id).Order(), made.Origins.Keys.Order());
    }

    [Fact]
    public void Periods_amounts_and_dates_go_to_the_blanks_that_they_are_of()
    {
        var made = Assemble(
            "Services agreement between Acme GmbH and Beta Ltd for the redesign of our web shop, from 1 June 2026, for a term of two years, "
                + "payment within 14 days of invoice, three months' notice, a fee of EUR 9,500 per month, liability capped at EUR 100,000, English law"
        );
        var text = AllText(made.Text);

        Assert.Equal(new DateOnly(2026, 6, 1), made.Text.EffectiveDate);
        Assert.Contains("the redesign of our web shop", text, StringComparison.Ordinal);
        Assert.Contains("an initial term of 2 years", text, StringComparison.Ordinal);
        Assert.Contains("is payable within 14 days", text, StringComparison.Ordinal);
        Assert.Contains("at least 3 months written notice", text, StringComparison.Ordinal);
        Assert.Contains("“Fees” means EUR 9,500 per month", text, StringComparison.Ordinal);
        Assert.Contains("is limited to EUR 100,000", text, StringComparison.Ordinal);
        Assert.DoesNotContain("[●", text, StringComparison.Ordinal);
        Assert.Empty(ContractChecks.Run(made.Text).Select(finding => finding.Message));
    }

    [Fact]
    public void An_employment_contract_is_filled_from_one_sentence()
    {
        var made = Assemble(
            "Hire Robin Vale as head of logistics from 1 July 2026 with a salary of EUR 72,000, 30 days of leave and 38 hours a week; employment contract, German law"
        );
        var text = AllText(made.Text);

        Assert.Equal("employment", made.Template);
        Assert.Equal("Robin Vale", made.Text.Parties[1].Name);
        Assert.Contains("employed as head of logistics", text, StringComparison.Ordinal);
        Assert.Contains("gross salary of EUR 72,000 a year", text, StringComparison.Ordinal);
        Assert.Contains("entitled to 30 working days", text, StringComparison.Ordinal);
        Assert.Contains("are 38 hours a week", text, StringComparison.Ordinal);
        Assert.Contains("[●", made.Text.Parties[0].Name, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_asked_for_beside_the_template_is_put_in_and_what_is_not_wanted_left_out()
    {
        var made = Assemble(
            "SaaS agreement between Acme GmbH and Cloudberry AG under Austrian law with a 6-month non-compete and source code escrow, without publicity"
        );
        var types = ClauseTypes.In(made.Text).Values.SelectMany(shown => shown).ToHashSet();

        Assert.Contains(ClauseType.NonCompete, types);
        Assert.Contains(ClauseType.SourceCodeEscrow, types);
        Assert.DoesNotContain(ClauseType.Publicity, types);
        Assert.Contains("for 6 months after its end", AllText(made.Text), StringComparison.Ordinal);
        Assert.Equal(
            ["non-compete", "source-code-escrow"],
            made.Origins.Values.Where(origin => origin.Kind == ClauseOriginKind.Library)
                .Select(origin => origin.Source)
                .Order()
        );
        Assert.True(IndexOf(made, "Signatures") > IndexOf(made, "Non-compete"));
    }

    [Fact]
    public void Arbitration_takes_the_place_of_courts()
    {
        var made = Assemble(
            "Services agreement between Acme GmbH and Beta Ltd for translations, Swiss law, with arbitration"
        );

        Assert.Contains(made.Text.Clauses, clause => clause.Heading == "Arbitration");
        Assert.DoesNotContain("exclusive jurisdiction", AllText(made.Text), StringComparison.Ordinal);
    }

    [Fact]
    public void The_organisations_best_clause_of_a_type_takes_the_place_of_the_templates()
    {
        var best = Candidate("Insurance", "The supplier keeps insurance of EUR 5,000,000 for each claim.", 0.9);
        var worse = Candidate("Insurance", "The supplier keeps some insurance.", 0.8);
        var poor = Candidate("Force majeure", "Force majeure excuses nobody.", 0.2);
        var asked = Candidate("Payment", "Every invoice is payable within 90 days of its receipt.", 0.9);

        var made = ContractAssembly.Assemble(
            new AssemblyRequest(
                "Services agreement between Acme GmbH and Beta Ltd for translations, payment within 14 days"
            )
            {
                Today = _today,
                Candidates = [worse, best, poor, asked],
            }
        );
        var insurance = made.Text.Clauses.Single(clause => clause.Heading == "Insurance");

        Assert.Equal(best.Text, insurance.Text);
        Assert.Equal(new ClauseOrigin(ClauseOriginKind.Tenant, best.Id.ToString("D"), 0.9), made.Origins[insurance.Id]);
        Assert.Single(made.Origins.Values, origin => origin.Kind == ClauseOriginKind.Tenant);
        Assert.Contains("within 14 days", AllText(made.Text), StringComparison.Ordinal);
        Assert.Contains(made.Notes, note => note.Contains("“Payment” was not used", StringComparison.Ordinal));
    }

    [Fact]
    public void References_to_what_was_replaced_stay_whole_and_those_into_another_contract_are_marked()
    {
        var liability = Candidate(
            "Limitation of liability",
            $"Each party’s total liability is limited to EUR 10,000, subject to Section {ClauseReference.To(Guid.CreateVersion7())}.",
            0.9
        );

        var made = ContractAssembly.Assemble(
            new AssemblyRequest("Services agreement between Acme GmbH and Beta Ltd for translations")
            {
                Today = _today,
                Candidates = [liability],
            }
        );

        Assert.DoesNotContain(ContractChecks.Run(made.Text), finding => finding.Rule == "dangling_reference");
        Assert.Contains("subject to Section [● reference]", AllText(made.Text), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_known_is_marked_and_told()
    {
        var made = Assemble("please write me something");

        Assert.Contains(made.Notes, note => note.Contains("No template was recognised", StringComparison.Ordinal));
        Assert.Contains(made.Notes, note => note == "To be filled in: what the Supplier does.");
        Assert.Contains(ContractChecks.Run(made.Text), finding => finding.Rule == "placeholder");
    }

    [Fact]
    public void Fields_of_the_request_go_before_the_words_of_the_instruction()
    {
        var made = ContractAssembly.Assemble(
            new AssemblyRequest("NDA between Acme GmbH and Beta Ltd under German law from 1 June 2026")
            {
                Today = _today,
                Type = "one-way-nda",
                Parties = [new Party("Gamma SA", "Recipient"), new Party("Delta BV", "Discloser")],
                EffectiveDate = new DateOnly(2026, 8, 1),
                GoverningLaw = "France",
            }
        );

        Assert.Equal("one-way-nda", made.Template);
        Assert.Equal(["Delta BV", "Gamma SA"], made.Text.Parties.Select(party => party.Name));
        Assert.Equal((new DateOnly(2026, 8, 1), "France"), (made.Text.EffectiveDate, made.Text.GoverningLaw));
    }

    private static AssembledContract Assemble(string instruction) =>
        ContractAssembly.Assemble(new AssemblyRequest(instruction) { Today = _today });

    private static CandidateClause Candidate(string heading, string text, double score) =>
        new(Guid.CreateVersion7(), heading, text, score);

    private static string AllText(ContractText contract) =>
        string.Join('\n', contract.Walk().Select(placed => placed.Clause.Text));

    private static int IndexOf(AssembledContract made, string heading) =>
        made.Text.Clauses.ToList().FindIndex(clause => clause.Heading == heading);
}
