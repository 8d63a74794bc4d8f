using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Access.Keys;

/// <summary><c>/api/v1/keys</c>: credentials for programs, each with a role of its own.</summary>
public static class KeyEndpoints
{
    private const int MostRanges = 50;
    private const int MostPerMinute = 1_000_000;

    // A week: long enough for a rollout, short enough not to be forgotten.
    private const int MostOverlapHours = 168;

    /// <param name="Role">admin, editor or viewer; at most the maker's own.</param>
    /// <param name="ExpiresAt">In the future; never expires when absent.</param>
    /// <param name="Scopes">Permissions that it is limited to, of those of its role; all of them when absent.</param>
    /// <param name="IpRanges">
    /// Addresses or networks (CIDR) that it may be used from; everywhere when absent.
    /// </param>
    /// <param name="RequestsPerMinute">What it may call in a minute of the clock; no limit of its own when absent.</param>
    /// <param name="ServiceAccountId">Whose it is; yours when absent.</param>
    public sealed record Request(
        [Required, StringLength(100, MinimumLength = 1)] string Name,
        [Required, RegularExpression(Access.Role.BelowOwnerPattern, ErrorMessage = "One of admin, editor, viewer.")]
            string Role,
        DateTimeOffset? ExpiresAt,
        [MinLength(1)] string[]? Scopes = null,
        [MinLength(1), MaxLength(MostRanges)] string[]? IpRanges = null,
        [Range(1, MostPerMinute)] int? RequestsPerMinute = null,
        Guid? ServiceAccountId = null
    );

    /// <param name="OverlapHours">How long the present secret goes on, 0 to 168; 0 ends it at once.</param>
    public sealed record RotateRequest([Range(0, MostOverlapHours)] int OverlapHours = 24);

    /// <param name="Start">The key's first characters, by which a person recognises it.</param>
    /// <param name="Key">The key itself, only in the answer to its making and its rotation.</param>
    /// <param name="Scopes">Left out where it has all of its role.</param>
    /// <param name="IpRanges">Left out where it may be used from everywhere.</param>
    /// <param name="ServiceAccountId">Whose it is; left out for its maker's own.</param>
    /// <param name="PreviousUntil">Until when the secret of before its rotation counts, too.</param>
    public sealed record ApiKey(
        Guid Id,
        string Name,
        [property: OneOf(typeof(Role))] string Role,
        string Start,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? ExpiresAt,
        DateTimeOffset? LastUsedAt,
        string? Key,
        IReadOnlyList<string>? Scopes = null,
        IReadOnlyList<string>? IpRanges = null,
        int? RequestsPerMinute = null,
        Guid? ServiceAccountId = null,
        DateTimeOffset? RotatedAt = null,
        DateTimeOffset? PreviousUntil = null
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
            .Audited("key.created")
            .WithName("CreateKey")
            .NeedsStepUp()
            .TakesIdempotencyKey()
            .WithSummary("Make an API key; it is shown this once")
            .WithDescription(
                "A key works only while its maker is a member, or its service account is enabled, and never for more than that "
                    + "one's present role."
            )
            .RequirePermission(Permission.KeysManage)
            .RequirePerson()
            .WithExample(
                new RouteExample
                {
                    Body = """
                    {"name": "nightly import", "role": "editor", "scopes": ["documents:read", "documents:write"],
                     "ip_ranges": ["203.0.113.0/24"], "requests_per_minute": 600, "service_account_id": "{account}"}
                    """,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPost("/keys/{id:guid}/rotate", RotateAsync)
            .Audited("key.rotated")
            .WithName("RotateKey")
            .NeedsStepUp()
            .TakesIdempotencyKey()
            .WithSummary("Give an API key another secret; the present one goes on for a while")
            .WithDescription(
                "The key stays what it is: its name, role, limits, and what lists of readers let it read. The new secret is shown "
                    + "this once. A key that is rotated again while both count loses the older one."
            )
            .RequirePermission(Permission.KeysManage)
            .RequirePerson()
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "key" },
                    Body = """{"overlap_hours": 24}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapDelete("/keys/{id:guid}", RevokeAsync)
            .Audited("key.revoked")
            .WithName("RevokeKey")
            .NeedsStepUp()
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
        string? cursor = null,
        [FromQuery(Name = "service_account_id"), Description("Only keys of this service account.")]
            Guid? serviceAccountId = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await keys.ListAsync(principal.Tenant, serviceAccountId, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, row => ViewOf(row, null), row => row.KeyId));
    }

    private static ApiKey ViewOf(ApiKeyStore.KeyRow row, string? text) =>
        new(
            row.KeyId,
            row.Name,
            row.Role,
            ApiKeyText.Prefix + row.Lookup,
            row.CreatedBy,
            row.CreatedAt,
            row.ExpiresAt,
            row.LastUsedAt,
            text,
            row.Scopes,
            row.IpRanges,
            row.RequestsPerMinute,
            row.AccountId,
            row.RotatedAt,
            row.PreviousUntil
        );

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

        if (request.Scopes?.Any(scope => !Permission.Of(request.Role).Contains(scope)) is true)
        {
            return Problem.Invalid(
                "scopes",
                $"Permissions of its role: {string.Join(", ", Permission.All.Where(Permission.Of(request.Role).Contains))}."
            );
        }

        if (request.Scopes?.Contains(Permission.Provision) is true && principal.Role != Access.Role.Owner)
        {
            return Problem.OwnersOnly(
                "Owners make keys that keep members: such a key removes owners, too, but for the last."
            );
        }

        var ranges = request.IpRanges is null ? null : IpRanges.Clean(request.IpRanges);
        if (ranges is null && request.IpRanges is not null)
        {
            return Problem.Invalid(
                "ip_ranges",
                "Addresses or networks, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32."
            );
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
            request.ExpiresAt?.ToUniversalTime(),
            request.Scopes?.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray(),
            ranges,
            request.RequestsPerMinute,
            request.ServiceAccountId
        );
        if (!await keys.InsertAsync(principal.Tenant, key, cancellationToken))
        {
            return Problem.NotFound("service account");
        }

        context
            .Audit()
            .Add("role", key.Role)
            .Add("scopes", key.Scopes)
            .Add("expires_at", key.ExpiresAt)
            .Add("service_account_id", key.AccountId);
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
                text,
                key.Scopes,
                key.IpRanges,
                key.RequestsPerMinute,
                key.AccountId
            )
        );
    }

    private static async Task<Results<Ok<ApiKey>, ProblemHttpResult>> RotateAsync(
        Guid id,
        RotateRequest request,
        Principal principal,
        ApiKeyStore keys,
        ApiKeyDirectory directory,
        Revocations revocations,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (
            principal.Role != Access.Role.Owner
            && await keys.RowAsync(principal.Tenant, id, cancellationToken) is { Scopes: { } scopes }
            && scopes.Contains(Permission.Provision)
        )
        {
            return Problem.OwnersOnly("Owners make keys that keep members, and give them other secrets.");
        }

        var now = time.GetUtcNow();
        var (text, lookup) = ApiKeyText.Create();
        context.Audit().Add("overlap_hours", request.OverlapHours);
        var rotated = await keys.RotateAsync(
            principal.Tenant,
            id,
            lookup,
            directory.MacOf(text),
            now.AddHours(request.OverlapHours),
            now,
            cancellationToken
        );
        if (rotated is null)
        {
            return Problem.NotFound("key");
        }

        // What is remembered of the secret of before knows no end yet.
        await revocations.KeyAsync(principal.Tenant.Value, id);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(ViewOf(rotated, text));
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
