using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Forms;
using Chancery.Server.Audit.Recording;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Access.OAuth.Authorize;

/// <summary>
/// <c>POST /oauth/consent</c>: what somebody answered on the consent page. And <c>POST /oauth/authorize</c>, for clients that
/// send their request as a form. The page itself is <c>GET /oauth/authorize</c>.
/// </summary>
internal static class ConsentEndpoint
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapForms()
            .MapPost("/oauth/consent", DecideAsync)
            .NotAudited("what is allowed is recorded when its sign-in opens");
        routes
            .MapPost(Authorization.Path, BeginAsync)
            .NotAudited("it leads on to the page")
            .WithOrder(-1)
            .AllowAnonymous()
            .DisableAntiforgery()
            .ExcludeFromDescription()
            .WithMetadata(NoCredential.Instance)
            .AddEndpointFilter(PageForms.RefuseUnreadableAsync);
    }

    private static async Task<IResult> DecideAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        Authorization authorization,
        CancellationToken cancellationToken
    )
    {
        var isOurs = await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not null;
        var form = context.Request.HasFormContentType
            ? await context.Request.ReadFormAsync(cancellationToken)
            : FormCollection.Empty;
        var again = PageAddress(form["request"].ToString());
        if (!isOurs || again == Authorization.Path)
        {
            // The page is shown anew, with a form that counts.
            return PageForms.SeeOther(again);
        }

        var step = await authorization.DecideAsync(
            context,
            form["request"].ToString(),
            form["decision"] == "allow",
            Guid.TryParse(form["tenant_id"].ToString(), out var tenant) ? tenant : null,
            cancellationToken
        );
        return PageForms.SeeOther(step is AuthorizationStep.Go go ? go.Location : again);
    }

    /// <summary>A browser that comes from the client brings no cookie with a form; it is asked to come as everybody else.</summary>
    private static async Task<IResult> BeginAsync(HttpContext context, CancellationToken cancellationToken) =>
        PageForms.SeeOther(
            context.Request.HasFormContentType
                ? PageAddress(
                    QueryString.Create(await context.Request.ReadFormAsync(cancellationToken)).Value!.TrimStart('?')
                )
                : Authorization.Path
        );

    private static string PageAddress(string query) =>
        query.Length is 0 or > AuthorizationRequests.MaxLength || query.Any(letter => letter is <= ' ' or >= '\x7f')
            ? Authorization.Path
            : $"{Authorization.Path}?{query}";
}
