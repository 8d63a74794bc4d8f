using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Samples;

/// <summary><c>/api/v1/samples</c>: documents to try questions on.</summary>
internal static class SampleEndpoints
{
    /// <param name="Removed">How many documents.</param>
    public sealed record Removal(int Removed);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/samples", AddAsync)
            .Audited("samples.added")
            .WithCost(RouteCost.Costly)
            .WithName("AddSamples")
            .WithDescription(
                "A handbook (PDF), a contract, a policy, a price list and a guide of a made-up company, in the collection \"Sample documents\". "
                    + "Their vectors come with them where the organisation is searched with the model that is shipped, so that "
                    + "they are found by meaning at once. Those that are there already stay."
            )
            .WithSummary("Add the sample documents")
            .RequirePermission(Permission.DocumentsWrite)
            .WithExample(new RouteExample())
            .ProducesProblem(StatusCodes.Status507InsufficientStorage);
        routes
            .MapDelete("/samples", RemoveAsync)
            .Audited("samples.removed")
            .WithName("RemoveSamples")
            .WithDescription("What you added to their collection stays, and so does the collection then.")
            .WithSummary("Delete the sample documents")
            .RequirePermission(Permission.DocumentsWrite)
            .WithExample(new RouteExample());
    }

    private static async Task<Results<Accepted<SampleView>, ProblemHttpResult>> AddAsync(
        Principal principal,
        SampleDocuments samples,
        CancellationToken cancellationToken
    ) =>
        await samples.AddAsync(principal, cancellationToken) switch
        {
            { View: { } view } => TypedResults.Accepted("/api/v1/docs", view),
            { NoRoom: { } noRoom } => noRoom.ToProblem(),
            _ => UploadForm.NoSpace(),
        };

    private static async Task<Ok<Removal>> RemoveAsync(
        Principal principal,
        SampleDocuments samples,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(new Removal(await samples.RemoveAsync(principal, cancellationToken)));
}
