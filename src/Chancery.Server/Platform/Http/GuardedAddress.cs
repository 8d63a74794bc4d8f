using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Server.Platform.Http;

/// <summary>The rules for an address that came from a stranger, as far as the text alone can tell.</summary>
/// <remarks>
/// One parser reads it, here and when it is called: what two parsers read differently (backslashes, white space, a name and
/// password before the host) is refused before either.
/// </remarks>
public sealed partial class GuardedAddress
{
    public const int MaxLength = 2048;

    // Never on the public internet. Asked of a resolver they could only be answered from inside.
    private static readonly string[] InsideNames =
    [
        "localhost",
        "local",
        "internal",
        "intranet",
        "private",
        "corp",
        "home",
        "lan",
        "localdomain",
        "home.arpa",
        "onion",
    ];

    private readonly IReadOnlySet<(string Host, int Port)> _allowedHosts;
    private readonly IReadOnlySet<int> _allowedPorts;

    public GuardedAddress(GuardedHttpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _allowedHosts = options.AllowedHosts;
        _allowedPorts = options.AllowedPorts;
    }

    /// <summary>The address to call, without its fragment, or why it must not be called.</summary>
    /// <param name="text">As it was given.</param>
    /// <param name="relativeTo">Where a redirect came from; null for an address that stands alone.</param>
    public (Uri? Address, GuardedFailure? Failure) Check(string? text, Uri? relativeTo = null)
    {
        if (text is not { Length: > 0 and <= MaxLength } || Forbidden().IsMatch(text))
        {
            return (null, GuardedFailure.Address);
        }

        var isWhole =
            text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        Uri? address;
        if (isWhole || relativeTo is null)
        {
            if (!isWhole || !Uri.TryCreate(text, UriKind.Absolute, out address))
            {
                return (null, GuardedFailure.Address);
            }
        }
        else if (OtherScheme().IsMatch(text) || !Uri.TryCreate(relativeTo, text, out address))
        {
            return (null, GuardedFailure.Address);
        }

        if (
            address.Scheme is not ("http" or "https")
            || address.UserInfo.Length > 0
            || !IsPlain(Authority(text, isWhole))
        )
        {
            return (null, GuardedFailure.Address);
        }

        return (Failure(address) is { } failure ? (null, failure) : (WithoutFragment(address), null));
    }

    /// <summary>Whether the operator lets this host and port be called wherever they lead.</summary>
    internal bool IsAllowed(Uri address) => _allowedHosts.Contains((HostOf(address), address.Port));

    /// <summary>Lower case, without the brackets of IPv6.</summary>
    internal static string HostOf(Uri address) => address.IdnHost.Trim('[', ']').ToLowerInvariant();

    private GuardedFailure? Failure(Uri address)
    {
        var host = HostOf(address);
        if (IsAllowed(address))
        {
            return null;
        }

        // Uri has made the ordinary notation of every odd one: 0x7f.1, 017700000001, 2130706433.
        var name = host.TrimEnd('.');
        if (IPAddress.TryParse(name, out var literal))
        {
            // A dot at the end makes a name of it for one parser and leaves it an address for another.
            return name.Length < host.Length ? GuardedFailure.Address
                : !PublicAddress.Is(literal) ? GuardedFailure.Inside
                : _allowedPorts.Contains(address.Port) ? null
                : GuardedFailure.Port;
        }

        // What ends in a number is an address of IPv4 to a browser, or nothing: 256.256.256.256 is no name.
        if (!HostName().IsMatch(host) || EndsInNumber().IsMatch(name))
        {
            return GuardedFailure.Address;
        }

        return !name.Contains('.') || Array.Exists(InsideNames, inside => IsUnder(name, inside)) ? GuardedFailure.Inside
            : _allowedPorts.Contains(address.Port) ? null
            : GuardedFailure.Port;
    }

    private static bool IsUnder(string name, string suffix) =>
        name.EndsWith(suffix, StringComparison.Ordinal)
        && (name.Length == suffix.Length || name[^(suffix.Length + 1)] == '.');

    /// <summary>What stands after the two slashes, in the text itself: a parser drops an empty name before "@".</summary>
    private static string Authority(string text, bool isWhole)
    {
        if (!isWhole && !text.StartsWith("//", StringComparison.Ordinal))
        {
            return "";
        }

        var rest = text[(text.IndexOf("//", StringComparison.Ordinal) + 2)..];
        var end = rest.IndexOfAny(['/', '?', '#']);
        return end < 0 ? rest : rest[..end];
    }

    /// <summary>
    /// No user name, nothing percent-encoded, and of letters beyond ASCII those only that mean themselves: what browsers map
    /// to others (fullwidth, circled, capital, ligatures) this runtime's IDN does not.
    /// </summary>
    private static bool IsPlain(string authority)
    {
        foreach (var rune in authority.EnumerateRunes())
        {
            var isGood = rune.IsAscii
                ? rune.Value is not ('@' or '%')
                : rune.IsBmp
                    && rune.Value
                        is not (
                            >= 0x1D00
                            and < 0x1E00
                            or >= 0x2000
                            and < 0x2C00
                            or >= 0x3000
                            and < 0x3041
                            or >= 0x3130
                            and < 0x3400
                            or >= 0xA640
                            and < 0xAB70
                            or >= 0xF900
                        )
                    && Rune.GetUnicodeCategory(rune)
                        is UnicodeCategory.LowercaseLetter
                            or UnicodeCategory.OtherLetter
                            or UnicodeCategory.NonSpacingMark
                            or UnicodeCategory.SpacingCombiningMark;
            if (!isGood)
            {
                return false;
            }
        }

        return true;
    }

    private static Uri WithoutFragment(Uri address) =>
        address.Fragment.Length == 0 ? address : new Uri(address.GetLeftPart(UriPartial.Query));

    // White space, control characters, backslashes, and characters that are not seen.
    [GeneratedRegex(@"[\s\\\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]")]
    private static partial Regex Forbidden();

    // javascript:…  file:…  but not  /a:b  or  a/b:c
    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*:")]
    private static partial Regex OtherScheme();

    [GeneratedRegex(@"(^|\.)([0-9]+|0x[0-9a-f]*)$")]
    private static partial Regex EndsInNumber();

    [GeneratedRegex(
        @"^(?=.{1,253}\.?$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$"
    )]
    private static partial Regex HostName();
}
