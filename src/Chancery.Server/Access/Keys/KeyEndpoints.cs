using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Keys;

/// <summary><c>/api/v1/keys</c>: credentials for programs, each with a role of its own.</summary>
public static class KeyEndpoints
{
    /// <param name="Role">admin, editor or viewer; at most the maker's own.</param>
    /// <param name="ExpiresAt">In the future; never expires when absent.</param>
    public sealed record Request(
        [Required, StringLength(100, MinimumLength = 1)] string Name,
        [Required, RegularExpression(Access.Role.BelowOwnerPattern, ErrorMessage = "One of admin, editor, viewer.")]
            string Role,
        DateTimeOffset? ExpiresAt
    );

    /// <param name="Start">The key's first characters, by which a person recognises it.</param>
    /// <param name="Key">The key itself, only in the answer to its making.</param>
    public sealed record ApiKey(
        Guid Id,
        string Name,
        [property: OneOf(typeof(Role))] string Role,
        string Start,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? ExpiresAt,
        DateTimeOffset? LastUsedAt,
        string? Key
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/keys", ListAsync)
            .WithName("ListKeys")
            .WithDescription("The keys themselves are not shown again.")
            .WithSummary("The organisation's API keys")
            .RequirePermission(Permission.KeysManage)
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/keys", CreateAsync)
            .WithName("CreateKey")
            .TakesIdempotencyKey()
            .WithSummary("Make an API key; it is shown this once")
            .WithDescription(
                "A key works only while its maker is a member, and never for more than the maker's present role."
            )
            .RequirePermission(Permission.KeysManage)
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"name": "nightly import", "role": "editor"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapDelete("/keys/{id:guid}", RevokeAsync)
            .WithName("RevokeKey")
            .WithDescription("On all servers.")
            .WithSummary("Revoke an API key; it stops at once")
            .RequirePermission(Permission.KeysManage)
            .RequirePerson()
            .WithExample(new RouteExample { Path = new Dictionary<string, string> { ["id"] = "key" } })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listing<ApiKey>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        ApiKeyStore keys,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await keys.ListAsync(principal.Tenant, after, limit + 1, cancellationToken);
        return TypedResults.Ok(
            Listing.Of(
                rows,
                limit,
                row => new ApiKey(
                    row.KeyId,
                    row.Name,
                    row.Role,
                    ApiKeyText.Prefix + row.Lookup,
                    row.CreatedBy,
                    row.CreatedAt,
                    row.ExpiresAt,
                    row.LastUsedAt,
                    Key: null
                ),
                row => row.KeyId
            )
        );
    }

    private static async Task<Results<Created<ApiKey>, ProblemHttpResult>> CreateAsync(
        Request request,
        Principal principal,
        ApiKeyStore keys,
        ApiKeyDirectory directory,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        if (request.ExpiresAt <= now)
        {
            return Problem.Invalid("expires_at", "Give a time in the future, or none.");
        }

        if (!Access.Role.IsAtMost(request.Role, principal.Role))
        {
            return Problem.Invalid("role", "A key's role is at most your own.");
        }

        var (text, lookup) = ApiKeyText.Create();
        var key = new ApiKeyStore.NewKey(
            Guid.CreateVersion7(now),
            lookup,
            request.Name.Trim(),
            directory.MacOf(text),
            ApiKeyDirectory.PepperVersion,
            request.Role,
            principal.UserId,
            now,
            request.ExpiresAt?.ToUniversalTime()
        );
        await keys.InsertAsync(principal.Tenant, key, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created(
            $"/api/v1/keys/{key.KeyId}",
            new ApiKey(
                key.KeyId,
                key.Name,
                key.Role,
                ApiKeyText.Prefix + lookup,
                key.CreatedBy,
                now,
                key.ExpiresAt,
                LastUsedAt: null,
                text
            )
        );
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        Guid id,
        Principal principal,
        ApiKeyStore keys,
        Revocations revocations,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (!await keys.RevokeAsync(principal.Tenant, id, time.GetUtcNow(), cancellationToken))
        {
            return Problem.NotFound("key");
        }

        await revocations.KeyAsync(principal.Tenant.Value, id);
        return TypedResults.NoContent();
    }
}
