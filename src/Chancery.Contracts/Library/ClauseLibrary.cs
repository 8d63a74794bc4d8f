using Chancery.Contracts.Analysis;

namespace Chancery.Contracts.Library;

/// <summary>The templates and clauses that are shipped. Immutable, safe for concurrent use.</summary>
public static class ClauseLibrary
{
    private static readonly Lazy<IReadOnlyList<ContractTemplate>> _templates = new(() =>
        [
            .. Resources
                .Named("Templates/")
                .Select(name => TemplateReader.ReadTemplate(NameOf(name), Resources.Read(name))),
        ]
    );

    private static readonly Lazy<IReadOnlyList<LibraryClause>> _clauses = new(() =>
        [.. Resources.Named("Clauses/").SelectMany(name => TemplateReader.ReadClauses(Resources.Read(name)))]
    );

    public static IReadOnlyList<ContractTemplate> Templates => _templates.Value;

    public static IReadOnlyList<LibraryClause> Clauses => _clauses.Value;

    /// <summary>Null: there is no such template.</summary>
    public static ContractTemplate? Template(string id) => Templates.FirstOrDefault(template => template.Id == id);

    /// <summary>The shipped clauses of a type in a language, the ordinary one first.</summary>
    public static IEnumerable<LibraryClause> ClausesOf(ClauseType type, string language = "en") =>
        Clauses.Where(clause => clause.Type == type && SameLanguage(clause.Language, language));

    /// <summary>What has to be said wherever a template or a clause is shown or used.</summary>
    public static string Notice(string language = "en") =>
        SameLanguage(language, "de")
            ? "Muster ohne Gewähr: keine Rechtsberatung. Vor der Verwendung von einer Anwältin oder einem Anwalt prüfen lassen."
            : "A sample text, not legal advice. Have it reviewed by a lawyer before you rely on it.";

    /// <summary>Whether two tags name one language: "de" and "de-AT".</summary>
    internal static bool SameLanguage(string one, string other) =>
        string.Equals(one.Split('-')[0], other.Split('-')[0], StringComparison.OrdinalIgnoreCase);

    private static string NameOf(string resource) => resource[(resource.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
