using System.Collections.Frozen;
using Chancery.Contracts;
using Chancery.Contracts.Analysis;
using Chancery.Search;
using Chancery.Search.Engine;
using Chancery.Server.Contracts.Storing;

namespace Chancery.Server.Contracts.Searching;

/// <summary>
/// What clauses deal with, as words of the index: a word of its own for each type, which nobody writes, beside the type's name. Who names a
/// type looks for its word, too.
/// </summary>
internal static class IndexedTypes
{
    /// <summary>Who names more than so many describes something else.</summary>
    private const int MostAsked = 3;

    private static readonly FrozenDictionary<ClauseType, string> _words = Enum.GetValues<ClauseType>()
        .ToFrozenDictionary(
            type => type,
            type => $"clausetype{ClauseTypeName.Of(type).Replace("_", "", StringComparison.Ordinal)}"
        );

    private static readonly FrozenDictionary<ClauseType, string> _terms = _words.ToFrozenDictionary(
        word => word.Key,
        word => TextAnalyzer.Analyze(word.Value)[0].Term
    );

    /// <summary>The headings above a clause and its own, with the types that it shows.</summary>
    /// <param name="path">Headings from the top down: "Liability › Cap".</param>
    /// <param name="strongest">The name of the type that it shows most; null: none.</param>
    public static string HeadingOf(string path, string? strongest, string body)
    {
        var types = new List<ClauseType>();
        if (strongest is not null && ClauseTypeName.Find(strongest) is { } first)
        {
            types.Add(first);
        }

        var above = path.Length == 0 ? null : new Clause(Guid.Empty) { Heading = path[(path.LastIndexOf('›') + 1)..] };
        types.AddRange(ClauseTypes.RecogniseAll(new Clause(Guid.Empty) { Text = body }, above));
        return types.Count == 0
            ? path
            : string.Join(
                ' ',
                [
                    path,
                    .. types.Take(1).Select(type => $"› {ClauseTypes.NameOf(type)}"),
                    .. AskedFor(types).Select(type => _words[type]),
                ]
            );
    }

    /// <summary>The words of the types that a query names.</summary>
    public static IReadOnlyCollection<SupportingTerm> In(string query) =>
        [.. ClauseTypes.AllCalled(query).Take(MostAsked).Select(type => new SupportingTerm(_terms[type], 1))];

    /// <summary>Whoever asks for one of these is answered by the clause.</summary>
    private static IEnumerable<ClauseType> AskedFor(List<ClauseType> types) =>
        _words.Keys.Where(asked => types.Exists(shown => ClauseTypes.Answers(shown, asked)));
}
