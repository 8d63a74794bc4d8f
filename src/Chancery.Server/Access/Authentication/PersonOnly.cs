using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Access.Authentication;

/// <summary>For routes about a person's own sign-in, and those that let somebody in or out: a leaked key makes no other way in.</summary>
public static class PersonOnlyExtensions
{
    /// <summary>401 without a credential, 403 for an API key, and for a program that acts for a person.</summary>
    /// <param name="orForThem">Whether a program may do this for them, too.</param>
    public static RouteHandlerBuilder RequirePerson(this RouteHandlerBuilder route, bool orForThem = false) =>
        route
            .RequireAuthorization()
            .WithMetadata(new PersonalRoute())
            .AddEndpointFilter(
                async (context, next) =>
                    context.HttpContext.Features.Get<Principal>() is { IsKey: false } caller
                    && (orForThem || caller.IsPerson)
                        ? await next(context)
                        : Problem.Of(
                            403,
                            "person-only",
                            "This takes a person's sign-in",
                            "API keys and applications cannot do this. Sign in yourself and use that access token."
                        )
            );

    /// <summary>
    /// 403, too, for whom an organisation's own issuer signed in: it says nothing about their account elsewhere, and must not put a
    /// way into it.
    /// </summary>
    public static RouteHandlerBuilder RequireOwnAccount(this RouteHandlerBuilder route) =>
        route
            .RequirePerson()
            .AddEndpointFilter(
                async (context, next) =>
                    context.HttpContext.Features.Get<Principal>() is { IsConfined: false }
                        ? await next(context)
                        : Problem.Of(
                            403,
                            "own-sign-in-only",
                            "This takes a sign-in to your own account",
                            "Your organisation's issuer signed you in, for this organisation only. Sign in to your account itself, by password or passkey, to change how you get into it."
                        )
            );
}
