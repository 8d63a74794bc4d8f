using System.Text.Json.Serialization;
using Chancery.Server.Access.Forms;
using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Access.OAuth.Clients;
using Chancery.Server.Access.OAuth.Token;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Microsoft.AspNetCore.Antiforgery;

namespace Chancery.Server.Access.OAuth.Device;

/// <summary>
/// <c>POST /oauth/device_authorization</c>: a device asks for a code to show. And <c>POST /device</c>: what somebody answered
/// on the page <c>GET /device</c>.
/// </summary>
internal static class DeviceEndpoints
{
    public const string Page = "/device";

    internal sealed record Response(
        [property: JsonPropertyName("device_code")] string DeviceCode,
        [property: JsonPropertyName("user_code")] string UserCode,
        [property: JsonPropertyName("verification_uri")] string Address,
        [property: JsonPropertyName("verification_uri_complete")] string WholeAddress,
        [property: JsonPropertyName("expires_in")] long ExpiresIn,
        [property: JsonPropertyName("interval")] int Interval
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapPost("/oauth/device_authorization", BeginAsync)
            .ForPrograms(anyOrigin: false)
            .NotAudited("what is allowed is recorded when its sign-in opens");
        routes.MapForms().MapPost(Page, DecideAsync).NotAudited("what is allowed is recorded when its sign-in opens");
    }

    private static async Task<IResult> BeginAsync(
        HttpContext context,
        ClientAuthentication authentication,
        Devices devices,
        Resources resources,
        AccessSettings settings,
        CancellationToken cancellationToken
    )
    {
        var (form, malformed) = await OAuthForm.ReadAsync(context, cancellationToken);
        if (form is null)
        {
            return malformed!;
        }

        var (client, unknown) = await authentication.FindAsync(context, form, cancellationToken);
        if (client is null)
        {
            return unknown!;
        }

        if (!client.May(Grant.Device))
        {
            return OAuthError.UnauthorizedClient("The client is not registered for devices.");
        }

        if (Scope.Parse(form["scope"]) is not { } scopes || scopes.Except(client.Scopes).Any())
        {
            return OAuthError.InvalidScope("The client may not ask for one of these scopes, or it does not exist.");
        }

        if (form.Resources.Count > 1 || resources.Narrow(allowed: null, form.Resource) is not { } audience)
        {
            return OAuthError.InvalidTarget("The resource is not one of this server, or there is more than one.");
        }

        var asked = scopes.Count > 0 ? scopes : [.. client.Scopes.Intersect(Scope.ByDefault)];
        if (
            await devices.BeginAsync(
                context,
                client,
                asked,
                audience == Resources.Everything ? null : audience,
                cancellationToken
            )
            is not var (device, user)
        )
        {
            return OAuthError.TooMany();
        }

        context.Response.Headers.CacheControl = "no-store";
        var page = settings.PublicUrl + Page;
        return Results.Json(
            new Response(
                device,
                user,
                page,
                $"{page}?user_code={user}",
                (long)Devices.Life.TotalSeconds,
                Devices.PollSeconds
            )
        );
    }

    private static async Task<IResult> DecideAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        Devices devices,
        CancellationToken cancellationToken
    )
    {
        if (
            await PageForms.ReadAsync(context, antiforgery, cancellationToken) is not { } form
            || Authorization.PersonOf(context) is not { } person
        )
        {
            return PageForms.SeeOther($"{Page}?error=form-expired");
        }

        var isAllowed = form["decision"] == "allow";
        return
            await devices.FindAsync(context, person, form["user_code"].ToString(), cancellationToken)
                is TypedCode.Found found
            && Guid.TryParse(form["tenant_id"].ToString(), out var tenant)
            && found.Tenants.Any(one => one.Id == tenant)
            && await devices.DecideAsync(found, isAllowed, new TenantId(tenant), cancellationToken)
            ? PageForms.SeeOther($"{Page}?done={(isAllowed ? "allowed" : "denied")}")
            : PageForms.SeeOther($"{Page}?error=user-code");
    }
}
