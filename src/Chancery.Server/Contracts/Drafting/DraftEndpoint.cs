using System.ComponentModel.DataAnnotations;
using Chancery.Contracts;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Lists;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Operations;
using Chancery.Server.Contracts.Reading;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Limits.Leases;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Drafting;

/// <summary><c>POST /api/v1/contracts</c>: a contract, drafted from an instruction.</summary>
internal static class DraftEndpoint
{
    internal const int MostInstruction = 8000;
    private const int MostParties = 20;

    /// <param name="Name">In full.</param>
    /// <param name="Role">What the contract is to call them.</param>
    public sealed record PartyRequest(
        [Required, StringLength(300, MinimumLength = 1)] string Name,
        [StringLength(100)] string? Role = null,
        [StringLength(500)] string? Address = null
    );

    /// <summary>Where to look for wording; left out: everywhere that you may read.</summary>
    /// <param name="Contracts">Whether clauses of other contracts count; true when left out.</param>
    public sealed record SourcesRequest(
        [MaxLength(100)] Guid[]? Documents = null,
        [MaxLength(50)] Guid[]? Collections = null,
        [MaxLength(TagNames.MaxTags)] string[]? Tags = null,
        bool Contracts = true
    );

    /// <param name="Instruction">What the contract is to be, in your own words; 1 to 8000 characters.</param>
    /// <param name="Type">What kind of agreement: nda, services, employment, lease, saas, or another. Left out, the instruction says it.</param>
    /// <param name="Language">A BCP 47 tag; left out, that of the instruction.</param>
    /// <param name="Model">One of <c>GET /api/v1/models</c>; left out, the default. With <c>extractive</c> it is put together of templates.</param>
    /// <param name="Readers">Who may read it, beside owners and admins; left out, everybody in the organisation who may read its sources.</param>
    /// <param name="Stream"><c>true</c>: events, clause by clause. Left out or <c>false</c>: the contract once it is there.</param>
    public sealed record Request(
        [Required, StringLength(MostInstruction, MinimumLength = 1)] string Instruction,
        [StringLength(40, MinimumLength = 1)] string? Type = null,
        [StringLength(300, MinimumLength = 1)] string? Title = null,
        [MaxLength(MostParties)] PartyRequest[]? Parties = null,
        DateOnly? EffectiveDate = null,
        [StringLength(200)] string? GoverningLaw = null,
        [StringLength(35)] string? Language = null,
        [MaxLength(TagNames.MaxTags)] string[]? Tags = null,
        SourcesRequest? Sources = null,
        [StringLength(200)] string? Model = null,
        [MaxLength(500)] Guid[]? Readers = null,
        bool Stream = false
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        Map(ContractRoutes.Writable(routes, "/api/v1"), "/contracts", "DraftContract");

    /// <summary>The same under another path, for older clients.</summary>
    internal static RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapPost(path, HandleAsync)
            .WithCost(RouteCost.Costly)
            .Audited("contract.drafted")
            .WithName(name)
            .WithSummary("Draft a contract from plain language")
            .WithDescription(
                "Looks for wording in the organisation's library, contracts and documents, plans the contract, writes it clause by clause, and stores it as "
                    + "revision 1 when it is whole. Each clause says what it was built on. Without a model it is put together of templates and the "
                    + "organisation's own clauses, and says so. Leaving does not end the work: `X-Operation-Id` names it for "
                    + "`/api/v1/contract-operations`."
            )
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body =
                        """{"instruction":"A mutual NDA between Acme GmbH and Beta Ltd under German law for two years","model":"extractive"}""",
                }
            )
            .WithEvents(OperationAnswer.Events)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<
        Results<Created<ContractView>, ServerSentEventsResult<object>, ProblemHttpResult>
    > HandleAsync(
        Request request,
        Principal principal,
        HttpContext http,
        WritingModels models,
        ContractDrafting drafting,
        ContractOperations operations,
        OperationAnswer answer,
        ContractStore contracts,
        TenantDatabase database,
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
            return Problem.Invalid(
                "instruction",
                "Say what the contract is to be, in words without the character NUL."
            );
        }

        // The framework's validation does not look into the elements of a list.
        if (request.Parties?.Any(party => party is not { Name.Length: <= 300 }) == true)
        {
            return Problem.Invalid("parties", "Each party is an object with a name of at most 300 characters.");
        }

        var (tags, wrong) = TagNames.Clean(request.Tags ?? []);
        if (wrong is not null)
        {
            return Problem.Invalid("tags", wrong);
        }

        if (request.Readers is { } named)
        {
            await using var session = await database.OpenAsync(principal, cancellationToken);
            if (!await AccessLists.KnowsAsync(session, [.. named.Distinct()], cancellationToken))
            {
                return Problem.NotFound("member, group, service account or key");
            }

            if (!await AccessLists.AdmitsAsync(session, principal, [.. named.Distinct()], cancellationToken))
            {
                return Problem.Conflict(
                    "locks-you-out",
                    "You could not read it any more",
                    "Name yourself or a group that you are in."
                );
            }
        }

        var (chosen, problem) = await models.ChooseAsync(principal, request.Model, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        if (request.Stream && await streams.EnterAsync(http, principal) is { } busy)
        {
            return busy;
        }

        var wish = new DraftRequest(
            request.Instruction,
            new DraftWish(
                request.Type,
                DraftReader.Line(request.Title),
                [
                    .. (request.Parties ?? []).Select(party => new Party(
                        DraftReader.Line(party.Name)!,
                        DraftReader.Line(party.Role),
                        DraftReader.Line(party.Address)
                    )),
                ],
                request.EffectiveDate,
                DraftReader.Line(request.GoverningLaw),
                request.Language
            ),
            request.Sources is { } sources
                ? new DraftScope(sources.Documents, sources.Collections, sources.Tags, sources.Contracts)
                : DraftScope.Everything,
            tags,
            request.Readers?.Distinct().ToArray(),
            chosen,
            AreModelsOpen: request.Model is null
        );
        var id = await operations.StartAsync(
            principal,
            "draft",
            request.Instruction,
            null,
            progress => drafting.DraftAsync(principal, wish, progress),
            cancellationToken
        );
        http.Audit().Add("operation", id);
        http.Response.Headers["X-Operation-Id"] = id.ToString();
        if (request.Stream)
        {
            http.Response.RegisterForDispose(standing.Guard(http, principal, Permission.ContractsWrite));
            http.Response.Headers["X-Accel-Buffering"] = "no";
            return TypedResults.ServerSentEvents(answer.StreamAsync(principal, id, 0, cancellationToken));
        }

        var (result, failed) = await answer.WaitAsync(principal, id, cancellationToken);
        if (failed is not null)
        {
            return TypedResults.Problem(failed);
        }

        var contract = await contracts.FindAsync(principal, result!.ContractId, 1, cancellationToken);
        if (contract is null)
        {
            return Problem.NotFound("contract");
        }

        http.Audit().On(result.ContractId);
        http.Response.Headers.ETag = ContractEndpoints.TagOf(1);
        return TypedResults.Created($"/api/v1/contracts/{result.ContractId}", ContractView.Of(contract));
    }
}
