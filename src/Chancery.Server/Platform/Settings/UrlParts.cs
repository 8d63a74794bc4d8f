namespace Chancery.Server.Platform.Settings;

/// <summary>The parts of a connection URL, unescaped.</summary>
internal static class UrlParts
{
    /// <summary>User and password before the <c>@</c>; null for each that is not there.</summary>
    public static (string? User, string? Password) Credentials(Uri url)
    {
        var parts = url.UserInfo.Split(':', 2);
        return (Unescape(parts[0]), parts.Length == 2 ? Unescape(parts[1]) : null);
    }

    /// <summary>The options after the <c>?</c>, in their order.</summary>
    public static IEnumerable<(string Key, string Value)> Query(Uri url) =>
        url
            .Query.TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .Select(pair => (Uri.UnescapeDataString(pair[0]), pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : ""));

    private static string? Unescape(string part) => part.Length == 0 ? null : Uri.UnescapeDataString(part);
}
