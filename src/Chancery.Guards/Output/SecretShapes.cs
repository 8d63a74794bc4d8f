using System.Text.RegularExpressions;

namespace Chancery.Guards.Output;

/// <summary>What keys and tokens of providers look like. Words around them do not matter, only their own shape.</summary>
internal static partial class SecretShapes
{
    /// <summary>Where there are any, each with its name.</summary>
    public static void Find(string text, List<(int Start, int Length, string What)> found)
    {
        foreach (var match in Key().EnumerateMatches(text))
        {
            found.Add((match.Index, match.Length, "key"));
        }

        foreach (var match in Token().EnumerateMatches(text))
        {
            found.Add((match.Index, match.Length, "jwt"));
        }

        foreach (var match in Password().EnumerateMatches(text))
        {
            found.Add((match.Index, match.Length, "connection-string"));
        }

        for (var at = 0; (at = text.IndexOf("-----BEGIN ", at, StringComparison.Ordinal)) >= 0; )
        {
            var label = PrivateKeyLabel().Match(text, at, Math.Min(64, text.Length - at));
            if (!label.Success || label.Index != at)
            {
                at += 5;
                continue;
            }

            var end = text.IndexOf("-----END ", at, StringComparison.Ordinal);
            var close = end < 0 ? -1 : text.IndexOf("-----", end + 9, StringComparison.Ordinal);
            var stop = close < 0 ? text.Length : close + 5;
            found.Add((at, stop - at, "private-key"));
            at = stop;
        }
    }

    [GeneratedRegex(
        @"(?<![A-Za-z0-9])sk-(?:(?:ant|proj|svcacct|or-v1)-(?=[A-Za-z0-9_-]{0,200}[0-9])[A-Za-z0-9_-]{16,512}|(?=[A-Za-z0-9_-]{0,200}[0-9])(?:[A-Za-z0-9]{1,128}[-_]){0,16}[A-Za-z0-9]{16}[A-Za-z0-9_-]{0,512})"
            + @"|AIza[0-9A-Za-z_-]{35}|gsk_[A-Za-z0-9]{30,128}|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{40,255}|glpat-[A-Za-z0-9_-]{20,128}"
            + @"|xox[abeprs]-[A-Za-z0-9-]{20,255}|xapp-[0-9]-[A-Za-z0-9-]{20,255}|(?<![A-Za-z0-9])(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}(?![0-9A-Za-z])|hf_[A-Za-z0-9]{30,128}"
            + @"|(?<![A-Za-z0-9])ck_[a-z2-7]{12}_(?=[A-Za-z0-9_-]{0,128}[0-9A-Z])[A-Za-z0-9_-]{24,128}"
            + @"|(?<![A-Za-z0-9])[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9+/=]{24,128}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,255}|dop_v1_[a-f0-9]{64}|SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"
            + @"|(?<![A-Za-z0-9])AC[a-f0-9]{32}(?![A-Za-z0-9])|ya29\.[A-Za-z0-9_-]{20,512}|GOCSPX-[A-Za-z0-9_-]{20,64}|(?:sk|pk)-lf-[0-9a-f-]{36}|pplx-[A-Za-z0-9]{40,64}|r8_[A-Za-z0-9]{37}|AccountKey=[A-Za-z0-9+/=]{40,128}",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Key();

    [GeneratedRegex(
        @"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,4096}(?:\.[A-Za-z0-9_-]{0,4096})?",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Token();

    // postgres://user:secret@host
    [GeneratedRegex(
        @"(?<![A-Za-z0-9])(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|rediss?|amqps?|https?|ftp)://[^\s:@/]{0,128}:[^\s@/]{1,256}@[^\s""'<>]{1,256}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Password();

    [GeneratedRegex(@"\G-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?", RegexOptions.CultureInvariant)]
    private static partial Regex PrivateKeyLabel();
}
