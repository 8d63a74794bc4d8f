using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Access.SignIn;

/// <summary>What signing in, signing up or accepting an invitation ends in.</summary>
internal abstract record Outcome
{
    private Outcome() { }

    public sealed record SignedIn(OpenedSession Session) : Outcome;

    /// <param name="Code">The page's form shows its own words for this code.</param>
    public sealed record Refused(string Code, ProblemHttpResult Problem, TimeSpan? RetryAfter = null) : Outcome
    {
        /// <summary>The problem, with Retry-After where it helps to wait.</summary>
        public ProblemHttpResult Answer(HttpContext context)
        {
            if (RetryAfter is { } wait)
            {
                context.Response.Headers.RetryAfter = ((long)Math.Ceiling(wait.TotalSeconds)).ToString(
                    System.Globalization.CultureInfo.InvariantCulture
                );
            }

            return Problem;
        }

        /// <summary>The field that is wrong, when it is one.</summary>
        public string? FieldOfForm() =>
            (Problem.ProblemDetails as HttpValidationProblemDetails)?.Errors.Keys.FirstOrDefault();
    }

    public static Refused InvalidCredentials() => Of(Platform.Problems.Problem.InvalidCredentials());

    public static Refused Busy() =>
        new(
            "unavailable",
            Platform.Problems.Problem.Unavailable("Many people sign in just now. Try again in a moment."),
            TimeSpan.FromSeconds(2)
        );

    public static Refused Throttled(TimeSpan wait, string what = "sign in") =>
        new(
            "too-many-requests",
            Platform.Problems.Problem.TooManyRequests(
                $"Too many attempts to {what}. Try again in {Math.Ceiling(wait.TotalMinutes):0} minutes."
            ),
            wait
        );

    public static Refused InsecureTransport() =>
        Of(
            Platform.Problems.Problem.Of(
                403,
                "insecure-transport",
                "Signing in needs TLS",
                "Use https, or http on this machine itself. Behind a proxy, name the proxy in TRUSTED_PROXIES."
            )
        );

    public static Refused Invalid(string field, string why) => Of(Platform.Problems.Problem.Invalid(field, why));

    public static Refused Of(ProblemHttpResult problem) =>
        new(problem.ProblemDetails.Type![Platform.Problems.Problem.TypePrefix.Length..], problem);
}
