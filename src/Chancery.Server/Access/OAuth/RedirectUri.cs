using System.Text.RegularExpressions;

namespace Chancery.Server.Access.OAuth;

/// <summary>Where people are sent back to with a code: what may be registered, and what is the same as what was.</summary>
internal static partial class RedirectUri
{
    public const int MaxLength = 500;

    /// <summary>Why this cannot be registered; <c>null</c> when it can.</summary>
    /// <remarks>
    /// TLS, or a program on the person's own machine: by loopback, or by a scheme of its own that carries a domain in
    /// reverse (RFC 8252, 7.1). So no <c>javascript:</c> and no <c>data:</c> either.
    /// </remarks>
    public static string? WhyNot(string text) =>
        text.Length > MaxLength ? $"An address has at most {MaxLength} characters."
        : text.Any(letter => letter is <= ' ' or >= '\x7f' or '\\' or '*' or '"' or '<' or '>')
            ? "An address has no spaces, quotes, asterisks, and only ASCII; write others percent-encoded."
        : !Uri.TryCreate(text, UriKind.Absolute, out var uri)
            ? "Give a whole address such as https://app.example.com/callback."
        : text.Contains('#', StringComparison.Ordinal) ? "An address has no fragment (#)."
        : uri.UserInfo.Length > 0 ? "An address has no user name."
        : uri.Scheme == Uri.UriSchemeHttps && uri.Host.Length > 0 ? null
        : uri.Scheme == Uri.UriSchemeHttp
            ? Loopback().IsMatch(text) ? null
                : "http is for 127.0.0.1, [::1] and localhost; others take https."
        : uri.Scheme.Contains('.', StringComparison.Ordinal) ? null
        : "A scheme of one's own carries a domain in reverse, such as com.example.app:/callback.";

    /// <summary>Whether a request's address is the registered one, to the letter; on loopback with any port (RFC 8252, 7.3).</summary>
    public static bool IsSame(string registered, string given)
    {
        if (string.Equals(registered, given, StringComparison.Ordinal))
        {
            return true;
        }

        var one = Loopback().Match(registered);
        var other = Loopback().Match(given);
        return one.Success
            && other.Success
            && one.Groups["host"].Value == other.Groups["host"].Value
            && one.Groups["rest"].Value == other.Groups["rest"].Value
            && WhyNot(given) is null;
    }

    /// <summary>For people: whom they are sent to.</summary>
    public static string Describe(string address) =>
        Loopback().IsMatch(address) ? "a program on this machine"
        : Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri.IdnHost
        : $"the program for {address[..Math.Max(0, address.IndexOf(':', StringComparison.Ordinal))]}: addresses";

    // http://127.0.0.1:49152/callback?x=y
    [GeneratedRegex(@"\Ahttp://(?<host>127\.0\.0\.1|\[::1\]|localhost)(:[0-9]{1,5})?(?<rest>(?:[/?].*)?)\z")]
    private static partial Regex Loopback();
}
