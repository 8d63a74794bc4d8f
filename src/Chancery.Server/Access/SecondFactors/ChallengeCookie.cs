namespace Chancery.Server.Access.SecondFactors;

/// <summary>Names the sign-in of a browser whose password was right, until the second factor is given.</summary>
internal static class ChallengeCookie
{
    private const string Name = "__Host-chancery-challenge";

    public static string? Read(HttpRequest request) => request.Cookies[Name];

    public static void Write(HttpContext context, string challenge) =>
        context.Response.Cookies.Append(Name, challenge, OptionsFor(Challenges.Life));

    public static void Delete(HttpContext context) => context.Response.Cookies.Delete(Name, OptionsFor(life: null));

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
