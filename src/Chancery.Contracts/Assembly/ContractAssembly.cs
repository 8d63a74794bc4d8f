using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>Drafts a contract without a model: from the shipped templates, the organisation's own clauses and what the instruction says.</summary>
public static class ContractAssembly
{
    public static AssembledContract Assemble(AssemblyRequest request)
    {
        var template =
            ClauseLibrary.Templates.FirstOrDefault(template =>
                template.Id == request.Type || template.Kind == request.Type
            ) ?? ClauseLibrary.Templates[0];
        var values = new TemplateValues
        {
            Parties = request.Parties ?? [],
            EffectiveDate = request.EffectiveDate,
            GoverningLaw = request.GoverningLaw,
        };
        var filled = TemplateFilling.Fill(template.Clauses, template.Variables, template.Language, values);
        return new AssembledContract(
            new ContractText
            {
                Title = template.Title,
                Parties = values.Parties,
                EffectiveDate = request.EffectiveDate,
                GoverningLaw = request.GoverningLaw,
                Language = template.Language,
                Clauses = filled.Clauses,
            },
            template.Id,
            filled.Clauses.ToDictionary(
                clause => clause.Id,
                _ => new ClauseOrigin(ClauseOriginKind.Template, template.Id)
            ),
            [.. filled.Missing.Select(label => $"Missing: {label}.")]
        );
    }
}
