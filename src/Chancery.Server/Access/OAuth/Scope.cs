namespace Chancery.Server.Access.OAuth;

/// <summary>What a program may ask for: permissions, by their own names, and what OpenID Connect knows.</summary>
internal static class Scope
{
    /// <summary>An ID token, and who the person is at the userinfo endpoint.</summary>
    public const string OpenId = "openid";

    public const string Profile = "profile";
    public const string Email = "email";

    /// <summary>To go on when the person is not there. Refresh tokens follow the client's grants; this is taken and changes nothing.</summary>
    public const string OfflineAccess = "offline_access";

    /// <summary>What a program that asks for nothing in particular gets, as far as it is registered for that.</summary>
    public static IReadOnlyList<string> ByDefault { get; } = [Permission.DocumentsRead, Permission.Ask];

    private const int MaxLength = 1000;

    public static IReadOnlyList<string> OfIdentity { get; } = [OpenId, Profile, Email, OfflineAccess];

    public static IReadOnlyList<string> All { get; } = [.. OfIdentity, .. Permission.All];

    /// <summary>What programs that nobody here registered may ask for: reading, writing and asking, no managing.</summary>
    public static IReadOnlyList<string> ForStrangers { get; } =
    [.. OfIdentity, Permission.DocumentsRead, Permission.DocumentsWrite, Permission.Ask, Permission.MembersRead];

    /// <summary>The scopes of a request, each once; none for no text, <c>null</c> for what is no scope (RFC 6749, 3.3).</summary>
    public static IReadOnlyList<string>? Parse(string? text) =>
        string.IsNullOrEmpty(text) ? []
        : text.Length > MaxLength || text.Split(' ').Any(token => token.Length == 0 || !token.All(IsToken)) ? null
        : [.. text.Split(' ').Distinct(StringComparer.Ordinal)];

    public static string Join(IEnumerable<string> scopes) => string.Join(' ', scopes);

    private static bool IsToken(char letter) => letter is '!' or (>= '#' and <= '[') or (>= ']' and <= '~');
}
