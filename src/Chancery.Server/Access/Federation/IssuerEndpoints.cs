using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.Federation;

/// <summary><c>/api/v1/identity/issuers</c>: the issuers that an organisation trusts to say who its people are.</summary>
public static class IssuerEndpoints
{
    private const int MaxText = 300;
    private const int MostValues = 100;

    /// <param name="Label">What people read on the button.</param>
    /// <param name="Issuer">Its address, to the letter as its tokens name it. It is never changed.</param>
    /// <param name="ClientId">What this server is called there.</param>
    /// <param name="ClientSecret">Kept encrypted and never shown; left out for a public client, and to keep the present one.</param>
    /// <param name="Algorithm">The one that it signs with; every other is refused. RS256 when left out.</param>
    /// <param name="Scopes">Separated by spaces; <c>openid profile email</c> when left out.</param>
    /// <param name="Joins">Whether people whom nobody here knows become members when they sign in.</param>
    /// <param name="TrustsEmail">Whether its e-mail addresses count as verified though it does not say so.</param>
    /// <param name="Domains">Of those people only ones with a verified address of these domains become members.</param>
    /// <param name="RoleClaim">The claim that roles are read from at every sign-in; a path through objects is parted by dots.</param>
    /// <param name="Roles">Which value of it stands for which role: admin, editor or viewer.</param>
    /// <param name="DefaultRole">For people without such a value: admin, editor or viewer.</param>
    /// <param name="Audience">Of those of its access tokens that the API takes; none are taken when left out.</param>
    /// <param name="TokenType">What the header of those tokens names: at+jwt or JWT.</param>
    public sealed record IssuerRequest(
        [Required, StringLength(60, MinimumLength = 1)] string Label,
        [Required, StringLength(MaxText)] string Issuer,
        [Required, StringLength(MaxText)] string ClientId,
        [StringLength(2000)] string? ClientSecret = null,
        [StringLength(10)] string? Algorithm = null,
        [StringLength(MaxText)] string? Scopes = null,
        bool Joins = false,
        bool TrustsEmail = false,
        [MaxLength(MostValues)] string[]? Domains = null,
        [StringLength(MaxText)] string? RoleClaim = null,
        Dictionary<string, string>? Roles = null,
        [RegularExpression(Access.Role.BelowOwnerPattern, ErrorMessage = "One of admin, editor, viewer.")]
            string? DefaultRole = null,
        [StringLength(MaxText)] string? Audience = null,
        [RegularExpression("^(at\\+jwt|JWT)$", ErrorMessage = "at+jwt or JWT.")] string? TokenType = null
    );

    /// <param name="SignInUrl">Where its people begin; send it to them.</param>
    /// <param name="RedirectUri">What to register at the issuer.</param>
    /// <param name="HasSecret">Whether a client's secret is kept.</param>
    public sealed record IdentityIssuer(
        Guid Id,
        string Label,
        string Issuer,
        string ClientId,
        bool HasSecret,
        string Algorithm,
        string Scopes,
        bool Joins,
        bool TrustsEmail,
        IReadOnlyList<string> Domains,
        string? RoleClaim,
        IReadOnlyDictionary<string, string> Roles,
        [property: OneOf(typeof(Role))] string DefaultRole,
        string? Audience,
        string TokenType,
        string SignInUrl,
        string RedirectUri,
        DateTimeOffset CreatedAt,
        DateTimeOffset UpdatedAt
    );

    /// <param name="Reachable">Whether both its documents could be read and can be used.</param>
    /// <param name="Problem">What is in the way.</param>
    /// <param name="Keys">The ids of its keys for the registered algorithm.</param>
    public sealed record IssuerCheck(
        bool Reachable,
        string? Problem,
        string? AuthorizationEndpoint,
        string? TokenEndpoint,
        IReadOnlyList<string> Keys
    );

    private const string Example = """
        {"label": "Example login", "issuer": "https://login.example.com/{unique}", "client_id": "chancery",
         "client_secret": "a secret of the issuer's", "joins": true, "domains": ["example.com"], "role_claim": "groups",
         "roles": {"legal": "editor"}, "default_role": "viewer"}
        """;

    private static readonly RouteExample One = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "identity_issuer" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes
            .MapGroup("/identity/issuers")
            .RequirePermission(Permission.OrganizationManage)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        group
            .MapGet("/", ListAsync)
            .WithName("ListIdentityIssuers")
            .WithSummary("The issuers that say who the organisation's people are")
            .WithDescription("The organisation's own. Those of the whole installation are the operator's settings.")
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem();
        group
            .MapPost("/", CreateAsync)
            .Audited("identity_issuer.created")
            .NeedsStepUp()
            .WithName("CreateIdentityIssuer")
            .TakesIdempotencyKey()
            .WithSummary("Trust an OpenID Connect issuer to say who the organisation's people are")
            .WithDescription(
                "Owners only: whoever controls the issuer can sign in as any member of the organisation, and in this organisation "
                    + "alone. Register `redirect_uri` of the answer there, and send `sign_in_url` to your people."
            )
            .RequirePerson()
            .WithExample(new RouteExample { Body = Example })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetIdentityIssuer")
            .WithSummary("Show an issuer")
            .WithDescription("Its secret is never shown.")
            .WithExample(One with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPut("/{id:guid}", ReplaceAsync)
            .Audited("identity_issuer.changed")
            .NeedsStepUp()
            .WithName("ReplaceIdentityIssuer")
            .WithSummary("Change what an issuer's word is good for")
            .WithDescription("Owners only. The address stays: another issuer is another one.")
            .RequirePerson()
            .WithExample(One with { Body = Example.Replace("/{unique}", "/kept", StringComparison.Ordinal) })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapDelete("/{id:guid}", DeleteAsync)
            .Audited("identity_issuer.deleted")
            .NeedsStepUp()
            .WithName("DeleteIdentityIssuer")
            .WithSummary("Trust an issuer no more")
            .WithDescription(
                "Owners only. Nobody signs in by it from now on, the sign-ins that came by it end, and its access tokens count no more. "
                    + "Members stay; those who have no password set one by their e-mail."
            )
            .RequirePerson()
            .WithExample(One)
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPost("/{id:guid}/check", CheckAsync)
            .NotAudited("it changes nothing")
            .WithName("CheckIdentityIssuer")
            .WithSummary("Read an issuer's discovery document and keys now")
            .WithDescription("Says what is in the way where they cannot be used.")
            .RequirePerson()
            .WithExample(One)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listing<IdentityIssuer>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        IssuerStore store,
        AccessSettings settings,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await store.ListAsync(principal.Tenant, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, row => ViewOf(row, settings), row => row.IssuerId));
    }

    private static async Task<Results<Ok<IdentityIssuer>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        IssuerStore store,
        AccessSettings settings,
        CancellationToken cancellationToken
    ) =>
        await store.RowAsync(principal.Tenant, id, cancellationToken) is { } row
            ? TypedResults.Ok(ViewOf(row, settings))
            : Problem.NotFound("issuer");

    private static async Task<Results<Created<IdentityIssuer>, ProblemHttpResult>> CreateAsync(
        IssuerRequest request,
        Principal principal,
        IssuerStore store,
        IssuerHttp http,
        AccessSettings settings,
        Revocations revocations,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (principal.Role != Role.Owner)
        {
            return OwnersOnly();
        }

        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var (content, wrong) = Read(request, principal, http);
        if (content is null)
        {
            return wrong!;
        }

        var change = await store.InsertAsync(principal, id, content, now, cancellationToken);
        if (change != IssuerStore.Change.Done)
        {
            return ProblemOf(change);
        }

        context.Audit().Add("issuer", content.Address).Add("joins", content.Rules.Joins);
        await revocations.TenantAsync(principal.Tenant.Value);
        var row = await store.RowAsync(principal.Tenant, id, cancellationToken);
        return TypedResults.Created($"/api/v1/identity/issuers/{id}", ViewOf(row!, settings));
    }

    private static async Task<Results<Ok<IdentityIssuer>, ProblemHttpResult>> ReplaceAsync(
        Guid id,
        IssuerRequest request,
        Principal principal,
        IssuerStore store,
        IssuerHttp http,
        AccessSettings settings,
        Revocations revocations,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        if (principal.Role != Role.Owner)
        {
            return OwnersOnly();
        }

        if (await store.RowAsync(principal.Tenant, id, cancellationToken) is not { } known)
        {
            return Problem.NotFound("issuer");
        }

        var (content, wrong) = Read(request with { Issuer = known.Issuer }, principal, http);
        if (content is null)
        {
            return wrong!;
        }

        var change = await store.UpdateAsync(principal, id, content, time.GetUtcNow(), cancellationToken);
        if (change != IssuerStore.Change.Done)
        {
            return ProblemOf(change);
        }

        context.Audit().Add("issuer", content.Address).Add("joins", content.Rules.Joins);
        await revocations.TenantAsync(principal.Tenant.Value);
        var row = await store.RowAsync(principal.Tenant, id, cancellationToken);
        return row is null ? Problem.NotFound("issuer") : TypedResults.Ok(ViewOf(row, settings));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        IssuerStore store,
        Revocations revocations,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (principal.Role != Role.Owner)
        {
            return OwnersOnly();
        }

        if (await store.DeleteAsync(principal.Tenant, id, time.GetUtcNow(), cancellationToken) is not { } ended)
        {
            return Problem.NotFound("issuer");
        }

        await revocations.TenantAsync(principal.Tenant, ended);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<IssuerCheck>, ProblemHttpResult>> CheckAsync(
        Guid id,
        Principal principal,
        IssuerStore store,
        IssuerDirectory directory,
        CancellationToken cancellationToken
    )
    {
        if (await store.OpenAsync(principal.Tenant, id, cancellationToken) is not { } issuer)
        {
            return Problem.NotFound("issuer");
        }

        try
        {
            var (metadata, keys) = await directory.CheckAsync(issuer, cancellationToken);
            return TypedResults.Ok(
                new IssuerCheck(
                    keys.Count > 0,
                    keys.Count > 0 ? null : $"It publishes no key for {issuer.Algorithm}.",
                    metadata.AuthorizationEndpoint,
                    metadata.TokenEndpoint,
                    keys
                )
            );
        }
        catch (IssuerException exception)
        {
            return TypedResults.Ok(new IssuerCheck(false, exception.Message, null, null, []));
        }
    }

    private static (IssuerStore.Content? Content, ProblemHttpResult? Wrong) Read(
        IssuerRequest request,
        Principal principal,
        IssuerHttp http
    )
    {
        var algorithm = request.Algorithm ?? "RS256";
        var domains = (request.Domains ?? []).Select(domain => domain.Trim().ToLowerInvariant()).Distinct().ToArray();
        var roles = request.Roles ?? [];
        var rules = new IssuerRules
        {
            Joins = request.Joins,
            TrustsEmail = request.TrustsEmail,
            Domains = domains,
            RoleClaim = request.RoleClaim?.Trim() is { Length: > 0 } claim ? claim : null,
            Roles = roles,
            DefaultRole = request.DefaultRole ?? Role.Viewer,
            Audience = request.Audience?.Trim() is { Length: > 0 } audience ? audience : null,
            TokenType = request.TokenType ?? Tokens.AccessTokens.Type,
        };
        var content = new IssuerStore.Content(
            request.Label.Trim(),
            request.Issuer,
            request.ClientId,
            request.ClientSecret is { Length: > 0 } secret ? secret : null,
            algorithm,
            request.Scopes?.Trim() is { Length: > 0 } scopes ? scopes : "openid profile email",
            rules
        );
        var probe = new ExternalIssuer(
            "",
            principal.Tenant,
            "",
            content.Label,
            content.Address,
            content.ClientId,
            null,
            algorithm,
            content.Scopes,
            rules
        );
        var wrong =
            http.WhyNot(probe, request.Issuer) is not null || request.Issuer.Contains('?', StringComparison.Ordinal)
                ? ("issuer", "An https address of a public server without a query, as the issuer's tokens name it.")
            : !ForeignKey.Algorithms.Contains(algorithm)
                ? ("algorithm", $"One of {string.Join(", ", ForeignKey.Algorithms)}.")
            : !content.Scopes.Split(' ').Contains("openid") ? ("scopes", "openid is one of them.")
            : domains.Any(domain => EmailAddress.Normalize("somebody@" + domain) is null)
                ? ("domains", "Domains of e-mail addresses, such as example.com.")
            : roles.Count > MostValues
            || roles.Keys.Any(value => value.Length is 0 or > MaxText)
            || roles.Values.Any(role => role is not (Role.Admin or Role.Editor or Role.Viewer))
                ? ("roles", "At most 100 values, each with one of admin, editor, viewer.")
            : rules.Audience == content.ClientId
                ? ("audience", "Another than the client's id, which ID tokens are for.")
            : default((string Field, string Why)?);
        return wrong is { } bad ? (null, Problem.Invalid(bad.Field, bad.Why)) : (content, null);
    }

    private static IdentityIssuer ViewOf(IssuerStore.Row row, AccessSettings settings)
    {
        var rules = row.ReadRules();
        return new IdentityIssuer(
            row.IssuerId,
            row.Label,
            row.Issuer,
            row.ClientId,
            row.ClientSecret is not null,
            row.Algorithm,
            row.Scopes,
            rules.Joins,
            rules.TrustsEmail,
            rules.Domains,
            rules.RoleClaim,
            rules.Roles,
            rules.DefaultRole,
            rules.Audience,
            rules.TokenType,
            $"{settings.PublicUrl}/login/with/{row.IssuerId}",
            settings.PublicUrl + CodeVisit.CallbackPath,
            row.CreatedAt,
            row.UpdatedAt
        );
    }

    private static ProblemHttpResult OwnersOnly() =>
        Problem.OwnersOnly("Owners decide who says who the organisation's people are.");

    private static ProblemHttpResult ProblemOf(IssuerStore.Change change) =>
        change switch
        {
            IssuerStore.Change.NotFound => Problem.NotFound("issuer"),
            IssuerStore.Change.Taken => Problem.Conflict(
                "issuer-taken",
                "There is this issuer already",
                "Change the one that has this address and client id."
            ),
            _ => Problem.Conflict(
                "too-many-issuers",
                "No more issuers",
                $"An organisation has at most {IssuerStore.Most}. Delete one first."
            ),
        };
}
