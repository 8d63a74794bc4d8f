using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Chancery.Server.Platform.Operators;

/// <param name="Id">Of this one pass.</param>
/// <param name="Subject">Who was let in, as <see cref="OperatorGate"/> writes and reads it.</param>
internal sealed record OperatorPass(string Id, string Subject);

/// <summary>
/// What the console's cookie holds in a token's place: sealed, who was let in and until when. Whoever reads it learns no token, and
/// nobody else can make one. Safe for concurrent use.
/// </summary>
/// <remarks>
/// It says who, and not that they still count: that is asked anew for each request, so that a revoked operator's pass opens nothing a
/// moment later, and neither does one by a setting that has changed.
/// </remarks>
internal sealed class OperatorPasses(IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>The prefix makes browsers take it with Secure, for this host alone and path /.</summary>
    public const string Cookie = "__Host-chancery-operator";

    public static readonly TimeSpan Life = TimeSpan.FromHours(8);

    private const int LongestText = 2048;

    private readonly IDataProtector _protector = protection.CreateProtector("chancery/operator-pass");

    /// <summary>Lets the browser in until the pass ends.</summary>
    /// <param name="subject">Who, as <see cref="OperatorGate"/> writes and reads it.</param>
    public void Write(HttpContext context, string subject)
    {
        var until = (time.GetUtcNow() + Life).ToUnixTimeSeconds();
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        context.Response.Cookies.Append(
            Cookie,
            _protector.Protect(string.Create(CultureInfo.InvariantCulture, $"{until}.{id}.{subject}")),
            OptionsFor(Life)
        );
    }

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(Cookie, OptionsFor(null));

    /// <summary>The request's pass; null without one, and for one that is not ours or has ended.</summary>
    public OperatorPass? Read(HttpRequest request)
    {
        if (request.Cookies[Cookie] is not { Length: > 0 and <= LongestText } text)
        {
            return null;
        }

        string pass;
        try
        {
            pass = _protector.Unprotect(text);
        }
        catch (CryptographicException)
        {
            return null;
        }

        return
            pass.Split('.', 3) is [var end, var id, var subject]
            && long.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var until)
            && until > time.GetUtcNow().ToUnixTimeSeconds()
            ? new OperatorPass(id, subject)
            : null;
    }

    private static CookieOptions OptionsFor(TimeSpan? life) =>
        new()
        {
            Path = "/",
            HttpOnly = true,
            Secure = true,
            SameSite = SameSiteMode.Strict,
            MaxAge = life,
            IsEssential = true,
        };
}
