using Chancery.Server.Contracts;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Reading;
using Chancery.Server.Contracts.Revising;
using Chancery.Server.Contracts.Searching;

namespace Chancery.Server.Compatibility;

/// <summary>
/// Paths of older clients for contracts. They take and answer what the same paths under <c>/api/v1</c> do. A browser that asks for a page
/// at one of them gets the page.
/// </summary>
internal static class ContractAliases
{
    private const string Revisions = "/contracts/{id:guid}/revisions";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = ContractRoutes.Readable(routes, "");
        var writing = ContractRoutes.Writable(routes, "");
        Mark(ContractEndpoints.MapList(reading, "/contracts", "ListContractsAlias"));
        Mark(ContractEndpoints.MapRevisions(reading, Revisions, "ListRevisionsAlias"));
        Mark(ClauseSearchEndpoint.Map(reading, "/contracts/search", "SearchContractsAlias"));
        Mark(DraftEndpoint.Map(writing, "/contracts", "DraftContractAlias"));
        Mark(RevisionEndpoints.Map(writing, Revisions, "ReviseContractAlias"));
    }

    private static void Mark(RouteHandlerBuilder route) =>
        route.TakesOwnIdsOnly().WithMetadata(new ObsoleteAttribute(), ProgramsOnly.Mark).WithOrder(-1);
}
