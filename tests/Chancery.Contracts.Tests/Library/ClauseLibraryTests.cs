using Chancery.Contracts.Analysis;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Tests.Library;

public sealed class ClauseLibraryTests
{
    public static TheoryData<string> Templates => [.. ClauseLibrary.Templates.Select(template => template.Id)];

    [Theory]
    [MemberData(nameof(Templates))]
    public void A_filled_template_is_a_contract_that_the_checks_find_nothing_in(string id)
    {
        var contract = Fill(ClauseLibrary.Template(id)!);

        Assert.Empty(ContractChecks.Run(contract).Select(finding => $"{finding.Rule}: {finding.Message}"));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void Every_blank_is_declared_and_every_declared_blank_is_used(string id)
    {
        var template = ClauseLibrary.Template(id)!;
        var texts = string.Join(
            '\n',
            template.Clauses.SelectMany(clause => clause.Walk()).Select(clause => clause.Heading + '\n' + clause.Text)
        );
        var keys = template.Clauses.SelectMany(clause => clause.Walk()).Select(clause => clause.Key).ToHashSet();

        var used = TemplateText.Blanks(texts).ToHashSet();

        Assert.DoesNotContain(
            used,
            name => name.StartsWith("clause:", StringComparison.Ordinal) && !keys.Contains(name[7..])
        );
        Assert.Equal(
            template.Variables.Select(variable => variable.Name).Order(),
            used.Where(name => !name.Contains(':', StringComparison.Ordinal) && name is not ("date" or "law")).Order()
        );
        Assert.InRange(template.Clauses.Count, 15, 30);
    }

    public static TheoryData<string> LibraryClauses => [.. ClauseLibrary.Clauses.Select(clause => clause.Id)];

    [Theory]
    [MemberData(nameof(LibraryClauses))]
    public void A_shipped_clause_stands_by_itself_and_is_recognised_as_what_it_is(string id)
    {
        var clause = ClauseLibrary.Clauses.Single(clause => clause.Id == id);
        var isGerman = clause.Language == "de";
        var values = new TemplateValues
        {
            Parties =
            [
                new Party("Harbour Lane Ltd", isGerman ? "Auftraggeber" : "Customer"),
                new Party("Quillon GmbH", isGerman ? "Auftragnehmer" : "Supplier"),
            ],
            EffectiveDate = new DateOnly(2026, 3, 2),
            GoverningLaw = isGerman ? "Deutschland" : "Ireland",
            Variables = clause.Variables.ToDictionary(
                variable => variable.Name,
                variable => variable.Default ?? SampleOf(variable.Kind)
            ),
        };

        var filled = TemplateFilling.Fill([clause.Content], clause.Variables, clause.Language, values);
        var contract = new ContractText
        {
            Title = "T",
            Language = clause.Language,
            Parties = values.Parties,
            Clauses = filled.Clauses,
        };

        Assert.Empty(filled.Missing);
        Assert.Empty(ContractChecks.Run(contract).Select(finding => $"{finding.Rule}: {finding.Message}"));
        var only = filled.Clauses[0];
        Assert.Contains(clause.Type, ClauseTypes.RecogniseAll(only with { Text = AllText(only) }));
        Assert.Contains(clause.Type, ClauseTypes.RecogniseAll(only with { Heading = "", Text = AllText(only) }));
    }

    [Fact]
    public void The_library_has_sixty_clauses_and_more_each_of_its_own_id()
    {
        Assert.InRange(ClauseLibrary.Clauses.Count, 60, 200);
        Assert.Equal(
            ClauseLibrary.Clauses.Count,
            ClauseLibrary.Clauses.Select(clause => clause.Id).Distinct(StringComparer.Ordinal).Count()
        );
        Assert.Contains("not legal advice", ClauseLibrary.Notice("en"), StringComparison.Ordinal);
        Assert.Contains("keine Rechtsberatung", ClauseLibrary.Notice("de"), StringComparison.Ordinal);
    }

    private static string AllText(Clause clause) =>
        string.Join('\n', [clause.Text, .. clause.Children.Select(AllText)]);

    internal static ContractText Fill(ContractTemplate template)
    {
        string[] names = ["Harbour Lane Ltd", "Quillon GmbH"];
        var values = new TemplateValues
        {
            Parties =
            [
                .. names.Select(
                    (name, at) => new Party(name, template.Roles.ElementAtOrDefault(at), $"{at + 1} Mill Road, Ely")
                ),
            ],
            EffectiveDate = new DateOnly(2026, 3, 2),
            GoverningLaw = ClauseLibrary.SameLanguage(template.Language, "de") ? "Deutschland" : "England and Wales",
            Variables = template.Variables.ToDictionary(
                variable => variable.Name,
                variable => variable.Default ?? SampleOf(variable.Kind)
            ),
        };
        return new ContractText
        {
            Title = template.Title,
            Language = template.Language,
            Parties = values.Parties,
            EffectiveDate = values.EffectiveDate,
            GoverningLaw = values.GoverningLaw,
            Clauses = TemplateFilling.Fill(template.Clauses, template.Variables, template.Language, values).Clauses,
        };
    }

    internal static string SampleOf(VariableKind kind) =>
        kind switch
        {
            VariableKind.Amount => "EUR 1,200",
            VariableKind.Period => "30 days",
            VariableKind.Date => "2 March 2026",
            VariableKind.Number => "12",
            _ => "what the parties agreed",
        };
}
