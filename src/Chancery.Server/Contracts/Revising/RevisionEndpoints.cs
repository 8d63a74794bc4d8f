using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Contracts.Editing;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Operations;
using Chancery.Server.Contracts.Reading;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Revising;

/// <summary>New revisions of a contract: asked for in words, edited by hand, or an earlier one again.</summary>
internal static class RevisionEndpoints
{
    private const int MostInstruction = 8000;
    private const int MostEdits = 500;

    /// <param name="Instruction">What to change, in your own words; 1 to 8000 characters.</param>
    /// <param name="Clauses">The only clauses that may be changed; left out, all.</param>
    /// <param name="Propose"><c>true</c>: the change stays beside the contract until somebody accepts it.</param>
    /// <param name="Model">One of <c>GET /api/v1/models</c>; left out, the default. With <c>extractive</c> plain changes are understood.</param>
    /// <param name="Stream"><c>true</c>: events. Left out or <c>false</c>: the result once it is there.</param>
    public sealed record ReviseRequest(
        [Required, StringLength(MostInstruction, MinimumLength = 1)] string Instruction,
        [MaxLength(500)] Guid[]? Clauses = null,
        bool Propose = false,
        DraftEndpoint.SourcesRequest? Sources = null,
        [StringLength(200)] string? Model = null,
        bool Stream = false
    );

    /// <param name="Edits">Made one after the other; all of them or none.</param>
    /// <param name="Note">Why, for the history.</param>
    public sealed record EditRequest(
        [Required, MaxLength(MostEdits), MinLength(1)] ClauseEdit[] Edits,
        [StringLength(2000)] string? Note = null
    );

    /// <param name="Revision">The new revision; left out where it is a proposal.</param>
    /// <param name="Proposal">The proposal; left out where the contract itself was changed.</param>
    /// <param name="Merged">Whether others had changed the contract meanwhile, and their changes are in it.</param>
    public sealed record ReviseResponse(ContractView? Revision, ProposalSummary? Proposal, bool Merged);

    private const string IfMatchDescription =
        "The revision that the change starts from, as its `ETag` or number; left out, the latest. Where others changed the contract since, both "
        + "changes are joined clause by clause.";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = ContractRoutes.Writable(routes);
        Map(group, "/{id:guid}/revisions", "ReviseContract");
        group
            .MapPost("/{id:guid}/edits", EditAsync)
            .Audited("contract.edited")
            .WithName("EditContract")
            .WithSummary("Change clauses by hand")
            .WithDescription(
                "Each edit names a clause by its id. The result is a revision of its own. Where somebody else changed the contract since the revision of "
                    + "`If-Match`, both changes are joined clause by clause; where both changed the same words nothing is stored, and the answer shows both."
            )
            .TakesIdempotencyKey()
            .WithExample(
                ContractRoutes.OneContract with
                {
                    Body = """{"edits":[{"op":"set_field","field":"title","value":"{unique}"}]}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        group
            .MapPost("/{id:guid}/revisions/{number:int}/restore", RestoreAsync)
            .Audited("contract.revision_restored")
            .WithName("RestoreRevision")
            .WithSummary("Make an earlier revision the latest again")
            .WithDescription("As a new revision: nothing that came between is lost.")
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "revised_contract", ["number"] = "1" },
                }
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    /// <summary>The same under another path, for older clients.</summary>
    internal static RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapPost(path, ReviseAsync)
            .WithCost(RouteCost.Costly)
            .Audited("contract.revised")
            .WithName(name)
            .WithSummary("Change a contract as asked in plain language")
            .WithDescription(
                "A model writes edits of clauses; every clause that they do not name stays byte for byte as it is. With `propose` the change stays beside "
                    + "the contract until it is accepted. Leaving does not end the work: `X-Operation-Id` names it."
            )
            .TakesIdempotencyKey()
            .WithExample(
                ContractRoutes.OneContract with
                {
                    Body = """{"instruction":"Change the governing law to Austria","model":"extractive"}""",
                }
            )
            .WithEvents(OperationAnswer.Events)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    /// <summary>The revision that <c>If-Match</c> names: <c>"7"</c>, 7, or * for the latest. False for what names none.</summary>
    internal static bool TryReadBase(string? ifMatch, out int? number)
    {
        number = null;
        if (string.IsNullOrWhiteSpace(ifMatch) || ifMatch.Trim() == "*")
        {
            return true;
        }

        var isNumber = int.TryParse(
            ifMatch.Trim().Trim('"'),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var named
        );
        number = named;
        return isNumber && named > 0;
    }

    internal static ProblemHttpResult WrongBase() =>
        Problem.Invalid("If-Match", "It is the ETag of a revision of this contract.");

    private static async Task<
        Results<Created<ReviseResponse>, ServerSentEventsResult<object>, ProblemHttpResult>
    > ReviseAsync(
        Guid id,
        ReviseRequest request,
        [FromHeader(Name = "If-Match"), Description(IfMatchDescription)] string? ifMatch,
        Principal principal,
        HttpContext http,
        [AsParameters] Revising revising,
        Standing standing,
        StreamPlaces streams,
        CancellationToken cancellationToken
    )
    {
        if (
            string.IsNullOrWhiteSpace(request.Instruction)
            || request.Instruction.Contains('\0', StringComparison.Ordinal)
        )
        {
            return Problem.Invalid("instruction", "Say what to change, in words without the character NUL.");
        }

        if (!TryReadBase(ifMatch, out var from))
        {
            return WrongBase();
        }

        if (await revising.Contracts.FindAsync(principal, id, from, cancellationToken) is not { } contract)
        {
            return Problem.NotFound("contract");
        }

        var known = contract.Text.Walk().Select(placed => placed.Clause.Id).ToHashSet();
        if (request.Clauses?.Any(clause => !known.Contains(clause)) is true)
        {
            return Problem.NotFound("clause");
        }

        var (models, problem) = await revising.Models.ChooseAsync(principal, request.Model, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        if (request.Stream && await streams.EnterAsync(http, principal) is { } busy)
        {
            return busy;
        }

        var asked = new RevisionRequest(
            request.Instruction,
            contract.Revision.Number,
            (request.Clauses ?? []).ToHashSet(),
            request.Propose,
            request.Sources is { } sources
                ? new DraftScope(sources.Documents, sources.Collections, sources.Tags, sources.Contracts)
                : DraftScope.Everything,
            models,
            AreModelsOpen: request.Model is null
        );
        var operation = await revising.Operations.StartAsync(
            principal,
            "revision",
            request.Instruction,
            id,
            progress => revising.Service.ReviseAsync(principal, contract, asked, progress),
            cancellationToken
        );
        http.Audit().Add("operation", operation).Add("proposed", request.Propose ? true : null);
        http.Response.Headers["X-Operation-Id"] = operation.ToString();
        if (request.Stream)
        {
            http.Response.RegisterForDispose(standing.Guard(http, principal, Permission.ContractsWrite));
            http.Response.Headers["X-Accel-Buffering"] = "no";
            return TypedResults.ServerSentEvents(
                revising.Answer.StreamAsync(principal, operation, 0, cancellationToken)
            );
        }

        var (result, failed) = await revising.Answer.WaitAsync(principal, operation, cancellationToken);
        if (failed is not null)
        {
            return TypedResults.Problem(failed);
        }

        if (result!.ProposalId is { } proposed)
        {
            return await revising.Proposals.FindAsync(principal, id, proposed, cancellationToken) is { } proposal
                ? TypedResults.Created(
                    $"/api/v1/contracts/{id}/proposals/{proposed}",
                    new ReviseResponse(null, proposal.Summary, Merged: false)
                )
                : Problem.NotFound("proposal");
        }

        return await RevisedAsync(
            id,
            result.Revision!.Value,
            result.Revision.Value != asked.Base + 1,
            principal,
            http,
            revising.Contracts,
            cancellationToken
        );
    }

    private static async Task<Results<Created<ReviseResponse>, ProblemHttpResult>> EditAsync(
        Guid id,
        EditRequest request,
        [FromHeader(Name = "If-Match"), Description(IfMatchDescription)] string? ifMatch,
        Principal principal,
        HttpContext http,
        ContractStore contracts,
        CancellationToken cancellationToken
    )
    {
        if (!TryReadBase(ifMatch, out var from))
        {
            return WrongBase();
        }

        if (await contracts.FindAsync(principal, id, from, cancellationToken) is not { } contract)
        {
            return Problem.NotFound("contract");
        }

        if (request.Edits.Any(edit => edit is null))
        {
            return Problem.Invalid("edits", "Each of them is an object.");
        }

        switch (ClauseEditing.Apply(contract.Text, request.Edits))
        {
            case EditOutcome.Refused refused:
                return Problem.Invalid($"edits[{refused.Index}]", refused.Reason);
            case EditOutcome.Edited edited:
                var facts = new RevisionFacts(
                    RevisionSource.Edited,
                    principal.UserId,
                    ContractDrafting.AuthorOf(principal),
                    contract.Revision.Number
                )
                {
                    Note = DraftReader.Line(request.Note),
                };
                return await AppendedAsync(
                    id,
                    await contracts.AppendAsync(principal, id, edited.Contract, facts, cancellationToken),
                    principal,
                    http,
                    contracts,
                    cancellationToken
                );
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unhandled outcome {other}.");
        }
    }

    private static async Task<Results<Created<ReviseResponse>, ProblemHttpResult>> RestoreAsync(
        Guid id,
        [Description("The number of the revision, from 1.")] int number,
        Principal principal,
        HttpContext http,
        ContractStore contracts,
        CancellationToken cancellationToken
    )
    {
        if (
            await contracts.FindAsync(principal, id, number, cancellationToken) is not { } earlier
            || await contracts.FindSummaryAsync(principal, id, cancellationToken) is not { } latest
        )
        {
            return Problem.NotFound("revision");
        }

        var facts = new RevisionFacts(
            RevisionSource.Restored,
            principal.UserId,
            ContractDrafting.AuthorOf(principal),
            latest.Revision
        )
        {
            Note = string.Create(CultureInfo.InvariantCulture, $"Revision {number} again."),
            Origins = earlier.Origins,
        };
        return await AppendedAsync(
            id,
            await contracts.AppendAsync(principal, id, earlier.Text, facts, cancellationToken),
            principal,
            http,
            contracts,
            cancellationToken
        );
    }

    /// <summary>The answer to a change that was, or was not, added.</summary>
    internal static async Task<Results<Created<ReviseResponse>, ProblemHttpResult>> AppendedAsync(
        Guid id,
        AppendOutcome outcome,
        Principal principal,
        HttpContext http,
        ContractStore contracts,
        CancellationToken cancellationToken
    )
    {
        if (AppendProblem.Of(outcome) is { } problem)
        {
            return problem;
        }

        var appended = (AppendOutcome.Appended)outcome;
        var revised = await RevisedAsync(
            id,
            appended.Number,
            appended.Merged,
            principal,
            http,
            contracts,
            cancellationToken
        );
        return revised.Result switch
        {
            Created<ReviseResponse> created => created,
            ProblemHttpResult gone => gone,
            var other => throw new System.Diagnostics.UnreachableException($"Unhandled result {other}."),
        };
    }

    private static async Task<
        Results<Created<ReviseResponse>, ServerSentEventsResult<object>, ProblemHttpResult>
    > RevisedAsync(
        Guid id,
        int number,
        bool merged,
        Principal principal,
        HttpContext http,
        ContractStore contracts,
        CancellationToken cancellationToken
    )
    {
        if (await contracts.FindAsync(principal, id, number, cancellationToken) is not { } contract)
        {
            return Problem.NotFound("contract");
        }

        http.Audit().On(id).Add("revision", number);
        http.Response.Headers.ETag = ContractEndpoints.TagOf(number);
        return TypedResults.Created(
            $"/api/v1/contracts/{id}/revisions/{number}",
            new ReviseResponse(ContractView.Of(contract), null, merged)
        );
    }

    /// <summary>What changing a contract needs, from the services.</summary>
    internal sealed record Revising(
        [FromServices] ContractStore Contracts,
        [FromServices] ProposalStore Proposals,
        [FromServices] WritingModels Models,
        [FromServices] ContractRevising Service,
        [FromServices] ContractOperations Operations,
        [FromServices] OperationAnswer Answer
    );
}
