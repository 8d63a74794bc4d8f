using Chancery.Server.Access.Authentication;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Access.Forms;

/// <summary>What the forms of the page have in common: where they come from, and how they are answered.</summary>
internal static class PageForms
{
    private const int MaxAddressLength = 4096;

    /// <summary>Routes for forms of our own pages; another site's form is refused.</summary>
    public static RouteGroupBuilder MapForms(this IEndpointRouteBuilder routes)
    {
        // Before the pages: a page at the same address takes POST, too.
        var forms = routes.MapGroup("").WithOrder(-1).AllowAnonymous().ExcludeFromDescription();
        var settings = routes.ServiceProvider.GetRequiredService<AccessSettings>();
        forms.AddEndpointFilter(
            async (context, next) =>
                CrossSiteGuard.IsForeign(context.HttpContext.Request, settings)
                    ? Problem.CrossSite()
                    : await next(context)
        );
        forms.AddEndpointFilter(RefuseUnreadableAsync);
        return forms;
    }

    /// <summary>No page of ours sends a NUL character, or thousands of fields; it is whoever sends them who errs.</summary>
    public static async ValueTask<object?> RefuseUnreadableAsync(
        EndpointFilterInvocationContext context,
        EndpointFilterDelegate next
    )
    {
        var request = context.HttpContext.Request;
        if (request.HasFormContentType)
        {
            try
            {
                await request.ReadFormAsync(context.HttpContext.RequestAborted);
            }
            catch (Exception exception)
                when (exception is InvalidDataException or (IOException and not BadHttpRequestException))
            {
                return Problem.Malformed(
                    "The form holds a NUL character or too many fields, or its parts are not told apart."
                );
            }
        }

        return await next(context);
    }

    /// <summary>The form, or <c>null</c> when it did not come from a page of ours.</summary>
    public static async Task<IFormCollection?> ReadAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        CancellationToken cancellationToken
    ) =>
        context.Request.HasFormContentType && await antiforgery.IsRequestValidAsync(context)
            ? await context.Request.ReadFormAsync(cancellationToken)
            : null;

    /// <summary>303: on to <paramref name="location"/> with GET, and without what was posted.</summary>
    public static IResult SeeOther(string location) => new SeeOtherResult(location);

    /// <summary>A path on this server: no scheme, no host, not even one in disguise (<c>//x</c>, <c>/\x</c>).</summary>
    public static bool IsOurs(string url) =>
        url.Length is > 0 and <= MaxAddressLength
        && url[0] == '/'
        && (url.Length == 1 || url[1] is not ('/' or '\\'))
        && !url.Any(char.IsControl);

    private sealed class SeeOtherResult(string location) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = location;
            httpContext.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }
    }
}
