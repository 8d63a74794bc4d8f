using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Chancery.Server.Access.Federation;

/// <summary>What a browser keeps while its person is at an issuer. Nobody but us reads or makes it.</summary>
/// <param name="Route">Which issuer: <see cref="ExternalIssuer.Route"/>.</param>
/// <param name="IsAnew">Whether the issuer was told to ask its person anew.</param>
internal sealed record Visit(
    string Route,
    string State,
    string Nonce,
    string Verifier,
    string ReturnUrl,
    bool IsAnew,
    DateTimeOffset BeganAt
);

/// <summary>What a browser keeps until its person has signed in with a password once: who they are at the issuer.</summary>
internal sealed record PendingLink(
    string Route,
    string Subject,
    string Email,
    string? RoleName,
    Guid? Tenant,
    DateTimeOffset MadeAt,
    string ReturnUrl
);

/// <summary>
/// What a browser keeps of somebody whom an issuer vouched for and for whom there was no place, until they say which sign-in ends.
/// </summary>
/// <param name="Once">Counts for one answer.</param>
internal sealed record PendingPlace(
    string Route,
    Guid Tenant,
    Guid UserId,
    IReadOnlyList<string> Methods,
    DateTimeOffset AuthenticatedAt,
    string ReturnUrl,
    string Once,
    DateTimeOffset CameAt
);

/// <summary>Three cookies of ten minutes. Lax: the issuer sends the browser back from another site.</summary>
internal sealed class VisitCookie(IDataProtectionProvider protection)
{
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    private const string VisitName = "__Host-chancery-visit";
    private const string LinkName = "__Host-chancery-link";
    private const string PlaceName = "__Host-chancery-place";

    private readonly ITimeLimitedDataProtector _visits = protection
        .CreateProtector("chancery/identity-visit")
        .ToTimeLimitedDataProtector();

    private readonly ITimeLimitedDataProtector _links = protection
        .CreateProtector("chancery/identity-link")
        .ToTimeLimitedDataProtector();

    private readonly ITimeLimitedDataProtector _places = protection
        .CreateProtector("chancery/identity-place")
        .ToTimeLimitedDataProtector();

    public void Write(HttpContext context, Visit visit) => Write(context, VisitName, _visits, visit);

    public void Write(HttpContext context, PendingLink link) => Write(context, LinkName, _links, link);

    public void Write(HttpContext context, PendingPlace place) => Write(context, PlaceName, _places, place);

    /// <summary>Taken away with it.</summary>
    public Visit? TakeVisit(HttpContext context) => Take<Visit>(context, VisitName, _visits);

    public PendingLink? TakeLink(HttpContext context) => Take<PendingLink>(context, LinkName, _links);

    public PendingPlace? TakePlace(HttpContext context) => Take<PendingPlace>(context, PlaceName, _places);

    private static void Write<T>(HttpContext context, string name, ITimeLimitedDataProtector protector, T value) =>
        context.Response.Cookies.Append(name, protector.Protect(JsonSerializer.Serialize(value), Life), Options(Life));

    private static T? Take<T>(HttpContext context, string name, ITimeLimitedDataProtector protector)
        where T : class
    {
        if (context.Request.Cookies[name] is not { Length: > 0 } text)
        {
            return null;
        }

        context.Response.Cookies.Delete(name, Options(life: null));
        try
        {
            return JsonSerializer.Deserialize<T>(protector.Unprotect(text));
        }
        catch (Exception exception) when (exception is CryptographicException or JsonException)
        {
            return null;
        }
    }

    private static CookieOptions Options(TimeSpan? life) =>
        new()
        {
            Path = "/",
            HttpOnly = true,
            Secure = true,
            SameSite = SameSiteMode.Lax,
            MaxAge = life,
            IsEssential = true,
        };
}
