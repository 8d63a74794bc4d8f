namespace Chancery.Server.Platform.Edge;

/// <summary>
/// Gives each request an id, the caller's own (<c>X-Request-Id</c>) where it is one, and answers with it, so that a
/// caller's log and ours can be laid side by side.
/// </summary>
internal sealed class RequestIds(RequestDelegate next)
{
    public const string Header = "X-Request-Id";
    private const int LongestId = 64;

    public Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[Header];
        context.TraceIdentifier = given is [{ } id] && IsId(id) ? id : Guid.CreateVersion7().ToString("n");
        // On the way out, because a fault clears the headers that were set before it.
        context.Response.OnStarting(
            static state =>
            {
                var answered = (HttpContext)state;
                answered.Response.Headers[Header] = answered.TraceIdentifier;
                return Task.CompletedTask;
            },
            context
        );
        return next(context);
    }

    /// <summary>Letters, digits, <c>-</c>, <c>_</c> and <c>.</c>: nothing that could forge a line of a log.</summary>
    internal static bool IsId(string id) =>
        id.Length is > 0 and <= LongestId
        && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
}
