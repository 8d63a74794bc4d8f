using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>What went wrong at a model, by what the caller can do about it.</summary>
public enum ModelFailure
{
    /// <summary>
    /// The credential or its account was refused (401, 402, 403, or a 400 that says so): waiting does not help, another
    /// credential may.
    /// </summary>
    Key,

    /// <summary>Too many requests (429): wait for <see cref="ModelException.RetryAfter"/> or use another credential.</summary>
    Rate,

    /// <summary>Timeout, broken connection, broken answer, 408 or 5xx: another attempt may succeed.</summary>
    Transient,

    /// <summary>The request itself was refused (400, 404, 413, 422): no attempt anywhere will succeed.</summary>
    Client,

    /// <summary>The prompt does not fit: only a model with a larger window can take it.</summary>
    Context,

    /// <summary>The provider's content filter refused: to be reported, not to be routed around.</summary>
    Policy,
}

/// <summary>A model did not give a usable answer. The message holds neither the key nor anything of the exchange.</summary>
/// <param name="kind">What the caller can do about it.</param>
/// <param name="status">The HTTP status, where there was one; a failure inside a stream has none.</param>
/// <param name="retryAfter">How long the endpoint asked to wait; never negative.</param>
/// <param name="model">The model's id.</param>
/// <param name="innerException">The fault below, such as a broken connection.</param>
public sealed class ModelException(
    ModelFailure kind,
    int? status,
    TimeSpan? retryAfter,
    string model,
    Exception? innerException = null
) : Exception(Describe(kind, status, retryAfter, model), innerException)
{
    public ModelFailure Kind { get; } = kind;

    public int? Status { get; } = status;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    public string Model { get; } = model;

    /// <summary>
    /// What the failed attempt reported to have used before it failed, such as a stream that broke later: the provider may
    /// bill it. <see langword="null"/> where it reported nothing.
    /// </summary>
    public UsageDetails? Usage { get; init; }

    /// <summary>
    /// The provider's own word for the failure, such as <c>overloaded_error</c>: at most 64 characters of letters, digits,
    /// <c>_</c>, <c>.</c> and <c>-</c>, so that it may stand in logs and metrics. <see langword="null"/> where it gave none.
    /// </summary>
    public string? ProviderCode
    {
        get;
        init => field = Sanitise(value);
    }

    /// <summary>Whether the same request to the same endpoint may succeed later.</summary>
    public bool IsTransient => Kind is ModelFailure.Rate or ModelFailure.Transient;

    private static string Describe(ModelFailure kind, int? status, TimeSpan? retryAfter, string model)
    {
        var advice = kind switch
        {
            ModelFailure.Key => "refused the credential: check the configured key and its account",
            ModelFailure.Rate when retryAfter is { } wait =>
                $"is over its rate limit: try again in {Math.Ceiling(wait.TotalSeconds)} s",
            ModelFailure.Rate => "is over its rate limit: try again later",
            ModelFailure.Transient => "gave no complete answer: try again, and check that the endpoint is up",
            ModelFailure.Client => "refused the request: check the model's id and the parameters",
            ModelFailure.Context => "cannot hold this prompt: shorten it or use a model with a larger context window",
            ModelFailure.Policy => "refused by its content filter: change the question",
            _ => "failed",
        };
        return status is null ? $"Model '{model}' {advice}." : $"Model '{model}' {advice} (HTTP {status}).";
    }

    /// <summary>Free text in place of a code tells nothing that can be counted, and may hold what nobody should read.</summary>
    private static string? Sanitise(string? code) =>
        code is { Length: > 0 and <= 64 } && code.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-')
            ? code
            : null;
}
