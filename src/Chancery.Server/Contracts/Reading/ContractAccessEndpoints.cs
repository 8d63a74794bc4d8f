using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Lists;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Reading;

/// <summary><c>/api/v1/contracts/{id}/access</c>: who may read a contract.</summary>
internal static class ContractAccessEndpoints
{
    /// <param name="Readers">Members, groups, service accounts and keys, by their ids. None: nobody but owners and admins.</param>
    public sealed record Request([Required, MaxLength(500)] Guid[] Readers);

    /// <param name="IsRestricted">Whether it has a list; without one everybody in the organisation may read it.</param>
    /// <param name="Readers">Whom the list names.</param>
    public sealed record Response(bool IsRestricted, IReadOnlyList<NamedReader> Readers);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = ContractRoutes.Writable(routes);
        group
            .MapGet("/{id:guid}/access", GetAsync)
            .WithName("GetContractAccess")
            .WithSummary("Who may read a contract")
            .WithDescription("Owners and admins read everything.")
            .WithExample(ContractRoutes.OneContract)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPut("/{id:guid}/access", SetAsync)
            .Audited("contract.readers_set")
            .WithName("SetContractAccess")
            .WithSummary("Let only these read a contract")
            .WithDescription(
                "From the next request on, in lists, search and drafts. Whoever is neither owner nor admin cannot leave themselves out."
            )
            .WithExample(ContractRoutes.OneContract with { Body = """{"readers": ["{member}"]}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapDelete("/{id:guid}/access", ClearAsync)
            .Audited("contract.readers_cleared")
            .WithName("ClearContractAccess")
            .WithSummary("Let everybody in the organisation read a contract")
            .WithExample(ContractRoutes.OneContract)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        ContractReaders readers,
        CancellationToken cancellationToken
    ) =>
        await readers.FindAsync(principal, id, cancellationToken) is { } found
            ? TypedResults.Ok(found)
            : Problem.NotFound("contract");

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> SetAsync(
        Guid id,
        Request request,
        Principal principal,
        ContractReaders readers,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        var named = request.Readers.Distinct().ToArray();
        await using (var session = await database.OpenAsync(principal, cancellationToken))
        {
            if (!await AccessLists.KnowsAsync(session, named, cancellationToken))
            {
                return Problem.NotFound("member, group, service account or key");
            }

            if (!await AccessLists.AdmitsAsync(session, principal, named, cancellationToken))
            {
                return Problem.Conflict(
                    "locks-you-out",
                    "You could not read it any more",
                    "Name yourself or a group that you are in, or ask an admin to set the list."
                );
            }
        }

        return await readers.SetAsync(principal, id, named, cancellationToken) is { } set
            ? TypedResults.Ok(set)
            : Problem.NotFound("contract");
    }

    private static async Task<Results<Ok<Response>, ProblemHttpResult>> ClearAsync(
        Guid id,
        Principal principal,
        ContractReaders readers,
        CancellationToken cancellationToken
    ) =>
        await readers.SetAsync(principal, id, null, cancellationToken) is { } set
            ? TypedResults.Ok(set)
            : Problem.NotFound("contract");
}
