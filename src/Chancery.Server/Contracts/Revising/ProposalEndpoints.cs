using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Contracts.Comparing;
using Chancery.Contracts.Merging;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Reading;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Contracts.Telemetry;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Revising;

/// <summary>Proposals of a contract: looked at, and accepted or rejected clause by clause.</summary>
internal static class ProposalEndpoints
{
    private const string Head = "head";

    public sealed record ListResponse(IReadOnlyList<ProposalSummary> Items, string? NextCursor);

    /// <param name="Difference">What it would change, from the revision that it was made from.</param>
    public sealed record ProposalView(ProposalSummary Proposal, ContractDifference Difference);

    /// <param name="Clauses">Whose changes are decided; left out with <paramref name="Head"/>: all that are undecided.</param>
    /// <param name="Head">Whether the changes of title, parties, dates and law are among them.</param>
    public sealed record DecideRequest([MaxLength(5000)] Guid[]? Clauses = null, bool? Head = null);

    private static readonly RouteExample One = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "proposed_contract", ["proposal"] = "proposal" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = ContractRoutes.Readable(routes);
        reading
            .MapGet("/{id:guid}/proposals", ListAsync)
            .WithName("ListProposals")
            .WithSummary("List the changes that were proposed to a contract, newest first")
            .WithExample(ContractRoutes.OneContract)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapGet("/{id:guid}/proposals/{proposal:guid}", GetAsync)
            .WithName("GetProposal")
            .WithSummary("Show what a proposal would change")
            .WithExample(One with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);

        var writing = ContractRoutes.Writable(routes);
        writing
            .MapPost("/{id:guid}/proposals/{proposal:guid}/accept", AcceptAsync)
            .Audited("contract.proposal_accepted")
            .WithName("AcceptProposal")
            .WithSummary("Take a proposal's changes, all or some, into the contract")
            .WithDescription(
                "As a new revision. Where the contract went on since the proposal was made, both are joined clause by clause. What is not named stays open."
            )
            .TakesIdempotencyKey()
            .WithExample(One with { Body = "{}" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        writing
            .MapPost("/{id:guid}/proposals/{proposal:guid}/reject", RejectAsync)
            .Audited("contract.proposal_rejected")
            .WithName("RejectProposal")
            .WithSummary("Turn a proposal's changes down, all or some")
            .TakesIdempotencyKey()
            .WithExample(One with { Body = "{}" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Guid id,
        Principal principal,
        ContractStore contracts,
        ProposalStore proposals,
        CancellationToken cancellationToken,
        [Description("open, accepted or rejected; left out, all.")] string? state = null
    )
    {
        if (state is not (null or ProposalState.Open or ProposalState.Accepted or ProposalState.Rejected))
        {
            return Problem.Invalid("state", "It is open, accepted or rejected.");
        }

        return await contracts.FindSummaryAsync(principal, id, cancellationToken) is null
            ? Problem.NotFound("contract")
            : TypedResults.Ok(
                new ListResponse(await proposals.ListAsync(principal, id, state, cancellationToken), null)
            );
    }

    private static async Task<Results<Ok<ProposalView>, ProblemHttpResult>> GetAsync(
        Guid id,
        [Description("The id of the proposal.")] Guid proposal,
        Principal principal,
        ProposalStore proposals,
        CancellationToken cancellationToken
    ) =>
        await proposals.FindAsync(principal, id, proposal, cancellationToken) is { } found
            ? TypedResults.Ok(new ProposalView(found.Summary, ContractDifference.Between(found.From, found.Proposed)))
            : Problem.NotFound("proposal");

    private static async Task<Results<Created<RevisionEndpoints.ReviseResponse>, ProblemHttpResult>> AcceptAsync(
        Guid id,
        [Description("The id of the proposal.")] Guid proposal,
        DecideRequest request,
        Principal principal,
        HttpContext http,
        ContractStore contracts,
        ProposalStore proposals,
        ContractMeter meter,
        CancellationToken cancellationToken
    )
    {
        if (await proposals.FindAsync(principal, id, proposal, cancellationToken) is not { } found)
        {
            return Problem.NotFound("proposal");
        }

        if (Decide(found, request, isAccepted: true, out var decision) is { } problem)
        {
            return problem;
        }

        var by = ContractDrafting.AuthorOf(principal);
        var chosen = decision.Decided.Keys.Where(key => key != Head).Select(Guid.Parse).ToHashSet();
        var text = ChangeSelection.Take(found.From, found.Proposed, chosen, decision.Decided.ContainsKey(Head));
        var facts = new RevisionFacts(RevisionSource.Accepted, principal.UserId, by, found.Summary.Base)
        {
            Instruction = found.Summary.Instruction,
            InstructionLanguage = found.Summary.InstructionLanguage,
            // Its cost is the proposal's: told once, with its first part.
            Work = found.Summary.Decided.Values.Any(accepted => accepted)
                ? ModelWork.None with
                {
                    Model = found.Summary.Model,
                    PromptVersion = found.Summary.PromptVersion,
                }
                : new ModelWork(
                    found.Summary.Model,
                    found.Summary.PromptVersion,
                    found.Summary.InputTokens,
                    found.Summary.OutputTokens,
                    NanoDollars.OfDollars(found.Summary.CostUsd).Value,
                    found.Summary.IsEstimated
                ),
            Note = $"Proposed by {found.Summary.Author}.",
            Origins = found.Origins,
        };
        var isLate = false;
        var outcome = await contracts.AppendAsync(
            principal,
            id,
            text,
            facts,
            cancellationToken,
            async (session, _) =>
                isLate = !await proposals.DecideAsync(
                    session,
                    id,
                    proposal,
                    decision.Decided,
                    decision.State,
                    by,
                    cancellationToken
                )
        );
        if (isLate)
        {
            return AlreadyDecided();
        }

        if (outcome is AppendOutcome.Unchanged)
        {
            // The contract says it already: the proposal is taken care of.
            await proposals.DecideAsync(
                principal,
                id,
                proposal,
                decision.Decided,
                decision.State,
                by,
                cancellationToken
            );
        }

        if (outcome is AppendOutcome.Appended or AppendOutcome.Unchanged)
        {
            meter.Decided(isAccepted: true);
        }

        return await RevisionEndpoints.AppendedAsync(id, outcome, principal, http, contracts, cancellationToken);
    }

    private static async Task<Results<Ok<ProposalSummary>, ProblemHttpResult>> RejectAsync(
        Guid id,
        [Description("The id of the proposal.")] Guid proposal,
        DecideRequest request,
        Principal principal,
        ProposalStore proposals,
        ContractMeter meter,
        CancellationToken cancellationToken
    )
    {
        if (await proposals.FindAsync(principal, id, proposal, cancellationToken) is not { } found)
        {
            return Problem.NotFound("proposal");
        }

        if (Decide(found, request, isAccepted: false, out var decision) is { } problem)
        {
            return problem;
        }

        if (
            !await proposals.DecideAsync(
                principal,
                id,
                proposal,
                decision.Decided,
                decision.State,
                ContractDrafting.AuthorOf(principal),
                cancellationToken
            )
        )
        {
            return AlreadyDecided();
        }

        meter.Decided(isAccepted: false);
        return await proposals.FindAsync(principal, id, proposal, cancellationToken) is { } rejected
            ? TypedResults.Ok(rejected.Summary)
            : Problem.NotFound("proposal");
    }

    /// <summary>What the request decides, and what the proposal is then; or the problem to answer with.</summary>
    private static ProblemHttpResult? Decide(
        StoredProposal found,
        DecideRequest request,
        bool isAccepted,
        out (Dictionary<string, bool> Decided, string State) decision
    )
    {
        decision = ([], ProposalState.Open);
        if (found.Summary.State != ProposalState.Open)
        {
            return AlreadyDecided();
        }

        var diff = ContractComparison.Between(found.From, found.Proposed);
        var open = diff
            .Clauses.Where(change => change.Kind != ClauseChangeKind.Same)
            .Select(change => change.Id.ToString())
            .Concat(diff.Head.Count > 0 ? [Head] : [])
            .Except(found.Summary.Decided.Keys)
            .ToHashSet(StringComparer.Ordinal);
        var named =
            request.Clauses is null && request.Head is null
                ? open
                : (request.Clauses ?? [])
                    .Select(clause => clause.ToString())
                    .Concat(request.Head is true ? [Head] : [])
                    .ToHashSet(StringComparer.Ordinal);
        if (named.Count == 0 || !named.IsSubsetOf(open))
        {
            return Problem.Invalid("clauses", "Name clauses that the proposal changes and nobody has decided on yet.");
        }

        var all = found.Summary.Decided.Concat(named.Select(key => KeyValuePair.Create(key, isAccepted))).ToArray();
        decision = (
            named.ToDictionary(key => key, _ => isAccepted, StringComparer.Ordinal),
            named.Count < open.Count ? ProposalState.Open
            : all.Any(one => one.Value) ? ProposalState.Accepted
            : ProposalState.Rejected
        );
        return null;
    }

    private static ProblemHttpResult AlreadyDecided() =>
        Problem.Conflict("proposal-decided", "Somebody has decided on it already", "Look at the proposal again.");
}
