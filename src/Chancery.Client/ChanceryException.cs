using System.Net;
using System.Text.Json;

namespace Chancery.Client;

/// <summary>The server answered with a problem, or with something that this client cannot read.</summary>
/// <remarks>What is wrong with the connection itself comes as <see cref="HttpRequestException"/>.</remarks>
public class ChanceryException : Exception
{
    private const string UnreadableCode = "unreadable";

    /// <summary>Called by the generated client.</summary>
    public ChanceryException(
        string message,
        int statusCode,
        string? response,
        IReadOnlyDictionary<string, IEnumerable<string>> headers,
        Exception? innerException
    )
        : this(statusCode, Parse(response), headers, message, innerException) { }

    private protected ChanceryException(
        int statusCode,
        ValidationProblem? problem,
        IReadOnlyDictionary<string, IEnumerable<string>> headers,
        string message,
        Exception? innerException
    )
        : base(Words(problem) ?? message, innerException)
    {
        StatusCode = (HttpStatusCode)statusCode;
        Code = problem?.Code ?? UnreadableCode;
        Title = problem?.Title ?? "The answer could not be read";
        Detail = problem?.Detail;
        TraceId = problem?.TraceId;
        Errors = problem?.Errors ?? new Dictionary<string, IReadOnlyList<string>>();
        RetryAfter = SecondsOf(headers);
    }

    /// <summary>Of the answer.</summary>
    public HttpStatusCode StatusCode { get; }

    /// <summary>What to switch on, such as <c>not-found</c>; <c>unreadable</c> when no problem came.</summary>
    public string Code { get; }

    /// <summary>The same for every problem of this code.</summary>
    public string Title { get; }

    /// <summary>This case, and what to do next.</summary>
    public string? Detail { get; }

    /// <summary>What to give the operator.</summary>
    public string? TraceId { get; }

    /// <summary>Field → what it takes; empty unless the request was not valid.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Errors { get; }

    /// <summary>How long to wait before the next attempt; null when the server did not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Reads a problem from an answer that is none of the expected ones.</summary>
    internal static async Task<ChanceryException> FromAsync(
        HttpResponseMessage response,
        CancellationToken cancellationToken
    ) =>
        new(
            $"The server answered {(int)response.StatusCode}.",
            (int)response.StatusCode,
            await response.Content.ReadAsStringAsync(cancellationToken),
            response.Headers.ToDictionary(header => header.Key, header => header.Value),
            null
        );

    internal static ValidationProblem? Parse(string? response)
    {
        try
        {
            var problem = string.IsNullOrEmpty(response)
                ? null
                : JsonSerializer.Deserialize<ValidationProblem>(response, ChanceryClient.Json);
            return problem?.Code is null ? null : problem;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Words(ValidationProblem? problem) =>
        problem is null ? null
        : problem.Errors is { Count: > 0 } errors
            ? $"{problem.Title}: {string.Join(' ', errors.Select(error => $"{error.Key}: {string.Join(' ', error.Value)}"))}"
        : problem.Detail is { } detail ? $"{problem.Title}. {detail}"
        : problem.Title;

    private static TimeSpan? SecondsOf(IReadOnlyDictionary<string, IEnumerable<string>>? headers) =>
        headers?.TryGetValue("Retry-After", out var values) == true
        && int.TryParse(values.FirstOrDefault(), out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
}

/// <summary>The same, with the problem as it came; thrown by the generated client.</summary>
public sealed class ChanceryException<TProblem> : ChanceryException
{
    public ChanceryException(
        string message,
        int statusCode,
        string? response,
        IReadOnlyDictionary<string, IEnumerable<string>> headers,
        TProblem result,
        Exception? innerException
    )
        : base(statusCode, ProblemOf(result) ?? Parse(response), headers, message, innerException) => Result = result;

    public TProblem Result { get; }

    private static ValidationProblem? ProblemOf(TProblem result) =>
        result switch
        {
            ValidationProblem invalid => invalid,
            Problem problem => new ValidationProblem
            {
                Type = problem.Type,
                Title = problem.Title,
                Status = problem.Status,
                Detail = problem.Detail,
                Code = problem.Code,
                TraceId = problem.TraceId,
            },
            _ => null,
        };
}
