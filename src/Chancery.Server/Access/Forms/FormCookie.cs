namespace Chancery.Server.Access.Forms;

/// <summary>The cookie beside a form's antiforgery token; no neighbouring host can plant one of this name.</summary>
/// <remarks>
/// Always Secure, as the prefix <c>__Host-</c> asks. The framework's own way to say so refuses to answer over plain
/// HTTP, where loopback is secure enough for browsers.
/// </remarks>
internal sealed class FormCookie : CookieBuilder
{
    public FormCookie()
    {
        Name = "__Host-chancery-form";
        Path = "/";
        HttpOnly = true;
        SameSite = SameSiteMode.Strict;
        IsEssential = true;
    }

    public override CookieOptions Build(HttpContext context, DateTimeOffset expiresFrom)
    {
        var options = base.Build(context, expiresFrom);
        options.Secure = true;
        return options;
    }
}
