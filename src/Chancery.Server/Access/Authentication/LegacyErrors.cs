namespace Chancery.Server.Access.Authentication;

/// <summary>Marks a compatibility path, whose clients know <c>{"error": …}</c> and no problem documents.</summary>
public sealed class LegacyErrors
{
    internal static Task WriteForbiddenAsync(HttpContext context, string error)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsJsonAsync(new { error }, context.RequestAborted);
    }

    internal static Task WriteChallengeAsync(HttpContext context, bool expired, bool nothingGiven)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return expired
            ? context.Response.WriteAsJsonAsync(
                new { error = "Token expired", code = "TOKEN_EXPIRED" },
                context.RequestAborted
            )
            : context.Response.WriteAsJsonAsync(
                new { error = nothingGiven ? "No authentication token provided" : "Invalid authentication token" },
                context.RequestAborted
            );
    }
}

/// <summary>For the files of <c>Compatibility</c>.</summary>
public static class LegacyErrorsExtensions
{
    /// <summary>A missing, expired or false credential is answered in the words of the older clients.</summary>
    public static TBuilder WithLegacyErrors<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(new LegacyErrors());
}
