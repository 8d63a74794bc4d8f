using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Platform.Database;
using Microsoft.AspNetCore.WebUtilities;

namespace Chancery.Server.Access.OAuth.Authorize;

/// <summary>What a person's browser is to do about an authorization request.</summary>
internal abstract record AuthorizationStep
{
    private AuthorizationStep() { }

    /// <summary>Goes there: back to the client, or to the sign-in.</summary>
    public sealed record Go(string Location) : AuthorizationStep;

    /// <summary>Shows what is wrong, and goes nowhere.</summary>
    public sealed record Show(string Why) : AuthorizationStep;

    /// <summary>Asks the person.</summary>
    public sealed record Ask(ConsentQuestion Question) : AuthorizationStep;
}

/// <summary>What a person is asked before a program may act for them.</summary>
/// <param name="Person">Who is asked.</param>
/// <param name="Tenants">The organisations of theirs that it may be for, at least one.</param>
internal sealed record ConsentQuestion(
    AuthorizationRequest Request,
    Principal Person,
    IReadOnlyList<TenantView> Tenants
);

/// <summary>
/// The authorization endpoint: reads the request, has the person sign in, asks them, and sends them back with a code or an
/// error. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A person is asked every time. What they allowed once says nothing of the next request: nobody can tell whether a public
/// client is who it says (RFC 8252, 8.6).
/// </remarks>
internal sealed class Authorization(
    AuthorizationRequests requests,
    PeopleStore people,
    SessionDirectory sessions,
    CodeStore codes,
    AccessSettings settings,
    TimeProvider time
)
{
    public const string Path = "/oauth/authorize";

    public static readonly TimeSpan CodeLife = TimeSpan.FromSeconds(60);

    private const string CodePrefix = "cc_";

    /// <summary>What to do about a request that a browser brings.</summary>
    public async Task<AuthorizationStep> BeginAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var query = context.Request.QueryString.Value?.TrimStart('?') ?? "";
        if (!Transport.IsPrivate(context))
        {
            return new AuthorizationStep.Show("Signing in needs a secure connection: open this by its https address.");
        }

        var person = PersonOf(context);
        if (person is null && IsAddress(query))
        {
            // What the client says of itself is fetched from an address that it names: not for anybody who passes by.
            return new AuthorizationStep.Go(SignInFor(query, again: false, hint: null));
        }

        return await requests.ReadAsync(query, cancellationToken) switch
        {
            RequestReading.Shown shown => new AuthorizationStep.Show(shown.Why),
            // A faulty link would else send whoever follows it from our address to somebody's page at once (RFC 9700, 4.11.2).
            RequestReading.Refused when person is null && !IsSilent(query) => new AuthorizationStep.Go(
                SignInFor(query, again: false, hint: null)
            ),
            RequestReading.Refused refused => new AuthorizationStep.Go(
                Back(refused.RedirectUri, refused.State, ("error", refused.Error), ("error_description", refused.Why))
            ),
            RequestReading.Good good => await AskAsync(good.Request, person, cancellationToken),
            var other => throw new System.Diagnostics.UnreachableException($"Unhandled reading {other}."),
        };
    }

    /// <summary>What the person's answer leads to.</summary>
    /// <param name="query">The request that they were asked about; it is read anew.</param>
    /// <param name="tenantId">The organisation that they chose.</param>
    public async Task<AuthorizationStep> DecideAsync(
        HttpContext context,
        string query,
        bool isAllowed,
        Guid? tenantId,
        CancellationToken cancellationToken
    )
    {
        if (PersonOf(context) is not { SessionId: { } page } person)
        {
            return new AuthorizationStep.Go($"{Path}?{query}");
        }

        switch (await requests.ReadAsync(query, cancellationToken))
        {
            case RequestReading.Good { Request: var request }:
                var tenants = await TenantsForAsync(request.Client, person, cancellationToken);
                if (!isAllowed)
                {
                    return new AuthorizationStep.Go(Deny(request, "The person said no."));
                }

                return tenants.FirstOrDefault(one => one.Id == tenantId) is { } chosen
                    ? new AuthorizationStep.Go(
                        await AllowAsync(request, person, page, new TenantId(chosen.Id), cancellationToken)
                    )
                    : new AuthorizationStep.Go($"{Path}?{query}");
            default:
                // What became of it is said where it began.
                return new AuthorizationStep.Go($"{Path}?{query}");
        }
    }

    /// <summary>The organisations of a person that a client may be let into.</summary>
    public async Task<IReadOnlyList<TenantView>> TenantsForAsync(
        OAuthClient client,
        Principal person,
        CancellationToken cancellationToken
    ) =>
        [
            .. (await people.TenantsOfAsync(person, cancellationToken))
                .Where(tenant => client.Tenant is not { } only || only.Value == tenant.Id)
                .OrderByDescending(tenant => tenant.Id == person.Tenant.Value),
        ];

    /// <summary>Whoever signed in on the page; a token or a key allows nobody anything.</summary>
    public static Principal? PersonOf(HttpContext context) =>
        context.Features.Get<Credential>() is { Kind: CredentialKind.Cookie }
            ? context.Features.Get<Principal>()
            : null;

    private async Task<AuthorizationStep> AskAsync(
        AuthorizationRequest request,
        Principal? person,
        CancellationToken cancellationToken
    )
    {
        var isSilent = request.Prompt.Contains("none");
        var isStale =
            person?.SessionId is { } id
            && (
                request.Prompt.Contains("login")
                || (
                    request.MaxAge is { } age
                    && await sessions.FindAsync(id, cancellationToken) is { } state
                    && time.GetUtcNow() - state.AuthenticatedAt > age
                )
            );
        if (person is null || isStale)
        {
            return new AuthorizationStep.Go(
                isSilent
                    ? Fail(request, "login_required", "Nobody is signed in, or not lately enough.")
                    : SignInFor(WithoutLogin(request.Query), again: isStale, request.LoginHint)
            );
        }

        if (isSilent)
        {
            return new AuthorizationStep.Go(Fail(request, "consent_required", "The person is asked each time."));
        }

        var tenants = await TenantsForAsync(request.Client, person, cancellationToken);
        return tenants.Count > 0
            ? new AuthorizationStep.Ask(new ConsentQuestion(request, person, tenants))
            : new AuthorizationStep.Show(
                "This application is for people of another organisation, which you do not belong to."
            );
    }

    private async Task<string> AllowAsync(
        AuthorizationRequest request,
        Principal person,
        Guid page,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        var now = time.GetUtcNow();
        var code = SecretText.Create(CodePrefix);
        await codes.InsertAsync(
            tenant,
            new AllowedCode(
                SecretText.HashOf(code),
                CodeKind.Code,
                request.Client.Id,
                person.UserId,
                page,
                request.RedirectUri,
                request.CodeChallenge,
                [.. request.Scopes],
                request.Audience,
                request.Nonce,
                await sessions.FindAsync(page, cancellationToken) is { } state ? state.AuthenticatedAt : now,
                now,
                now + CodeLife
            ),
            cancellationToken
        );
        return Back(request.RedirectUri, request.State, ("code", code));
    }

    private string Deny(AuthorizationRequest request, string why) => Fail(request, "access_denied", why);

    private string Fail(AuthorizationRequest request, string error, string why) =>
        Back(request.RedirectUri, request.State, ("error", error), ("error_description", why));

    /// <summary>The client's address with the answer, and with who answers (RFC 9207).</summary>
    private string Back(string redirectUri, string? state, params (string Name, string Value)[] answer) =>
        QueryHelpers.AddQueryString(
            redirectUri,
            [
                .. answer.Select(pair => new KeyValuePair<string, string?>(pair.Name, pair.Value)),
                .. state is null ? [] : new KeyValuePair<string, string?>[] { new("state", state) },
                new("iss", settings.PublicUrl),
            ]
        );

    private static string SignInFor(string query, bool again, string? hint) =>
        "/login"
        + QueryString.Create([
            new("return_url", $"{Path}?{query}"),
            .. again ? [new("again", "1")] : Array.Empty<KeyValuePair<string, string?>>(),
            .. hint is { Length: <= EmailAddress.MaxLength }
                ? [new("email", hint)]
                : Array.Empty<KeyValuePair<string, string?>>(),
        ]);

    /// <summary>
    /// The same without what was just done: whoever signs in anew is not asked to again. The client sees by
    /// <c>auth_time</c> whether it happened.
    /// </summary>
    private static string WithoutLogin(string query)
    {
        var pairs = QueryHelpers.ParseQuery(query);
        var kept = pairs
            .SelectMany(pair => pair.Value.Select(value => new KeyValuePair<string, string?>(pair.Key, value)))
            .Select(pair =>
                pair.Key == "prompt"
                    ? new(pair.Key, Scope.Join((pair.Value ?? "").Split(' ').Where(word => word != "login")))
                    : pair
            )
            .Where(pair => pair.Key is not "prompt" || pair.Value is { Length: > 0 })
            .Where(pair => pair.Key != "max_age");
        return QueryString.Create(kept).Value!.TrimStart('?');
    }

    /// <summary>Whether the client wants its answer without anybody being asked, wherever else it errs.</summary>
    private static bool IsSilent(string query) =>
        QueryHelpers.ParseQuery(query).TryGetValue("prompt", out var prompts) && prompts is ["none"];

    /// <summary>Whether the client names itself by an address.</summary>
    private static bool IsAddress(string query) =>
        QueryHelpers.ParseQuery(query).TryGetValue("client_id", out var ids)
        && ids.Any(id => id?.Contains("://", StringComparison.Ordinal) == true);
}
