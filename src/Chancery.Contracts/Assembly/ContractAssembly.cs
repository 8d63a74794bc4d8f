using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>
/// Drafts a contract without a model: from the shipped templates, the organisation's own clauses, and what the instruction says. Words
/// that it does not understand change nothing; what it could not do, it says.
/// </summary>
public static class ContractAssembly
{
    public static AssembledContract Assemble(AssemblyRequest request)
    {
        var asked = InstructionReader.Read(request);
        var template = asked.Template;
        var values = new TemplateValues
        {
            Parties = asked.Parties,
            EffectiveDate = asked.EffectiveDate,
            GoverningLaw = asked.GoverningLaw,
            Variables = asked.Variables,
        };
        var filled = TemplateFilling.Fill(template.Clauses, template.Variables, template.Language, values);
        var draft = new AssemblyDraft(asked, filled, request);
        draft.Replace(request.Candidates.Where(candidate => candidate.Score >= request.EnoughScore));
        draft.LeaveOut();
        draft.AddExtras(values);
        return draft.Close();
    }
}
