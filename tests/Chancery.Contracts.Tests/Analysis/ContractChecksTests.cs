using Chancery.Contracts.Analysis;

namespace Chancery.Contracts.Tests.Analysis;

public sealed class ContractChecksTests
{
    [Theory]
    [InlineData("Price", "The price is [●].", "placeholder", "[●]")]
    [InlineData("Price", "The price is [insert amount].", "placeholder", "[insert amount]")]
    [InlineData("Price", "The price is ____ a month.", "placeholder", "____")]
    [InlineData("Price", "The start date is TBD.", "placeholder", "TBD")]
    [InlineData("Price", "The customer is {{customer_name}}.", "placeholder", "{{customer_name}}")]
    [InlineData("Price", "The price is [***] a month.", "redacted", "[***]")]
    [InlineData("Notice", "On thirty (60) days’ notice.", "words_against_figures", "thirty (60)")]
    [InlineData(
        "Fee",
        "Five thousand dollars ($50,000) a year.",
        "words_against_figures",
        "Five thousand dollars ($50,000)"
    )]
    [InlineData("Frist", "Eine Frist von dreißig (14) Tagen.", "words_against_figures", "dreißig (14)")]
    [InlineData("Start", "It starts on 31 June 2026.", "impossible_date", "31 June 2026")]
    [InlineData("Limits", "As set out in Section 99.2(a) below.", "unknown_reference", "Section 99.2(a)")]
    [InlineData("Terms", "“Widget” means a thing. Nothing else is said.", "unused_term", "Widget")]
    [InlineData("Terms", "The seller repairs the Delivered Goods free of charge.", "undefined_term", "Delivered Goods")]
    [InlineData("Work", "The work is described in Schedule 3 in detail.", "missing_attachment", "Schedule 3")]
    public void What_is_wrong_is_found_where_it_stands(string heading, string text, string rule, string words)
    {
        var contract = Of(New(heading, text));

        var finding = Assert.Single(ContractChecks.Run(contract));

        Assert.Equal(rule, finding.Rule);
        Assert.Equal(words, text.Substring(finding.Start, finding.Length));
        Assert.Equal(contract.Clauses[0].Id, finding.ClauseId);
    }

    [Theory]
    [InlineData("On thirty (30) days’ notice, or within twenty-five (25) working days.")]
    [InlineData("One hundred and fifty thousand euros (EUR 150,000) and ten percent (10%).")]
    [InlineData("Eine Frist von einundzwanzig (21) Tagen.")]
    [InlineData("Section 5 of the Companies Act 2006, § 314 Abs. 1 BGB and Article 28 GDPR apply.")]
    [InlineData("It starts on 29 February 2028 and ends on March 1st, 2029.")]
    [InlineData("The parties meet in the United Kingdom at the Bank of England.")]
    [InlineData("By: ____________\nName: ____________")]
    [InlineData("“Widget” means a thing, and each Widget is blue. All Widgets are.")]
    public void What_is_right_is_not_found_fault_with(string text)
    {
        Assert.Empty(ContractChecks.Run(Of(New("Clause", text))));
    }

    [Fact]
    public void A_reference_to_a_clause_that_is_gone_is_an_error()
    {
        var gone = ClauseReference.To(Guid.CreateVersion7());

        var finding = Assert.Single(ContractChecks.Run(Of(New("A", $"Subject to Section {gone}."))));

        Assert.Equal(("dangling_reference", FindingSeverity.Error), (finding.Rule, finding.Severity));
        Assert.Equal(("Subject to Section ".Length, gone.Length), (finding.Start, finding.Length));
    }

    [Fact]
    public void A_term_that_is_defined_twice_is_found_at_its_second_definition()
    {
        var first = New("Terms", "“Goods” means what is sold.");
        var second = New("More terms", "“Goods” means what is delivered. The seller sells Goods.");

        var finding = Assert.Single(ContractChecks.Run(Of(first, second)));

        Assert.Equal(("defined_twice", second.Id), (finding.Rule, finding.ClauseId!.Value));
    }

    [Fact]
    public void Two_times_to_pay_contradict_each_other()
    {
        var first = New("Payment", "The customer must pay each invoice within 30 days of its receipt.");
        var second = New("Invoicing", "Invoices are payable within 45 days after the date of the invoice.");

        var finding = Assert.Single(ContractChecks.Run(Of(first, second)));

        Assert.Equal(("periods_contradict", second.Id), (finding.Rule, finding.ClauseId!.Value));
        Assert.Equal("45 days", second.Text.Substring(finding.Start, finding.Length));
    }

    [Fact]
    public void Two_years_and_24_months_do_not_contradict_each_other_but_3_years_do()
    {
        var first = New("Term", "This agreement has an initial term of two years.");
        var second = New("Duration", "After the initial term of 24 months it may be ended.");
        var third = New("Length", "This agreement continues for a term of 3 years.");

        Assert.Empty(ContractChecks.Run(Of(first, second)));
        Assert.Equal(["periods_contradict"], ContractChecks.Run(Of(first, third)).Select(finding => finding.Rule));
    }

    [Fact]
    public void Dates_at_the_head_must_fit_each_other_and_the_text()
    {
        var contract = Of(New("Start", "“Effective Date” means 1 May 2026. From the Effective Date it binds.")) with
        {
            EffectiveDate = new DateOnly(2026, 4, 1),
            EndDate = new DateOnly(2026, 3, 1),
        };

        Assert.Equal(
            ["end_before_start", "effective_date_contradicts"],
            ContractChecks.Run(contract).Select(finding => finding.Rule)
        );
    }

    [Fact]
    public void The_law_at_the_head_must_be_the_one_that_the_clause_names()
    {
        var clause = New("Governing law", "This agreement is governed by the laws of the State of New York.");

        Assert.Empty(ContractChecks.Run(Of(clause) with { GoverningLaw = "New York" }));
        Assert.Equal(
            ["governing_law_contradicts"],
            ContractChecks.Run(Of(clause) with { GoverningLaw = "Germany" }).Select(finding => finding.Rule)
        );
    }

    [Fact]
    public void Clauses_that_say_nothing_or_the_same_are_found()
    {
        var words = "The supplier must deliver the goods to the place that the customer has named.";
        var contract = Of(New("Delivery", words), New("Delivery", ""), New("Place", words));

        Assert.Equal(
            ["duplicate_heading", "duplicate_text", "empty_clause"],
            ContractChecks.Run(contract).Select(finding => finding.Rule).Order()
        );
    }

    private static ContractText Of(params Clause[] clauses) => new() { Title = "Sale", Clauses = clauses };

    private static Clause New(string heading, string text) =>
        new(Guid.CreateVersion7()) { Heading = heading, Text = text };
}
