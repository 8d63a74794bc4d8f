using Chancery.Contracts.Analysis;
using Chancery.Contracts.Analysis.Checks;
using Chancery.Contracts.Library;

namespace Chancery.Contracts.Assembly;

/// <summary>Which template an instruction asks for.</summary>
internal static class TemplateChoice
{
    /// <summary>The template, and the words of the instruction that name it.</summary>
    public static (ContractTemplate Template, Sentence Name) Of(
        string? type,
        string instruction,
        string language,
        List<string> notes
    )
    {
        var asked = instruction.Replace('-', ' ');
        var named = ClauseLibrary
            .Templates.Where(template => type is null || template.Id == type || template.Kind == type)
            .SelectMany(template =>
                template.Names.Select(name =>
                    (Template: template, Start: Laws.IndexOf(asked, name.Replace('-', ' ')), name.Length)
                )
            )
            .Where(found => found.Start >= 0)
            .OrderByDescending(found => ClauseLibrary.SameLanguage(found.Template.Language, language))
            .ThenByDescending(found => found.Length)
            .FirstOrDefault();
        var template = named.Template ?? ByType(type, language);
        if (template is null)
        {
            template = ClauseLibrary.Template("services")!;
            notes.Add(
                $"No template was recognised in the instruction; “{template.Title}” was taken. Others: {string.Join(", ", ClauseLibrary.Templates.Select(other => other.Title).Distinct())}."
            );
        }

        if (!ClauseLibrary.SameLanguage(template.Language, language))
        {
            // Another variant of the same kind in the language is better than the right variant in another one.
            var inLanguage = ClauseLibrary.Templates.FirstOrDefault(other =>
                other.Kind == template.Kind && ClauseLibrary.SameLanguage(other.Language, language)
            );
            template = inLanguage ?? template;
            if (inLanguage is null)
            {
                notes.Add(
                    $"There is no template of this kind in “{language}”; the one in “{template.Language}” was taken."
                );
            }
        }

        return (template, named.Template is null ? default : new Sentence(named.Start, named.Length));
    }

    private static ContractTemplate? ByType(string? type, string language) =>
        type is null
            ? null
            : ClauseLibrary
                .Templates.Where(template => template.Id == type || template.Kind == type)
                .OrderByDescending(template => ClauseLibrary.SameLanguage(template.Language, language))
                // "nda" alone is the one that binds both.
                .ThenBy(template => template.Roles.Count)
                .FirstOrDefault();
}
