namespace Chancery.Server.Access.Sessions;

/// <summary>What a person would call the device of a sign-in: <c>Firefox on Linux</c>, <c>chancery</c>.</summary>
internal static class DeviceName
{
    // In this order: browsers name those that they want to be taken for, too.
    private static readonly (string Mark, string Name)[] Browsers =
    [
        ("Edg/", "Edge"),
        ("EdgA/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ];

    private static readonly (string Mark, string Name)[] Systems =
    [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];

    /// <param name="userAgent">As the client sent it; may be empty.</param>
    public static string Of(string userAgent)
    {
        var system = Find(Systems, userAgent);
        if (Find(Browsers, userAgent) is { } browser)
        {
            return system is null ? browser : $"{browser} on {system}";
        }

        return userAgent.Split([' ', '/'], 2)[0] is { Length: > 0 } program ? program : "A program without a name";
    }

    private static string? Find((string Mark, string Name)[] known, string userAgent) =>
        known.FirstOrDefault(one => userAgent.Contains(one.Mark, StringComparison.Ordinal)).Name;
}
