using System.Diagnostics;
using System.Text.Json;
using Chancery.Contracts.Analysis;
using Chancery.Contracts.Editing;
using Chancery.Contracts.Library;
using Chancery.Contracts.Tests.Library;

namespace Chancery.Contracts.Tests.Analysis;

public sealed class PlaybookTests
{
    private static readonly ContractText _services = ClauseLibraryTests.Fill(ClauseLibrary.Template("services")!);

    public static TheoryData<string, string> RulesThatTheServicesTemplateBreaks =>
        new()
        {
            { """{"kind":"clause_required","type":"non_compete"}""", "" },
            { """{"kind":"clause_forbidden","type":"subcontracting"}""", "" },
            { """{"kind":"governing_law_one_of","laws":["German law","Austria"]}""", "England and Wales" },
            { """{"kind":"liability_capped","maxMonthsOfFees":6}""", "12 months" },
            { """{"kind":"period_within","subject":"payment","atMost":"14 days"}""", "30 days" },
            { """{"kind":"period_within","subject":"termination_notice","atMost":"1 month"}""", "60 days" },
            { """{"kind":"period_within","subject":"cure","atMost":"14 days"}""", "30 days" },
            { """{"kind":"period_within","subject":"term","atLeast":"2 years"}""", "12 months" },
            { """{"kind":"period_within","subject":"confidentiality","atMost":"3 years"}""", "5 years" },
            { """{"kind":"period_within","subject":"warranty","atLeast":"1 year"}""", "6 months" },
            { """{"kind":"text_forbidden","text":"as for  itself"}""", "as for itself" },
            {
                """{"kind":"text_forbidden","text":"gross[a-z]*\\s+negligence|statutory rate","isRegex":true}""",
                "statutory rate"
            },
            {
                """{"kind":"text_required","text":"modern slavery","fallback":{"heading":"Modern slavery","text":"Each party must comply with the laws on modern slavery."}}""",
                ""
            },
            {
                """{"kind":"definition_required","term":"Affiliate","fallback":{"text":"“Affiliate” means a company of the same group; an Affiliate is no party."}}""",
                ""
            },
        };

    [Theory]
    [MemberData(nameof(RulesThatTheServicesTemplateBreaks))]
    public void A_breach_of_a_rule_is_found_where_it_stands_and_the_proposed_edits_cure_it(string json, string words)
    {
        var rule = Read(json);

        var finding = Playbook.Review(_services, [rule])[0];

        Assert.Equal(("r1", FindingSeverity.Warning), (finding.Rule, finding.Severity));
        if (words.Length > 0)
        {
            var text = _services.Walk().Single(placed => placed.Clause.Id == finding.ClauseId).Clause.Text;
            Assert.Equal(words, text.Substring(finding.Start, finding.Length));
        }

        if (rule is PlaybookRule.TextForbidden)
        {
            return;
        }

        Assert.NotEmpty(finding.ProposedEdits);
        var edited = Assert.IsType<EditOutcome.Edited>(ClauseEditing.Apply(_services, finding.ProposedEdits));
        Assert.Empty(Playbook.Review(edited.Contract, [rule]).Select(left => left.Message));
        Assert.DoesNotContain(
            ContractChecks.Run(edited.Contract),
            left => left.Severity == FindingSeverity.Error && left.Rule != "dangling_reference"
        );
    }

    [Theory]
    [InlineData("""{"kind":"clause_required","type":"termination"}""")]
    [InlineData("""{"kind":"clause_required","type":"liability_cap"}""")]
    [InlineData("""{"kind":"clause_forbidden","type":"most_favoured_customer"}""")]
    [InlineData("""{"kind":"governing_law_one_of","laws":["English law"]}""")]
    [InlineData("""{"kind":"liability_capped","maxMonthsOfFees":12}""")]
    [InlineData("""{"kind":"period_within","subject":"payment","atMost":"1 month","atLeast":"2 weeks"}""")]
    [InlineData("""{"kind":"text_required","text":"reasonable skill and care","type":"services"}""")]
    [InlineData("""{"kind":"definition_required","term":"Deliverable"}""")]
    [InlineData("""{"kind":"party_role_required","role":"supplier"}""")]
    public void A_rule_that_is_kept_finds_nothing(string json)
    {
        Assert.Empty(Playbook.Review(_services, [Read(json)]).Select(finding => finding.Message));
    }

    [Theory]
    [InlineData("""{"kind":"text_forbidden","text":"(a+)+(?=b)","isRegex":true}""")]
    [InlineData("""{"kind":"text_forbidden","text":"(x)\\1","isRegex":true}""")]
    [InlineData("""{"kind":"text_forbidden","text":"(","isRegex":true}""")]
    [InlineData("""{"kind":"text_forbidden","text":"((a{100}){100}){100}","isRegex":true}""")]
    [InlineData("""{"kind":"text_required","text":"  "}""")]
    [InlineData("""{"kind":"period_within","subject":"payment"}""")]
    [InlineData("""{"kind":"period_within","subject":"payment","atMost":"soon"}""")]
    [InlineData("""{"kind":"governing_law_one_of","laws":[]}""")]
    [InlineData("""{"kind":"liability_capped","maxAmount":1000}""")]
    public void A_rule_that_cannot_be_used_says_why_and_is_an_error_of_its_own(string json)
    {
        var rule = Read(json);

        Assert.NotNull(Playbook.FaultOf(rule));
        var finding = Assert.Single(Playbook.Review(_services, [rule]));
        Assert.Equal(("r1", FindingSeverity.Error), (finding.Rule, finding.Severity));
    }

    [Fact]
    public void A_hostile_expression_does_not_hold_the_review_up()
    {
        var contract = new ContractText
        {
            Title = "T",
            Clauses =
            [
                .. Enumerable
                    .Range(0, 50)
                    .Select(_ => new Clause(Guid.CreateVersion7()) { Text = new string('a', 50_000) }),
            ],
        };
        PlaybookRule[] rules =
        [
            Read("""{"kind":"text_forbidden","text":"(a|aa)+(a|ab|b)*c$","isRegex":true}"""),
            Read("""{"kind":"text_forbidden","text":"(.*a){30}b","isRegex":true}"""),
            Read("""{"kind":"text_required","text":"(a?){500}b","isRegex":true}"""),
        ];
        var watch = Stopwatch.StartNew();

        Playbook.Review(contract, rules);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Rules_are_read_and_written_as_JSON_and_an_explanation_is_told()
    {
        var rule = new PlaybookRule.ClauseRequired(ClauseType.Insurance)
        {
            Id = "insurance",
            Severity = FindingSeverity.Error,
            Explanation = "Our insurer asks for it.",
        };
        var json = JsonSerializer.Serialize<PlaybookRule>(rule, JsonSerializerOptions.Web);
        var contract = new ContractText { Title = "T" };

        Assert.Contains("\"kind\":\"clause_required\"", json, StringComparison.Ordinal);
        Assert.Contains("\"type\":\"insurance\"", json, StringComparison.Ordinal);
        Assert.Equal(rule, JsonSerializer.Deserialize<PlaybookRule>(json, JsonSerializerOptions.Web));
        Assert.Equal(
            "There is no clause on “Insurance”. Our insurer asks for it.",
            Assert.Single(Playbook.Review(contract, [rule])).Message
        );
    }

    private static PlaybookRule Read(string json) =>
        JsonSerializer.Deserialize<PlaybookRule>(
            json.Insert(json.Length - 1, ",\"id\":\"r1\""),
            JsonSerializerOptions.Web
        )!;
}
