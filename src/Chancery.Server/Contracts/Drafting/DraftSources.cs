using System.Text;
using Chancery.Contracts.Analysis;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Contracts.Library;
using Chancery.Server.Contracts.Searching;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Contracts.Drafting;

/// <summary>Where a draft may look.</summary>
/// <param name="Documents">Only these; null for all.</param>
/// <param name="Contracts">Whether clauses of the organisation's other contracts are looked at.</param>
public sealed record DraftScope(Guid[]? Documents, Guid[]? Collections, string[]? Tags, bool Contracts)
{
    /// <summary>Everything that the drafter may read.</summary>
    public static DraftScope Everything { get; } = new(null, null, null, Contracts: true);

    /// <summary>What is drafted from in place of everything that could be found; null where it is looked for.</summary>
    internal IReadOnlyList<DraftSource>? Given { get; init; }

    /// <summary>Neither documents, contracts nor the library, but what is given.</summary>
    internal static DraftScope Of(IReadOnlyList<DraftSource> given) =>
        new([], null, null, Contracts: false) { Given = given };
}

/// <summary>Something to draft from, as the model is shown it.</summary>
/// <param name="Label">What it is, for the model.</param>
internal sealed record DraftSource(string Label, string Text, ClauseOrigin Origin)
{
    /// <summary>How a passage of a document is called.</summary>
    public static string LabelOf(string title, int page) => $"document “{title}”, page {page}";
}

/// <summary>
/// Finds what a clause can be built on: the organisation's own library first, then clauses of its contracts, then passages of its documents,
/// all as the drafter may read them. Safe for concurrent use.
/// </summary>
internal sealed class DraftSources(IPassageSearch passages, ClauseSearch clauses, LibraryStore library)
{
    private const int ExcerptLength = 600;
    private const double LeastShared = 0.3;

    /// <param name="query">What is to be drafted.</param>
    /// <param name="heading">Of the clause; null for a whole contract.</param>
    public async Task<IReadOnlyList<DraftSource>> FindAsync(
        Principal principal,
        DraftScope scope,
        string query,
        string? heading,
        int most,
        CancellationToken cancellationToken
    )
    {
        if (scope.Given is { } given)
        {
            return given;
        }

        var words = query.Length > 4000 ? query[..4000] : query;
        var finding = passages.SearchAsync(
            principal.Tenant,
            new PassageQuery(words, most, Documents: scope.Documents, Tags: scope.Tags, Collections: scope.Collections)
            {
                Reader = principal.Reader,
            },
            cancellationToken
        );
        var others = scope.Contracts
            ? (
                await clauses.SearchAsync(
                    principal,
                    words,
                    new ContractFilter(),
                    type: null,
                    most,
                    onePerContract: false,
                    cancellationToken
                )
            ).Clauses
            : [];
        var own =
            heading is not null && ClauseTypes.Called(heading) is { } type
                ? await library.OfTypeAsync(principal, ClauseTypeName.Of(type), most, cancellationToken)
                : [];
        var found = await finding;
        return
        [
            .. own.Select(clause => new DraftSource(
                    $"clause “{clause.Title}” of the organisation's library",
                    clause.Text,
                    new ClauseOrigin(OriginKind.Library, clause.Title, Excerpt(clause.Text)) { ClauseId = clause.Id }
                ))
                .Concat(
                    others.Select(clause => new DraftSource(
                        $"clause {clause.Number} “{clause.Heading}” of the contract “{clause.Contract.Title}”",
                        clause.Text,
                        new ClauseOrigin(OriginKind.Contract, clause.Contract.Title, Excerpt(clause.Text))
                        {
                            ContractId = clause.ContractId,
                            ClauseId = clause.ClauseId,
                        }
                    ))
                )
                .Concat(
                    found.Passages.Select(passage => new DraftSource(
                        DraftSource.LabelOf(passage.Title, passage.Page),
                        passage.Text,
                        new ClauseOrigin(OriginKind.Document, passage.Title, Excerpt(passage.Text))
                        {
                            DocumentId = passage.DocumentId,
                            Version = passage.Version,
                            Page = passage.Page,
                            Start = passage.Start,
                            End = passage.End,
                        }
                    ))
                )
                .Where(source => source.Text.Length > 0)
                .Take(3 * most),
        ];
    }

    /// <summary>As the model reads them: numbered from 1, fenced, as far as there is room.</summary>
    /// <returns>The block, and the sources in it.</returns>
    public static (string Block, IReadOnlyList<DraftSource> Shown) Write(
        IReadOnlyList<DraftSource> sources,
        string boundary,
        int mostTokens
    )
    {
        var block = new StringBuilder();
        var shown = new List<DraftSource>();
        foreach (var source in sources)
        {
            var text = UntrustedText.Neutralise(source.Text, boundary);
            var entry =
                $"--- {boundary} source {shown.Count + 1}: {UntrustedText.Label(source.Label, boundary)}\n{text}\n";
            mostTokens -= TokenEstimate.Of(entry);
            if (mostTokens < 0)
            {
                break;
            }

            block.Append(entry);
            shown.Add(source);
        }

        return (shown.Count == 0 ? "" : block.Append("--- ").Append(boundary).Append(" end\n").ToString(), shown);
    }

    /// <summary>
    /// What a clause says it was built on, looked at: whether its own words are found there. A clause that names nothing is the model's
    /// own.
    /// </summary>
    /// <param name="named">Numbers from 1 into <paramref name="shown"/>; others are left out.</param>
    public static IReadOnlyList<ClauseOrigin> Judge(
        string text,
        IReadOnlyList<int> named,
        IReadOnlyList<DraftSource> shown
    )
    {
        var said = Claim.Read(text).Terms;
        ClauseOrigin[] origins =
        [
            .. named
                .Where(number => number <= shown.Count)
                .Distinct()
                .Select(number => shown[number - 1])
                .Select(source => source.Origin with { IsSupported = Shares(said, source.Text) }),
        ];
        return origins.Length > 0 ? origins : [new ClauseOrigin(OriginKind.Model)];
    }

    private static bool Shares(IReadOnlySet<string> said, string source)
    {
        var there = Claim.Read(source).Terms;
        return said.Count > 0 && said.Count(there.Contains) >= LeastShared * Math.Min(said.Count, there.Count);
    }

    private static string Excerpt(string text) => text.Length <= ExcerptLength ? text : text[..ExcerptLength] + "…";
}
