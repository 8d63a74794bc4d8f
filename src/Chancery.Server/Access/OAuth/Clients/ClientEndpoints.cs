using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.OAuth.Clients;

/// <summary><c>/api/v1/oauth/clients</c>: programs that the organisation lets its people sign in to.</summary>
public static class ClientEndpoints
{
    private const int MostAddresses = 10;
    private const int LongestOverlapSeconds = 30 * 86400;

    /// <param name="Name">What people are asked about: "Let … in?"</param>
    /// <param name="Type">confidential: it keeps a secret on a server. public: it runs with its users, who could read one.</param>
    /// <param name="RedirectUris">Where people are sent back to, to the letter; on loopback with any port. At most 10.</param>
    /// <param name="Grants">Default: authorization_code and refresh_token.</param>
    /// <param name="Scopes">The most it may ask for. Default: openid profile email offline_access documents:read chat:ask.
    /// </param>
    /// <param name="Role">What it may do as itself, for client_credentials: admin, editor or viewer; at most your own.</param>
    /// <param name="Certificate">
    /// A confidential client gets no secret then, and shows a certificate with this name (RFC 8705). Its access tokens count only
    /// beside that certificate.
    /// </param>
    public sealed record Request(
        [Required, StringLength(100, MinimumLength = 1)] string Name,
        [Required, RegularExpression("^(confidential|public)$", ErrorMessage = "One of confidential, public.")]
        [property: OneOf("ClientType", "confidential", "public")]
            string Type,
        IReadOnlyList<string>? RedirectUris,
        IReadOnlyList<string>? Grants,
        IReadOnlyList<string>? Scopes,
        [RegularExpression(Access.Role.BelowOwnerPattern, ErrorMessage = "One of admin, editor, viewer.")] string? Role,
        ClientCertificateName? Certificate = null
    );

    /// <param name="Kind">
    /// dns or uri: one of the certificate's alternative names, such as a SPIFFE id. subject: its subject, such as CN=billing,O=Acme.
    /// </param>
    /// <param name="Name">Compared as a whole; stars stand for nothing.</param>
    public sealed record ClientCertificateName(
        [Required, RegularExpression("^(dns|uri|subject)$", ErrorMessage = "One of dns, uri, subject.")]
        [property: OneOf("ClientCertificateKind", "dns", "uri", "subject")]
            string Kind,
        [Required, StringLength(2048, MinimumLength = 1)] string Name
    );

    /// <param name="Name">Unchanged when absent, as the others.</param>
    /// <param name="RedirectUris">All of them, not only new ones.</param>
    /// <param name="Scopes">The most it may ask for from now on; what was allowed before narrows with its next refresh.
    /// </param>
    public sealed record ChangeRequest(
        [StringLength(100, MinimumLength = 1)] string? Name,
        IReadOnlyList<string>? RedirectUris,
        IReadOnlyList<string>? Scopes
    );

    /// <param name="OverlapSeconds">For how long the secret before it goes on working; none by default, 30 days at most.</param>
    public sealed record SecretRequest([Range(0, LongestOverlapSeconds)] int OverlapSeconds = 0);

    /// <param name="Id">Its <c>client_id</c>.</param>
    /// <param name="OldSecretUntil">Until when the secret before the last one works, too.</param>
    /// <param name="Certificate">The name on the certificate that it shows instead of a secret.</param>
    /// <param name="Secret">Its <c>client_secret</c>, only in the answer to its making.</param>
    public sealed record RegisteredClient(
        Guid Id,
        string Name,
        [property: OneOf("ClientType", "confidential", "public")] string Type,
        IReadOnlyList<string> RedirectUris,
        IReadOnlyList<string> Grants,
        IReadOnlyList<string> Scopes,
        [property: OneOf(typeof(Role))] string? Role,
        Guid CreatedBy,
        DateTimeOffset CreatedAt,
        DateTimeOffset? OldSecretUntil,
        ClientCertificateName? Certificate,
        string? Secret
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        var id = new Dictionary<string, string> { ["id"] = "client" };
        routes
            .MapGet("/oauth/clients", ListAsync)
            .WithName("ListClients")
            .WithSummary("The organisation's OAuth clients")
            .WithDescription("Their secrets are not shown again.")
            .RequirePermission(Permission.KeysManage)
            .WithExample(new RouteExample { Query = "limit=50", ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapPost("/oauth/clients", CreateAsync)
            .Audited("application.created")
            .WithName("CreateClient")
            .NeedsStepUp()
            .TakesIdempotencyKey()
            .WithSummary("Register an OAuth client; its secret is shown this once")
            .WithDescription(
                "People of this organisation only can sign in to it. As itself (`client_credentials`) it counts only while its "
                    + "maker is a member, and never for more than the maker's present role."
            )
            .RequirePermission(Permission.KeysManage)
            .RequirePerson()
            .WithExample(
                new RouteExample
                {
                    Body = """
                    {"name": "Case files", "type": "confidential", "redirect_uris": ["https://cases.example.com/callback"],
                     "scopes": ["openid", "documents:read", "chat:ask"]}
                    """,
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);
        routes
            .MapGet("/oauth/clients/{id:guid}", GetAsync)
            .WithName("GetClient")
            .WithSummary("One OAuth client")
            .WithDescription("Without its secret.")
            .RequirePermission(Permission.KeysManage)
            .WithExample(new RouteExample { Path = id, ShowsContent = true })
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPatch("/oauth/clients/{id:guid}", ChangeAsync)
            .Audited("application.changed")
            .WithName("ChangeClient")
            .NeedsStepUp()
            .WithSummary("Change an OAuth client's name, addresses or scopes")
            .WithDescription("What is left out stays. Type, grants and role stay as they were registered.")
            .RequirePermission(Permission.KeysManage)
            .RequirePerson()
            .WithExample(
                new RouteExample { Path = id, Body = """{"redirect_uris": ["https://cases.example.com/back"]}""" }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapPost("/oauth/clients/{id:guid}/secret", RotateAsync)
            .Audited("application.secret_rotated")
            .WithName("RotateClientSecret")
            .NeedsStepUp()
            .TakesIdempotencyKey()
            .WithSummary("Give a confidential client a new secret; it is shown this once")
            .WithDescription(
                "With `overlap_seconds` the old one goes on working for that long. A public client has none, nor one with a "
                    + "certificate: 404."
            )
            .RequirePermission(Permission.KeysManage)
            .RequirePerson()
            .WithExample(new RouteExample { Path = id, Body = """{"overlap_seconds": 3600}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
        routes
            .MapDelete("/oauth/clients/{id:guid}", DeleteAsync)
            .Audited("application.deleted")
            .WithName("DeleteClient")
            .NeedsStepUp()
            .WithSummary("Remove an OAuth client; everything that it got stops at once")
            .WithDescription("On all servers.")
            .RequirePermission(Permission.KeysManage)
            .RequirePerson()
            .WithExample(new RouteExample { Path = id })
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listing<RegisteredClient>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        ClientStore clients,
        CancellationToken cancellationToken,
        [Range(1, 100), Description("Most clients to answer.")] int limit = Listing.DefaultLimit,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
        }

        var rows = await clients.ListAsync(principal.Tenant, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(rows, limit, row => ViewOf(row, secret: null), row => row.ClientId));
    }

    private static async Task<Results<Ok<RegisteredClient>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        ClientStore clients,
        CancellationToken cancellationToken
    ) =>
        await clients.GetAsync(principal.Tenant, id, cancellationToken) is { } row
            ? TypedResults.Ok(ViewOf(row, secret: null))
            : Problem.NotFound("client");

    private static async Task<Results<Created<RegisteredClient>, ProblemHttpResult>> CreateAsync(
        Request request,
        Principal principal,
        ClientStore clients,
        ClientSecret secrets,
        MutualTls mutual,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var isConfidential = request.Type == "confidential";
        string[] grants = [.. (request.Grants ?? [Grant.Code, Grant.Refresh]).Distinct(StringComparer.Ordinal)];
        string[] addresses = [.. (request.RedirectUris ?? []).Distinct(StringComparer.Ordinal)];
        string[] scopes =
        [
            .. (request.Scopes ?? [.. Scope.OfIdentity, Permission.DocumentsRead, Permission.Ask]).Distinct(
                StringComparer.Ordinal
            ),
        ];
        if (WhyNot(request, isConfidential, grants, addresses, scopes, principal.Role) is { } problem)
        {
            return problem;
        }

        CertificateName? certificate = null;
        if (request.Certificate is { } asked)
        {
            certificate = CertificateName.Of(asked.Kind, asked.Name);
            if (WhyNot(isConfidential, mutual, certificate) is { } why)
            {
                return Problem.Invalid("certificate", why);
            }
        }

        var now = time.GetUtcNow();
        var secret = isConfidential && certificate is null ? ClientSecret.Create() : null;
        var client = new ClientStore.NewClient(
            Guid.CreateVersion7(now),
            request.Name.Trim(),
            secret is null ? null : secrets.MacOf(secret),
            ClientSecret.PepperVersion,
            addresses,
            grants,
            scopes,
            request.Role,
            principal.UserId,
            now,
            certificate
        );
        await clients.InsertAsync(principal.Tenant, client, cancellationToken);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created(
            $"/api/v1/oauth/clients/{client.ClientId}",
            new RegisteredClient(
                client.ClientId,
                client.Name,
                request.Type,
                addresses,
                grants,
                scopes,
                client.Role,
                client.CreatedBy,
                now,
                OldSecretUntil: null,
                certificate is null ? null : new ClientCertificateName(certificate.Kind, certificate.Name),
                secret
            )
        );
    }

    private static async Task<Results<Ok<RegisteredClient>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        ChangeRequest request,
        Principal principal,
        ClientStore clients,
        Revocations revocations,
        CancellationToken cancellationToken
    )
    {
        if (await clients.GetAsync(principal.Tenant, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("client");
        }

        var changed = row with
        {
            Name = request.Name?.Trim() ?? row.Name,
            RedirectUris = [.. (request.RedirectUris ?? row.RedirectUris).Distinct(StringComparer.Ordinal)],
            Scopes = [.. (request.Scopes ?? row.Scopes).Distinct(StringComparer.Ordinal)],
        };
        // Its role is no more anybody's to choose here than it was, so it is not held against the caller's.
        var asked = new Request(changed.Name, "", changed.RedirectUris, changed.Grants, changed.Scopes, Role: row.Role);
        if (
            WhyNot(
                asked,
                row.IsConfidential,
                changed.Grants,
                changed.RedirectUris,
                changed.Scopes,
                Access.Role.Owner
            ) is
            { } problem
        )
        {
            return problem;
        }

        if (!await clients.ChangeAsync(principal.Tenant, changed, cancellationToken))
        {
            return Problem.NotFound("client");
        }

        await revocations.ClientAsync(principal.Tenant, id, []);
        return TypedResults.Ok(ViewOf(changed, secret: null));
    }

    private static string? WhyNot(bool isConfidential, MutualTls mutual, CertificateName? certificate) =>
        !isConfidential ? "A public client shows no certificate: make it confidential."
        : !mutual.IsOn ? "This server asks nobody for a certificate: its operator has not set MTLS."
        : certificate is null
            ? "A DNS name without stars, an absolute URI, or a subject such as CN=billing,O=Acme, as the certificate has it."
        : null;

    private static ProblemHttpResult? WhyNot(
        Request request,
        bool isConfidential,
        string[] grants,
        string[] addresses,
        string[] scopes,
        string ownRole
    )
    {
        string[] known = [Grant.Code, Grant.Refresh, Grant.Client, Grant.Device];
        return request.Name.Trim().Length == 0 || request.Name.Any(char.IsControl)
                ? Problem.Invalid("name", "Give it a name by which people know it, on one line.")
            : grants.Length == 0 || grants.Except(known).Any()
                ? Problem.Invalid("grants", $"Some of {string.Join(", ", known)}.")
            : grants.All(grant => grant == Grant.Refresh)
                ? Problem.Invalid("grants", "refresh_token goes with another grant.")
            : grants.Contains(Grant.Client) && !isConfidential
                ? Problem.Invalid(
                    "grants",
                    "client_credentials takes a secret or a certificate: a confidential client."
                )
            : grants.Contains(Grant.Client) && request.Role is null
                ? Problem.Invalid("role", "client_credentials takes a role: what the client may do as itself.")
            : request.Role is { } role && !Access.Role.IsAtMost(role, ownRole)
                ? Problem.Invalid("role", "A client's role is at most your own.")
            : scopes.Except(Scope.All).Any() || scopes.Length == 0
                ? Problem.Invalid("scopes", $"Some of {string.Join(", ", Scope.All)}.")
            : addresses.Length > MostAddresses ? Problem.Invalid("redirect_uris", $"At most {MostAddresses} addresses.")
            : grants.Contains(Grant.Code) && addresses.Length == 0
                ? Problem.Invalid("redirect_uris", "authorization_code takes an address to send people back to.")
            : addresses.Select(RedirectUri.WhyNot).FirstOrDefault(why => why is not null) is { } why
                ? Problem.Invalid("redirect_uris", why)
            : null;
    }

    private static async Task<Results<Ok<RegisteredClient>, ProblemHttpResult>> RotateAsync(
        Guid id,
        SecretRequest request,
        Principal principal,
        ClientStore clients,
        ClientSecret secrets,
        Revocations revocations,
        TimeProvider time,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var secret = ClientSecret.Create();
        var until = time.GetUtcNow().AddSeconds(request.OverlapSeconds);
        if (
            !await clients.RotateAsync(principal.Tenant, id, secrets.MacOf(secret), until, cancellationToken)
            || await clients.GetAsync(principal.Tenant, id, cancellationToken) is not { } row
        )
        {
            return Problem.NotFound("client");
        }

        await revocations.ClientAsync(principal.Tenant, id, []);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Ok(ViewOf(row, secret));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        ClientEnding ending,
        CancellationToken cancellationToken
    ) =>
        await ending.EndAsync(principal.Tenant, id, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("client");

    private static RegisteredClient ViewOf(ClientStore.ClientRow row, string? secret) =>
        new(
            row.ClientId,
            row.Name,
            row.IsConfidential ? "confidential" : "public",
            row.RedirectUris,
            row.Grants,
            row.Scopes,
            row.Role,
            row.CreatedBy,
            row.CreatedAt,
            row.OldSecretUntil,
            row is { CertificateKind: { } kind, CertificateName: { } name }
                ? new ClientCertificateName(kind, name)
                : null,
            secret
        );
}
