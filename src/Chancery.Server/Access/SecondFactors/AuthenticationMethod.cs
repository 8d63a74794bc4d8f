namespace Chancery.Server.Access.SecondFactors;

/// <summary>How somebody proved who they are, in the words of RFC 8176; the <c>amr</c> of tokens.</summary>
internal static class AuthenticationMethod
{
    public const string Password = "pwd";

    /// <summary>A code of an authenticator app, or a recovery code.</summary>
    public const string OneTimeCode = "otp";

    /// <summary>A passkey that stays in one device.</summary>
    public const string HardwareKey = "hwk";

    /// <summary>A passkey that its provider keeps on several devices.</summary>
    public const string SoftwareKey = "swk";

    /// <summary>More than one factor.</summary>
    public const string MultipleFactors = "mfa";

    public static string[] PasswordOnly { get; } = [Password];

    private const int LongestWord = 20;

    private const int MostWords = 10;

    /// <summary>An external issuer said who they are, by whatever it asks for. No word of RFC 8176: it has none for that.</summary>
    public const string Issuer = "issuer";

    /// <summary>What an issuer says of how somebody proved who they are, beside that it was the issuer who asked.</summary>
    public static string[] OfIssuer(IEnumerable<string> methods) =>
        [.. methods.Where(method => method.Length <= LongestWord).Take(MostWords).Append(Issuer).Distinct()];

    /// <summary>The methods of both, with <see cref="MultipleFactors"/> when together they are that.</summary>
    public static string[] Join(IEnumerable<string> before, IEnumerable<string> now)
    {
        var all = before.Union(now).ToHashSet(StringComparer.Ordinal);
        // Ours are used with user verification: something that one has, and something that one knows or is.
        if (
            all.Contains(HardwareKey)
            || all.Contains(SoftwareKey)
            || (all.Contains(Password) && all.Contains(OneTimeCode))
        )
        {
            all.Add(MultipleFactors);
        }

        return [.. all.Order(StringComparer.Ordinal)];
    }

    /// <summary>The class of the sign-in: the <c>acr</c> of tokens.</summary>
    public static string ClassOf(IEnumerable<string> methods) =>
        methods.Contains(MultipleFactors) ? AuthenticationClass.MultipleFactors : AuthenticationClass.OneFactor;
}

/// <summary>Classes of sign-ins: the <c>acr</c> of tokens.</summary>
internal static class AuthenticationClass
{
    public const string OneFactor = "urn:chancery:acr:one-factor";

    public const string MultipleFactors = "urn:chancery:acr:multiple-factors";
}

/// <summary>What opens a session.</summary>
/// <param name="Methods">Of <see cref="AuthenticationMethod"/>.</param>
/// <param name="At">When it was proven last.</param>
internal sealed record Authenticated(IReadOnlyList<string> Methods, DateTimeOffset At);
