using System.Buffers.Text;
using System.Security.Cryptography;
using Chancery.Server.Access.Sessions;

namespace Chancery.Server.Access.Authentication;

/// <summary>The page's sign-in: <c>{session id, 32 hexadecimal digits}.{secret, base64url}</c>.</summary>
/// <remarks>
/// The prefix <c>__Host-</c> makes browsers take it only with Secure, for this host alone and path /. Chromium takes
/// such a cookie over plain HTTP, too, when the host is loopback, which is where signing in without TLS is possible.
/// </remarks>
internal static class PageCookie
{
    public const string Name = "__Host-chancery";

    public static string? Read(HttpRequest request) => request.Cookies[Name];

    public static void Write(HttpContext context, Guid sessionId, string secret, TimeSpan life) =>
        context.Response.Cookies.Append(Name, $"{sessionId:N}.{secret}", OptionsFor(life));

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(Name, OptionsFor(life: null));

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

    private static CookieOptions OptionsFor(TimeSpan? life) =>
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
