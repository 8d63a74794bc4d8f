using System.ComponentModel.DataAnnotations;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Heads;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Audit.Verifying;

/// <summary><c>POST /api/v1/audit/verify</c>: computes the organisation's chain again.</summary>
internal static class VerifyEndpoint
{
    private const int MostHeads = 100;
    private const string RetryAfterSeconds = "5";

    /// <param name="Heads">Signed heads that you kept: their <c>jws</c>, at most 100. Without one the end stays unproven.</param>
    public sealed record Request([MaxLength(MostHeads)] string[]? Heads = null);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/audit/verify", HandleAsync)
            .NotAudited("it changes nothing")
            .WithName("VerifyAudit")
            .WithSummary("Check that nothing in the organisation's record was changed, moved or taken out")
            .WithDescription(
                "Computes every hash again, from what the chain begins with to its end, and checks every signed head, while others write "
                    + "on. What is found is answered with 200 and `is_whole` false. One check runs at a time."
            )
            .ForReadersOfTheRecord()
            .WithExample(new RouteExample { Body = "{}" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);

    private static async Task<Results<Ok<ChainReport>, ProblemHttpResult>> HandleAsync(
        Request request,
        AuditReader reader,
        ChainVerifier verifier,
        TenantChainSource source,
        ChainWriter writer,
        VerifySeat seat,
        HttpContext http,
        CancellationToken cancellationToken
    )
    {
        var heads = new List<SignedHead>();
        foreach (var text in request.Heads ?? [])
        {
            if (SignedHead.Parse(text.Trim()) is not { } head || head.TenantId != reader.Tenant)
            {
                return Problem.Invalid("heads", "Each is the jws of a head that this organisation was given.");
            }

            heads.Add(head);
        }

        using var taken = seat.TryTake();
        if (taken is null)
        {
            http.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Problem.TooManyRequests("Another check is running. Try again in a moment.");
        }

        await writer.LinkAsync(reader.Tenant, cancellationToken);
        return TypedResults.Ok(await verifier.VerifyAsync(source, reader.Tenant, heads, cancellationToken));
    }
}

/// <summary>A check is hard work: each process does one at a time. Safe for concurrent use.</summary>
internal sealed class VerifySeat
{
    private int _taken;

    /// <summary>Dispose it when the check ends; null while another runs.</summary>
    public IDisposable? TryTake() => Interlocked.Exchange(ref _taken, 1) == 0 ? new Seat(this) : null;

    private sealed class Seat(VerifySeat seat) : IDisposable
    {
        public void Dispose() => Volatile.Write(ref seat._taken, 0);
    }
}
