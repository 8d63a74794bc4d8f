using System.Text.RegularExpressions;
using Chancery.Contracts;
using Chancery.Contracts.Assembly;
using Chancery.Contracts.Library;
using Chancery.Server.Access;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Contracts.Operations;
using Chancery.Server.Contracts.Searching;
using Chancery.Server.Contracts.Storing;
using ClauseOrigin = Chancery.Server.Contracts.Storing.ClauseOrigin;

namespace Chancery.Server.Contracts.Drafting;

// Without a model: from templates, and the organisation's own clauses.
internal sealed partial class ContractDrafting
{
    private const int MostCandidates = 100;

    // The organisation's library is what it wants to use; a clause that it agreed to once is the next best.
    private const double LibraryScore = 1;
    private const double AgreedScore = 0.7;

    private const string AssembledNote =
        "No language model wrote this: it is assembled from templates and your organisation's own clauses. Look at every clause.";

    private async Task<Draft> AssembleAsync(Principal principal, DraftRequest request, OperationProgress progress)
    {
        var asked = new AssemblyRequest(request.Instruction)
        {
            Type = request.Wish.Type,
            Parties = request.Wish.Parties,
            EffectiveDate = request.Wish.EffectiveDate,
            GoverningLaw = request.Wish.GoverningLaw,
            Language = request.Wish.Language,
            Today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime),
        };
        // Once to learn what kind of contract it is, and once with the clauses that go with it.
        var kind = KindOf(ContractAssembly.Assemble(asked));
        var candidates = await CandidatesAsync(principal, request, kind, progress.Cancelled);
        var assembled = ContractAssembly.Assemble(
            asked with
            {
                Candidates = [.. candidates.Values.Select(one => one.Clause)],
            }
        );
        await progress.TellAsync(
            OperationEvent.Sources,
            new FoundSources([.. candidates.Values.Select(one => one.Origin)])
        );
        var text = request.Wish.Title is { } title ? assembled.Text with { Title = title } : assembled.Text;
        await progress.TellAsync(
            OperationEvent.Outline,
            new DraftedOutline(text.Title, [.. text.Clauses.Select(clause => clause.Heading)])
        );
        var numbers = ClauseNumbers.Of(text);
        foreach (var (clause, place) in text.Clauses.Select((clause, place) => (clause, place)))
        {
            await progress.TellAsync(
                OperationEvent.Clause,
                new DraftedClause(
                    place + 1,
                    text.Clauses.Count,
                    clause.Heading,
                    numbers.Write(string.Join('\n', TextsOf(clause).Where(one => one.Length > 0)))
                )
            );
        }

        string[] notes = [.. assembled.Notes.Prepend(AssembledNote).Distinct()];
        foreach (var note in notes)
        {
            await progress.TellAsync(OperationEvent.Note, new OperationNote(note));
        }

        var origins = assembled.Origins.ToDictionary(
            of => of.Key,
            of => (IReadOnlyList<ClauseOrigin>)[OriginOf(of.Value, candidates)]
        );
        return new Draft(
            text,
            KindOf(assembled),
            origins,
            [.. origins.Values.SelectMany(of => of)],
            ModelWork.None,
            notes
        );
    }

    private static string KindOf(AssembledContract assembled) =>
        ClauseLibrary.Template(assembled.Template)?.Kind ?? "other";

    private static IEnumerable<string> TextsOf(Clause clause) =>
        [clause.Text, .. clause.Children.SelectMany(child => (string[])[child.Heading, .. TextsOf(child)])];

    private static ClauseOrigin OriginOf(
        Chancery.Contracts.Assembly.ClauseOrigin origin,
        Dictionary<Guid, (CandidateClause Clause, ClauseOrigin Origin)> candidates
    ) =>
        origin.Kind switch
        {
            ClauseOriginKind.Tenant
                when Guid.TryParse(origin.Source, out var id) && candidates.TryGetValue(id, out var own) => own.Origin,
            ClauseOriginKind.Library => new ClauseOrigin(OriginKind.Library, origin.Source),
            _ => new ClauseOrigin(OriginKind.Template, ClauseLibrary.Template(origin.Source)?.Title ?? origin.Source),
        };

    private async Task<Dictionary<Guid, (CandidateClause Clause, ClauseOrigin Origin)>> CandidatesAsync(
        Principal principal,
        DraftRequest request,
        string kind,
        CancellationToken cancellationToken
    )
    {
        var candidates = new Dictionary<Guid, (CandidateClause, ClauseOrigin)>();
        foreach (var own in await library.ListAsync(principal, null, null, MostCandidates, cancellationToken))
        {
            candidates[own.Id] = (
                new CandidateClause(own.Id, own.Title, own.Text, LibraryScore, ClauseTypeName.Find(own.Type)),
                new ClauseOrigin(OriginKind.Library, own.Title, own.Text) { ClauseId = own.Id }
            );
        }

        if (!request.Scope.Contracts)
        {
            return candidates;
        }

        var agreed = await clauses.SearchAsync(
            principal,
            request.Instruction.Length > 4000 ? request.Instruction[..4000] : request.Instruction,
            new ContractFilter(Type: kind, Status: ContractStatus.Agreed),
            type: null,
            MostCandidates,
            onePerContract: false,
            cancellationToken
        );
        foreach (var clause in agreed.Clauses.Where(IsWhole))
        {
            candidates[clause.ClauseId] = (
                new CandidateClause(
                    clause.ClauseId,
                    clause.Heading.Split(" › ")[^1],
                    clause.Text,
                    AgreedScore,
                    ClauseTypeName.Find(clause.Type)
                ),
                new ClauseOrigin(OriginKind.Contract, clause.Contract.Title, clause.Text)
                {
                    ContractId = clause.ContractId,
                    ClauseId = clause.ClauseId,
                }
            );
        }

        return candidates;
    }

    /// <summary>Whether a clause can stand in another contract as it is: it names neither that one's parties nor its other clauses.</summary>
    private static bool IsWhole(FoundClause clause) =>
        clause is { Type: not null, Text.Length: > 0 }
        && !NamesAnotherClause().IsMatch(clause.Text)
        && !clause.Contract.Parties.Any(party => clause.Text.Contains(party.Name, StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex(
        @"(?i)\b(?:section|clause|article|exhibit|schedule|annex|ziffer|abschnitt|artikel|anlage)\s+[0-9A-Z]|§"
    )]
    private static partial Regex NamesAnotherClause();
}
