using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Platform.Problems;

/// <summary>Every error that the API answers, in one place (RFC 9457).</summary>
/// <remarks>
/// <c>type</c> is <c>urn:chancery:problem:</c> and the code that clients switch on; <c>title</c> never varies;
/// <c>detail</c> is for this case and says what to do next. <c>code</c> and <c>traceId</c> are added to all.
/// Another tenant's thing is the same answer as a missing thing, to the letter.
/// </remarks>
public static class Problem
{
    public const string TypePrefix = "urn:chancery:problem:";

    public static ProblemHttpResult NotFound(string what) =>
        Of(404, "not-found", "Not found", $"There is no such {what}, or it is not yours to see.");

    public static ProblemHttpResult Unauthenticated() =>
        Of(401, "unauthenticated", "Sign in first", "Send an access token or an API key, or sign in again.");

    public static ProblemHttpResult TokenExpired() =>
        Of(401, "token-expired", "The access token expired", "Get a new one with the refresh token, or sign in again.");

    public static ProblemHttpResult InvalidCredentials() =>
        Of(401, "invalid-credentials", "Wrong e-mail or password", "Check both and try again.");

    /// <param name="challenge">Names this sign-in when the second factor is given; it travels as <c>challenge</c>.</param>
    /// <param name="factors">Those that the person has; they travel as <c>factors</c>.</param>
    public static ProblemHttpResult SecondFactorRequired(
        string challenge,
        IReadOnlyList<string> factors,
        TimeSpan expiresIn
    )
    {
        var problem = Of(
            401,
            "second-factor-required",
            "A second factor is needed",
            "The password is right. Send challenge with a code, a recovery code or a passkey to /api/v1/auth/second-factor."
        );
        problem.ProblemDetails.Extensions["challenge"] = challenge;
        problem.ProblemDetails.Extensions["factors"] = factors;
        problem.ProblemDetails.Extensions["expires_in"] = (long)expiresIn.TotalSeconds;
        return problem;
    }

    public static ProblemHttpResult InvalidSecondFactor() =>
        Of(
            401,
            "invalid-second-factor",
            "The second factor is not right",
            "A code is good for about a minute and works once. Wait for the next one, or use a recovery code."
        );

    /// <param name="maxAgeSeconds">How old the sign-in may be; it travels as <c>max_age</c>.</param>
    /// <param name="factors">What the person may give; they travel as <c>factors</c>.</param>
    /// <param name="signIn">Where the issuer that signed them in asks them once more; null where they prove it here.</param>
    public static ProblemHttpResult StepUpRequired(
        long maxAgeSeconds,
        IReadOnlyList<string> factors,
        string? signIn = null
    )
    {
        var problem = Of(
            403,
            "step-up-required",
            "Prove again who you are",
            "This is dangerous, and your sign-in is not recent. Give a factor to /api/v1/auth/step-up and send this again; "
                + "an application has the person sign in anew, with max_age."
        );
        problem.ProblemDetails.Extensions["max_age"] = maxAgeSeconds;
        problem.ProblemDetails.Extensions["factors"] = factors;
        if (signIn is not null)
        {
            problem.ProblemDetails.Extensions["sign_in"] = signIn;
        }

        return problem;
    }

    public static ProblemHttpResult SecondFactorSetupRequired() =>
        Of(
            403,
            "second-factor-setup-required",
            "Your organisation requires a second factor",
            "Set up an authenticator app or a passkey before anything else: /api/v1/me/second-factors, or the page /second-factor."
        );

    public static ProblemHttpResult ChallengeOver() =>
        Of(
            401,
            "challenge-over",
            "This sign-in has to begin anew",
            "It was answered, tried too often, or is older than five minutes."
        );

    public static ProblemHttpResult Forbidden(string permission) =>
        Of(403, "forbidden", "Your role does not allow this", $"It takes the permission {permission}. Ask an admin.");

    public static ProblemHttpResult OwnersOnly(string detail) =>
        Of(403, "owners-only", "Only an owner may do this", detail);

    public static ProblemHttpResult CrossSite() =>
        Of(403, "cross-site", "Refused: the request came from another site", "Use the page itself, or a token.");

    public static ProblemHttpResult Invalid(string field, string why) =>
        Invalid(new Dictionary<string, string[]> { [field] = [why] });

    public static ProblemHttpResult Invalid(IDictionary<string, string[]> errors) =>
        TypedResults.Problem(
            new HttpValidationProblemDetails(errors)
            {
                Status = 400,
                Type = TypePrefix + "invalid",
                Title = "The request is not valid",
                Detail = "See errors: each names a field and says what it takes.",
            }
        );

    public static ProblemHttpResult Malformed(string why) => Of(400, "malformed", "The request cannot be read", why);

    public static ProblemHttpResult Conflict(string code, string title, string detail) => Of(409, code, title, detail);

    public static ProblemHttpResult ReasoningUnsupported(string model) =>
        Of(
            400,
            "reasoning-unsupported",
            "The model does not support chain of thought",
            $"Model {model} does not support Chain of Thought. Choose another model, or ask without reasoning."
        );

    public static ProblemHttpResult ReasoningOff() =>
        Of(
            400,
            "reasoning-off",
            "Chain of thought is switched off",
            "Ask without reasoning, or have the operator set ENABLE_CHAIN_OF_THOUGHT."
        );

    public static ProblemHttpResult KeyInUse() =>
        Of(
            409,
            "idempotency-key-in-use",
            "This call is still running",
            "Another attempt with this Idempotency-Key has not ended. Send the same again after Retry-After."
        );

    public static ProblemHttpResult AnswerOutdated() =>
        Of(
            409,
            "idempotency-answer-outdated",
            "Who may read what has changed since this call",
            "It was done. Its answer may show what is not yours to read any more, so it is not given again: ask for the thing itself."
        );

    public static ProblemHttpResult KeyReused() =>
        Of(
            422,
            "idempotency-key-reused",
            "The Idempotency-Key belongs to another call",
            "Within 24 hours a key goes with one method, address and body. Take a new key for a new call."
        );

    public static ProblemHttpResult TooLarge(long limitBytes) =>
        Of(
            413,
            "too-large",
            "The file is too large",
            $"The limit is {limitBytes / 1_000_000.0:0.#} MB. Split the file, or ask the operator to raise the limit."
        );

    public static ProblemHttpResult Unsupported(string what) =>
        Of(415, "unsupported-format", "This kind of file cannot be read", what);

    public static ProblemHttpResult MediaTypeNotTaken() =>
        Of(415, "unsupported-media-type", "This content type is not taken here", "Send JSON.");

    public static ProblemHttpResult TooManyRequests(string detail) =>
        Of(429, "too-many-requests", "Too many requests", detail);

    /// <param name="sessions">Those of which one has to end; they travel as <c>sessions</c>.</param>
    public static ProblemHttpResult TooManySessions<T>(int limit, IReadOnlyList<T> sessions)
    {
        var problem = Of(
            409,
            "concurrency-limit",
            "Maximum concurrent sessions exceeded",
            $"You are signed in {limit} times, which is as often as may be. Name one of sessions in end_session to end it first."
        );
        problem.ProblemDetails.Extensions["error"] = "ConcurrencyLimitError";
        problem.ProblemDetails.Extensions["limit"] = limit;
        problem.ProblemDetails.Extensions["sessions"] = sessions;
        return problem;
    }

    public static ProblemHttpResult OperatorOnly() =>
        Of(
            401,
            "operator-only",
            "This is for the operator",
            "Send an operator's token as bearer: chancery operator create makes one, on the machine."
        );

    public static ProblemHttpResult ModelNotAllowed(string detail) =>
        Of(403, "model-not-allowed", "Your organisation does not allow this model", detail);

    public static ProblemHttpResult Unavailable(string detail) =>
        Of(503, "unavailable", "Not available just now", detail);

    /// <summary>For the few cases that belong to one route only. The code must be documented all the same.</summary>
    public static ProblemHttpResult Of(int status, string code, string title, string detail) =>
        TypedResults.Problem(
            new ProblemDetails
            {
                Status = status,
                Type = TypePrefix + code,
                Title = title,
                Detail = detail,
            }
        );
}
