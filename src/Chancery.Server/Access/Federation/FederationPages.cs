using Chancery.Server.Access.Auditing;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Forms;
using Chancery.Server.Access.SecondFactors;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Access.SignIn;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Access.Federation;

/// <summary>
/// Where browsers go on their way to an issuer and back: <c>/login/with/{issuer}</c>, <c>/login/callback</c>,
/// <c>/login/link</c> for those who sign in with their password once, and <c>/login/place</c>, to which those who are signed in as
/// often as may be post <c>end_session</c>. Each answers 303.
/// </summary>
/// <remarks>Whoever is refused sees a code at the sign-in page; why is in the log.</remarks>
internal static class FederationPages
{
    /// <summary>What the sign-in page shows for whoever came from an issuer and finds no place.</summary>
    public const string NoPlace = "no-place";

    public const string PlacePath = "/login/place";

    private const string LinkPath = "/login/link";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").AllowAnonymous().ExcludeFromDescription();
        pages.MapGet("/login/with/{issuer}", BeginAsync);
        pages.MapGet(CodeVisit.CallbackPath, CompleteAsync).AuditedWhenTold("session.opened");
        pages.MapGet(LinkPath, LinkAsync).AuditedWhenTold("identity.linked");
        routes.MapForms().MapPost(PlacePath, PlaceAsync).AuditedWhenTold("session.opened");
    }

    private static async Task<IResult> BeginAsync(
        string issuer,
        HttpContext context,
        IssuerRegistry registry,
        CodeVisit visits,
        VisitCookie cookie,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        if (!Transport.IsPrivate(context))
        {
            return Back("insecure-transport");
        }

        if (await registry.FindAsync(issuer, cancellationToken) is not { } found)
        {
            return Back("issuer-unknown");
        }

        try
        {
            var returnUrl = context.Request.Query["return_url"].ToString();
            var (location, visit) = await visits.BeginAsync(
                found,
                PageForms.IsOurs(returnUrl) ? returnUrl : "/",
                isAnew: context.Request.Query["again"] == "1",
                cancellationToken
            );
            cookie.Write(context, visit);
            return PageForms.SeeOther(location);
        }
        catch (IssuerException exception)
        {
            Log.ForeignSignInRefused(Logger(loggers), found.Address, exception.Message);
            return Back("issuer-unavailable");
        }
    }

    private static async Task<IResult> CompleteAsync(
        HttpContext context,
        IssuerRegistry registry,
        CodeVisit visits,
        FederatedSignIn people,
        SignInService signIn,
        SessionOpening opening,
        OpenSessionsTicket ticket,
        SigningOut signingOut,
        VisitCookie cookie,
        RefusalCounter refusals,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        if (!Transport.IsPrivate(context))
        {
            return Back("insecure-transport");
        }

        if (
            cookie.TakeVisit(context) is not { } visit
            || await registry.FindAsync(visit.Route, cancellationToken) is not { } issuer
        )
        {
            return Back("form-expired");
        }

        IResult Refuse(string code, string why)
        {
            Log.ForeignSignInRefused(Logger(loggers), issuer.Address, why);
            refusals.Count(
                new(
                    AuditActor.Stranger,
                    "session.refused",
                    null,
                    $"issuer-{code}",
                    RefusalCounter.NetworkOf(context.Connection.RemoteIpAddress),
                    null
                )
            );
            return Back(code);
        }

        try
        {
            switch (await visits.CompleteAsync(issuer, visit, context.Request.Query, cancellationToken))
            {
                case ForeignCheck.Refused refused:
                    return Refuse("issuer-refused", refused.Why);
                case ForeignCheck.Valid valid:
                    var arrival = await people.ArriveAsync(
                        issuer,
                        valid.Subject,
                        valid.Claims,
                        visit.ReturnUrl,
                        cancellationToken
                    );
                    switch (arrival)
                    {
                        case Arrival.Refused refused:
                            return Refuse(refused.Code, refused.Why);
                        case Arrival.MustProve prove:
                            cookie.Write(context, prove.Link);
                            return PageForms.SeeOther(
                                "/login"
                                    + QueryString.Create([
                                        new KeyValuePair<string, string?>("done", "link"),
                                        new("again", "1"),
                                        new("email", prove.Link.Email),
                                        new("return_url", LinkPath),
                                    ])
                            );
                        case Arrival.Member member:
                            return await OpenAsync(
                                context,
                                signIn,
                                opening,
                                ticket,
                                signingOut,
                                cookie,
                                issuer,
                                member,
                                HowOf(valid.Claims, time.GetUtcNow()),
                                visit.ReturnUrl,
                                visit.IsAnew,
                                time.GetUtcNow(),
                                cancellationToken
                            );
                    }

                    break;
            }
        }
        catch (IssuerException exception)
        {
            return Refuse("issuer-unavailable", exception.Message);
        }

        throw new System.Diagnostics.UnreachableException("Every arrival is handled.");
    }

    /// <summary>Where a browser goes to be asked anew; <c>return_url</c> may be added.</summary>
    /// <param name="issuer"><see cref="Principal.Issuer"/>.</param>
    public static string AgainAt(string issuer) => $"/login/with/{Uri.EscapeDataString(issuer)}?again=1";

    /// <summary>
    /// How the issuer says that they proved who they are, and when. One that says no time may have asked long ago: too long for
    /// anything dangerous.
    /// </summary>
    private static Authenticated HowOf(ForeignClaims claims, DateTimeOffset now) =>
        new(
            AuthenticationMethod.OfIssuer(claims.Words("amr")),
            claims.Number("auth_time") is not { } seconds ? DateTimeOffset.UnixEpoch
                : DateTimeOffset.FromUnixTimeSeconds(seconds) is var at && at < now ? at
                : now
        );

    /// <summary>Somebody says which sign-in of theirs ends, and takes its place.</summary>
    private static async Task<IResult> PlaceAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        IssuerRegistry registry,
        IdentityStore store,
        SignInService signIn,
        SessionOpening opening,
        OpenSessionsTicket ticket,
        SigningOut signingOut,
        SessionEnding ending,
        VisitCookie cookie,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form)
        {
            return Back("form-expired");
        }

        if (!Transport.IsPrivate(context))
        {
            return Back("insecure-transport");
        }

        var now = time.GetUtcNow();
        if (
            cookie.TakePlace(context) is not { } place
            // Written anew each time there is no place: what the issuer said counts no longer for that.
            || now - place.CameAt > VisitCookie.Life
            || !Guid.TryParse(form["end_session"].ToString(), out var ended)
            || await registry.FindAsync(place.Route, cancellationToken) is not { } issuer
            || !await store.UseStateAsync(
                SecretText.HashOf(place.Once),
                now,
                now + VisitCookie.Life * 2,
                cancellationToken
            )
        )
        {
            return Back("form-expired");
        }

        // One that is over already is no reason to refuse: what was wanted is so.
        await ending.EndAsync(place.UserId, ended, cancellationToken, issuer.Owner);
        return await OpenAsync(
            context,
            signIn,
            opening,
            ticket,
            signingOut,
            cookie,
            issuer,
            new Arrival.Member(new TenantId(place.Tenant), place.UserId),
            new Authenticated(place.Methods, place.AuthenticatedAt),
            place.ReturnUrl,
            isAnew: false,
            place.CameAt,
            cancellationToken
        );
    }

    private static async Task<IResult> OpenAsync(
        HttpContext context,
        SignInService signIn,
        SessionOpening opening,
        OpenSessionsTicket ticket,
        SigningOut signingOut,
        VisitCookie cookie,
        ExternalIssuer issuer,
        Arrival.Member member,
        Authenticated how,
        string returnUrl,
        bool isAnew,
        DateTimeOffset cameAt,
        CancellationToken cancellationToken
    )
    {
        // Whoever is asked anew, or comes a second time, goes on in the browser's one sign-in.
        var before =
            context.Features.Get<Credential>() is { Kind: CredentialKind.Cookie }
            && context.Features.Get<Principal>() is { } known
            && known.UserId == member.UserId
                ? known
                : null;
        // Who only proves anew who they are stays in the organisation that they are in; an organisation's own issuer speaks for no other.
        var tenant = isAnew && issuer.Owner is null && before is not null ? before.Tenant : member.Tenant;
        var outcome = await signIn.OpenAsync(
            context,
            tenant,
            member.UserId,
            SessionKind.Page,
            cancellationToken,
            replaced: before?.SessionId,
            authenticated: how,
            confined: issuer.Owner is not null,
            issuer: issuer.Route
        );
        switch (outcome)
        {
            case Outcome.SignedIn signedIn:
                context
                    .Audit()
                    .By(PrincipalActor.Of(signedIn.Session.Principal, CredentialWord.Issuer))
                    .Add("issuer", issuer.Address);
                if (before is not null)
                {
                    await signingOut.SignOutAsync(context, before, cancellationToken);
                }

                opening.WriteCookie(context, signedIn.Session);
                return PageForms.SeeOther(returnUrl);
            case Outcome.Refused { Code: "concurrency-limit" } full:
                cookie.Write(
                    context,
                    new PendingPlace(
                        issuer.Route,
                        tenant.Value,
                        member.UserId,
                        how.Methods,
                        how.At,
                        returnUrl,
                        SecretText.Create(),
                        cameAt
                    )
                );
                return PageForms.SeeOther(
                    "/login"
                        + QueryString.Create([
                            new KeyValuePair<string, string?>("error", NoPlace),
                            new(
                                "open",
                                ticket.Write(
                                    (IReadOnlyList<OpenSession>)full.Problem.ProblemDetails.Extensions["sessions"]!
                                )
                            ),
                            new("return_url", returnUrl),
                        ])
                );
            case Outcome.Refused refused:
                return Back(refused.Code);
            default:
                return Back("no-account");
        }
    }

    private static async Task<IResult> LinkAsync(
        HttpContext context,
        IssuerRegistry registry,
        FederatedSignIn people,
        SessionDirectory sessions,
        VisitCookie cookie,
        ILoggerFactory loggers,
        CancellationToken cancellationToken
    )
    {
        if (
            context.Features.Get<Credential>() is not { Kind: CredentialKind.Cookie }
            || context.Features.Get<Principal>() is not { SessionId: { } sessionId, IsConfined: false } person
        )
        {
            return Back("form-expired");
        }

        if (
            cookie.TakeLink(context) is not { } link
            || await registry.FindAsync(link.Route, cancellationToken) is not { } issuer
            || await sessions.FindAsync(sessionId, cancellationToken) is not { } state
            // A sign-in from before proves nothing about who sits there now.
            || state.AuthenticatedAt < link.MadeAt.AddMilliseconds(-1)
            || !string.Equals(person.Email, link.Email, StringComparison.OrdinalIgnoreCase)
        )
        {
            return PageForms.SeeOther("/");
        }

        switch (await people.LinkAsync(issuer, link, person.UserId, person.Tenant, cancellationToken))
        {
            case Arrival.Member member:
                context
                    .Audit()
                    .By(PrincipalActor.Of(person, CredentialWord.Page))
                    .On(member.UserId)
                    .Add("issuer", issuer.Address)
                    .Add("tenant_id", member.Tenant.ToString());
                break;
            case Arrival.Refused refused:
                Log.ForeignSignInRefused(Logger(loggers), issuer.Address, refused.Why);
                break;
        }

        return PageForms.SeeOther(PageForms.IsOurs(link.ReturnUrl) ? link.ReturnUrl : "/");
    }

    private static ILogger Logger(ILoggerFactory loggers) => loggers.CreateLogger(typeof(FederationPages).FullName!);

    private static IResult Back(string code) => PageForms.SeeOther("/login" + QueryString.Create("error", code));
}
