using Chancery.Server.Access.OAuth.Authorize;
using Chancery.Server.Access.OAuth.Device;

namespace Chancery.Server.Ui.Device;

/// <summary><c>GET /device</c>: where somebody types the code of a device, and sees what asks.</summary>
internal static class DeviceVisit
{
    public static async Task<IResult> HandleAsync(
        HttpContext context,
        Devices devices,
        CancellationToken cancellationToken
    )
    {
        var query = context.Request.Query;
        var typed = query["user_code"].ToString();
        if (Authorization.PersonOf(context) is not { } person)
        {
            return TypedResults.Redirect(
                "/login?return_url=" + Uri.EscapeDataString(context.Request.Path + context.Request.QueryString)
            );
        }

        context.Features.Set(
            query["done"].ToString() is { Length: > 0 } done ? new ShownDevice { Done = done }
            : typed.Length == 0 ? new ShownDevice { Error = query["error"] }
            : await devices.FindAsync(context, person, typed, cancellationToken) switch
            {
                TypedCode.Found found => new ShownDevice { Found = found },
                TypedCode.TooMany => new ShownDevice { Error = "too-many-requests" },
                _ => new ShownDevice { Error = "user-code", Typed = typed.Length > 20 ? "" : typed },
            }
        );
        return Pages.Show<DevicePage>(context);
    }
}

/// <summary>What the page says; kept with the request.</summary>
internal sealed record ShownDevice
{
    public TypedCode.Found? Found { get; init; }

    public string? Done { get; init; }

    public string? Error { get; init; }

    public string Typed { get; init; } = "";
}
