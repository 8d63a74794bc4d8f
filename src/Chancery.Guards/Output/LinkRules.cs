using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Guards.Output;

/// <summary>A link or an image in a text, in Markdown, in HTML or bare.</summary>
/// <param name="Start">Its first UTF-16 unit.</param>
/// <param name="Length">All of it.</param>
/// <param name="Words">What a reader sees of it; stays when it is removed.</param>
/// <param name="What"><c>link</c>, <c>image</c> or <c>html</c>.</param>
internal readonly record struct FoundLink(int Start, int Length, string Words, string What);

/// <summary>
/// Finds links and images whose place is not allowed. What browsers read more loosely than it looks (blanks and controls in a scheme, entities,
/// percent-encoding, backslashes, missing slashes) is read as loosely here; where Markdown takes a backslash away that a browser reads as a slash,
/// both readings must be allowed.
/// </summary>
internal sealed partial class LinkRules(
    IReadOnlyCollection<string> allowedHosts,
    bool allowsAnyLink,
    IReadOnlySet<string> allowedAddresses,
    bool allowsImages = true
)
{
    private const int LongestUrl = 4096;

    public void Find(string text, List<FoundLink> found)
    {
        FindMarkdown(text, found);
        foreach (var match in Tag().EnumerateMatches(text))
        {
            FindInTag(text, match.Index, match.Length, found);
        }

        foreach (var (start, length) in BareIn(text))
        {
            if (!MayLink(text.Substring(start, length)))
            {
                found.Add(new(start, length, "", "link"));
            }
        }
    }

    /// <summary>All addresses of a text, as they are compared with those that are allowed.</summary>
    public static IEnumerable<string> AddressesIn(string text) =>
        BareIn(text).SelectMany(bare => ReadingsOf(text.Substring(bare.Start, bare.Length)));

    private static List<(int Start, int Length)> BareIn(string text)
    {
        var bare = new List<(int, int)>();
        foreach (var match in Bare().EnumerateMatches(text))
        {
            var length = match.Length;
            while (length > 1 && IsOfSentence(text[match.Index + length - 1]))
            {
                length--;
            }

            bare.Add((match.Index, length));
        }

        return bare;
    }

    /// <summary>What stands behind an address, and is none of it.</summary>
    private static bool IsOfSentence(char c) =>
        c is '.' or ',' or ';' or '!' or '?' or ')' or '*' or '_' or '\'' or '›' or '»' or '”' or '’';

    /// <summary><c>[words](place "title")</c>, <c>![words](place)</c> and <c>[words]: place</c>.</summary>
    private void FindMarkdown(string text, List<FoundLink> found)
    {
        var open = new Stack<int>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '[')
            {
                open.Push(i);
                continue;
            }

            if (text[i] != ']' || !open.TryPop(out var start))
            {
                continue;
            }

            var next = i + 1 < text.Length ? text[i + 1] : '\0';
            if (next is not ('(' or ':'))
            {
                continue;
            }

            var end = next == '(' ? CloseOf(text, i + 2) : EndOfWord(text, i + 2);
            var isImage = start > 0 && text[start - 1] == '!';
            var isClosed = next == '(' && end > i + 2 && text[end - 1] == ')';
            var place = DestinationOf(text.AsSpan(i + 2, Math.Max(0, (isClosed ? end - 1 : end) - i - 2)));
            if (isImage ? !MayEmbed(place) : !MayLink(place))
            {
                var from = isImage ? start - 1 : start;
                found.Add(
                    new(
                        from,
                        end - from,
                        isImage || next == ':' ? "" : text[(start + 1)..i],
                        isImage ? "image" : "link"
                    )
                );
                open.Clear();
                i = end - 1;
            }
        }
    }

    private void FindInTag(string text, int start, int length, List<FoundLink> found)
    {
        var tag = text.Substring(start, length);
        // <https://…> is Markdown for a bare link, which is looked at as such.
        if (tag[1..].IndexOfAny([':', '@']) is var sign and >= 0 && tag.AsSpan(1, sign).IndexOfAny(" \t\n/=") < 0)
        {
            return;
        }

        foreach (Match attribute in Attribute().Matches(tag))
        {
            var value = attribute.Groups["v"].Value.Trim('"', '\'');
            var name = attribute.Groups["n"].Value;
            var isHref =
                name.Equals("href", StringComparison.OrdinalIgnoreCase)
                && !tag.StartsWith("<link", StringComparison.OrdinalIgnoreCase);
            var places =
                name.Equals("srcset", StringComparison.OrdinalIgnoreCase) ? value.Split(',')
                : name.Equals("style", StringComparison.OrdinalIgnoreCase)
                    ? [.. StyleUrl().Matches(value).Select(match => match.Groups["u"].Value)]
                : new[] { value };
            if (
                name.StartsWith("on", StringComparison.OrdinalIgnoreCase)
                || places.Any(place => isHref ? !MayLink(place) : !MayEmbed(place))
            )
            {
                found.Add(new(start, length, "", "html"));
                return;
            }
        }
    }

    /// <summary>Whether a reader may be shown a link to a place.</summary>
    private bool MayLink(string place) => ReadingsOf(place).All(MayLinkTo);

    private bool MayLinkTo(string loose)
    {
        var scheme = SchemeOf(loose);
        if (!IsDangerous(scheme) && allowedAddresses.Contains(loose))
        {
            return true;
        }

        return scheme switch
        {
            "" or "http" or "https" => allowsAnyLink || IsAllowedHost(loose, allowedHosts),
            // What a mail says may be put into its address.
            "mailto" => allowsAnyLink || !loose.Contains('?'),
            "tel" => true,
            _ => !IsDangerous(scheme) && !loose.Contains("//", StringComparison.Ordinal),
        };
    }

    /// <summary>Whether a browser may fetch from a place by itself.</summary>
    private bool MayEmbed(string place) =>
        ReadingsOf(place)
            .All(loose =>
                SchemeOf(loose) is "" or "http" or "https" && IsAllowedHost(loose, allowsImages ? allowedHosts : [])
            );

    private static bool IsDangerous(string scheme) =>
        scheme is "javascript" or "data" or "vbscript" or "file" or "blob" or "filesystem" or "about";

    private static bool IsAllowedHost(string place, IReadOnlyCollection<string> allowedHosts)
    {
        var at = SchemeOf(place) is { Length: > 0 } scheme ? scheme.Length + 1 : 0;
        var rest = place.AsSpan(at).TrimStart('/');
        var slashes = place.Length - at - rest.Length;
        if (at == 0 && slashes < 2 && !place.StartsWith("www.", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        var authority = rest.IndexOfAny('/', '?', '#') is var end and >= 0 ? rest[..end] : rest;
        var user = authority.LastIndexOf('@');
        var host = (user < 0 ? authority : authority[(user + 1)..]).ToString();
        host = (host.LastIndexOf(':') is var port and > 0 ? host[..port] : host).TrimEnd('.').ToLowerInvariant();
        // What no host is written with is read as something else by somebody: 。 as a dot, %2f as a slash.
        return user < 0
            && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
            && allowedHosts.Any(allowed =>
                allowed.StartsWith("*.", StringComparison.Ordinal)
                    ? host.EndsWith(allowed[1..], StringComparison.OrdinalIgnoreCase)
                    : host.Equals(allowed, StringComparison.OrdinalIgnoreCase)
            );
    }

    /// <summary>As it is read where it stands as it is written, and where Markdown took the backslashes away that escape a sign.</summary>
    private static IEnumerable<string> ReadingsOf(string place)
    {
        yield return Loosen(place);
        if (place.Contains('\\'))
        {
            yield return Loosen(Escape().Replace(place, "$1"));
        }
    }

    /// <summary>As browsers read it: entities decoded, controls and blanks gone, backslashes as slashes.</summary>
    private static string Loosen(string place)
    {
        var decoded = place.Contains('&') ? WebUtility.HtmlDecode(place) : place;
        var loose = new StringBuilder(decoded.Length);
        foreach (var c in decoded)
        {
            if (c > ' ' && !char.IsControl(c) && !char.IsWhiteSpace(c) && c is not ('\u200b' or '\u00ad' or '\ufeff'))
            {
                loose.Append(c == '\\' ? '/' : c);
            }
        }

        // "java%73cript:" is no scheme to a browser, but to what decodes a link once more.
        var text = loose.ToString();
        var colon = text.IndexOf(':');
        var encoded = colon is > 0 and < 64 ? text.AsSpan(0, colon).Contains('%') : text.StartsWith('%');
        return encoded ? Uri.UnescapeDataString(text) : text;
    }

    private static string SchemeOf(string loose)
    {
        var colon = loose.IndexOf(':');
        if (colon <= 0 || !char.IsAsciiLetter(loose[0]))
        {
            return "";
        }

        foreach (var c in loose.AsSpan(0, colon))
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
            {
                return "";
            }
        }

        return loose[..colon].ToLowerInvariant();
    }

    private static string DestinationOf(ReadOnlySpan<char> inside)
    {
        inside = inside.Trim();
        if (inside.StartsWith("<"))
        {
            var close = inside.IndexOf('>');
            return (close < 0 ? inside[1..] : inside[1..close]).ToString();
        }

        var blank = inside.IndexOfAny(' ', '\n', '\t');
        return (blank < 0 ? inside : inside[..blank]).ToString();
    }

    /// <summary>Behind the bracket that closes; the text's end where none does.</summary>
    private static int CloseOf(string text, int at)
    {
        var depth = 1;
        var end = Math.Min(text.Length, at + LongestUrl);
        for (; at < end; at++)
        {
            depth += text[at] switch
            {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if (depth == 0)
            {
                return at + 1;
            }
        }

        return end;
    }

    private static int EndOfWord(string text, int at)
    {
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        while (at < text.Length && !char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    // Each of ASCII's punctuation may be escaped.
    [GeneratedRegex(@"\\([!-/:-@\[-`{-~])", RegexOptions.CultureInvariant)]
    private static partial Regex Escape();

    [GeneratedRegex(@"<[A-Za-z!/][^<>]*>?", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();

    [GeneratedRegex(
        @"(?<=[\s""'/])(?<n>src|href|srcset|action|formaction|poster|background|data|cite|xlink:href|style|on[a-z]{3,20})\s{0,8}=\s{0,8}(?<v>""[^""]{0,4096}""?|'[^']{0,4096}'?|[^\s""'>]{1,4096})",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Attribute();

    [GeneratedRegex(
        @"url\(\s{0,8}['""]?(?<u>[^'"")]{1,2048})",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex StyleUrl();

    [GeneratedRegex(
        @"(?:https?\\?:[/\\]{2}|(?<![\p{L}\d])(?:[a-z][a-z0-9+.-]{1,15}\\?:[/\\]{2}|www\\?\.(?=[\p{L}\d])|(?:javascript|vbscript|data)(?:&colon;|\\?:)(?=\S)|(?<![:/])//(?=[\p{L}\d-]{1,63}\.[\p{L}]{2})))[^\s<>""`\]]*",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Bare();
}
