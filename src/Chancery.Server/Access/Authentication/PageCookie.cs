using System.Buffers.Text;
using System.Security.Cryptography;
using Chancery.Server.Access.Sessions;

namespace Chancery.Server.Access.Authentication;

/// <summary>The page's sign-in: <c>{session id, 32 hexadecimal digits}.{secret, base64url}</c>.</summary>
/// <remarks>
/// Browsers take the prefix <c>__Host-</c> only over TLS, not even on loopback. So over TLS the cookie has it, and over
/// plain HTTP, where signing in is possible on loopback only, it goes by its bare name. A cookie of the bare name is
/// never read over TLS, so that nobody can plant one from a neighbouring plain site.
/// </remarks>
internal static class PageCookie
{
    public const string SecureName = "__Host-chancery";
    public const string LoopbackName = "chancery";

    public static string NameFor(HttpRequest request) => request.IsHttps ? SecureName : LoopbackName;

    public static string? Read(HttpRequest request) => request.Cookies[NameFor(request)];

    public static void Write(HttpContext context, Guid sessionId, string secret, TimeSpan life) =>
        context.Response.Cookies.Append(
            NameFor(context.Request),
            $"{sessionId:N}.{secret}",
            OptionsFor(context.Request, life)
        );

    public static void Delete(HttpContext context) =>
        context.Response.Cookies.Delete(NameFor(context.Request), OptionsFor(context.Request, life: null));

    public static bool TryParse(string value, out Guid sessionId, out string secret)
    {
        secret = value.Length > 33 ? value[33..] : "";
        return Guid.TryParseExact(value.AsSpan(0, Math.Min(32, value.Length)), "N", out sessionId)
            && value.Length is > 33 and <= 128
            && value[32] == '.'
            && Base64Url.IsValid(secret);
    }

    public static bool Fits(SessionState state, string secret) =>
        state.Kind == SessionKind.Page
        && CryptographicOperations.FixedTimeEquals(state.SecretHash, SecretText.HashOf(secret));

    private static CookieOptions OptionsFor(HttpRequest request, TimeSpan? life) =>
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
