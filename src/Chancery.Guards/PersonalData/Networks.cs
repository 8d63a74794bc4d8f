using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Chancery.Guards.PersonalData;

/// <summary>Mail, web and network addresses.</summary>
internal static partial class Networks
{
    public static void Find(string text, List<PersonalDataSpan> found)
    {
        foreach (var match in Email().EnumerateMatches(text))
        {
            var at = text.IndexOf('@', match.Index);
            if (
                text[at - 1] != '.'
                && !text.AsSpan(match.Index, at - match.Index).Contains("..", StringComparison.Ordinal)
            )
            {
                found.Add(new(PersonalDataKind.Email, match.Index, match.Length, 0.97));
            }
        }

        foreach (var match in Url().EnumerateMatches(text))
        {
            AddUrl(text, match.Index, match.Length, found);
        }

        foreach (var match in IpV4().EnumerateMatches(text))
        {
            if (IsIpAddress(text.AsSpan(match.Index, match.Length)))
            {
                found.Add(new(PersonalDataKind.IpAddress, match.Index, match.Length, 0.9));
            }
        }

        foreach (var match in IpV6().EnumerateMatches(text))
        {
            AddIpV6(text, match.Index, match.Length, found);
        }

        foreach (var match in Mac().EnumerateMatches(text))
        {
            found.Add(new(PersonalDataKind.MacAddress, match.Index, match.Length, 0.93));
        }
    }

    /// <summary>Whether it is four numbers of at most 255 with dots between, none with a leading zero.</summary>
    public static bool IsIpAddress(ReadOnlySpan<char> written)
    {
        var parts = 0;
        foreach (var range in written.Split('.'))
        {
            var part = written[range];
            if (part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0') || !byte.TryParse(part, out _))
            {
                return false;
            }

            parts++;
        }

        return parts == 4;
    }

    private static void AddUrl(string text, int start, int length, List<PersonalDataSpan> found)
    {
        while (length > 0 && text[start + length - 1] is '.' or ',' or ';' or ':' or '!' or '?' or ')' or '\'')
        {
            length--;
        }

        var written = text.AsSpan(start, length);
        var scheme = written.IndexOf("://");
        var rest = scheme < 0 ? written : written[(scheme + 3)..];
        var authority = rest.IndexOfAny('/', '?', '#') is var end and >= 0 ? rest[..end] : rest;
        if (scheme > 0 && authority.IndexOf('@') > 0)
        {
            found.Add(new(PersonalDataKind.CredentialUrl, start, length, 0.95));
        }
        else
        {
            found.Add(new(PersonalDataKind.Url, start, length, 0.93));
        }
    }

    private static void AddIpV6(string text, int start, int length, List<PersonalDataSpan> found)
    {
        var written = text.AsSpan(start, length);
        var colons = written.Count(':');
        if (
            colons >= 2
            && (colons == 7 || written.Contains("::", StringComparison.Ordinal))
            && written.ContainsAnyInRange('0', '9')
            && IPAddress.TryParse(written, out var address)
            && address.AddressFamily == AddressFamily.InterNetworkV6
        )
        {
            found.Add(new(PersonalDataKind.IpAddress, start, length, 0.93));
        }
    }

    // A digit right behind is a note's number, or nothing of the address's.
    [GeneratedRegex(
        @"(?<![\p{L}\d.!#$%&'*+/=?^_`{|}~-])[\p{L}\d!#$%&*+=?^_{|}~][\p{L}\d.!#$%&'*+/=?^_`{|}~-]{0,63}@(?:[\p{L}\d](?:[\p{L}\d-]{0,61}[\p{L}\d])?\.){1,8}(?:[\p{L}]{2,24}|xn--[a-z0-9-]{2,20})(?!\p{L})",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Email();

    [GeneratedRegex(
        @"(?<![\p{L}\d])(?:[a-z][a-z0-9+.-]{1,15}://|www\.(?=[\p{L}\d]))[^\s<>""`{}|\\^\[\]]{1,2048}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Url();

    [GeneratedRegex(@"(?<![\p{L}\d.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\p{L}\d]|\.\d)", RegexOptions.CultureInvariant)]
    private static partial Regex IpV4();

    [GeneratedRegex(
        @"(?<![\p{L}\d:.])[0-9A-Fa-f:]{2,39}(?:\.[0-9]{1,3}){0,3}(?![\p{L}\d:])",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex IpV6();

    [GeneratedRegex(
        @"(?<![\p{L}\d:-])(?:[0-9A-F]{2}(?::[0-9A-F]{2}){5}|[0-9A-F]{2}(?:-[0-9A-F]{2}){5}|[0-9A-F]{4}(?:\.[0-9A-F]{4}){2})(?![\p{L}\d:-])",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Mac();
}
