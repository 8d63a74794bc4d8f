using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Chancery.Server.Platform.Telemetry;

/// <summary>Takes out of a text what must not stand in a log: keys, passwords, tokens, e-mail addresses.</summary>
/// <remarks>
/// By shape, wherever it stands: API keys (<c>ck_…</c>, <c>sk-…</c>), bearer and basic credentials, JWTs, page cookies,
/// passwords in URLs and connection strings, <c>password=…</c>-like pairs, PEM blocks, e-mail addresses. And by name:
/// <see cref="IsSecretName"/> says which properties lose their whole value. Safe for concurrent use.
/// </remarks>
public static partial class SecretMask
{
    public const string Mask = "***";

    // Long texts are cut before they are searched, so that no line costs more than a few milliseconds.
    private const int LongestText = 32_768;
    private const RegexOptions Options =
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private static readonly string[] SecretWords =
    [
        "password",
        "passwd",
        "secret",
        "token",
        "apikey",
        "authorization",
        "cookie",
        "credential",
        "connectionstring",
        "privatekey",
        "masterkey",
        "email",
    ];

    // Counts of tokens are what usage is measured in; they hold no token.
    private static readonly string[] HarmlessNames =
    [
        "inputtokens",
        "outputtokens",
        "maxtokens",
        "totaltokens",
        "prompttokens",
        "completiontokens",
        "cancellationtoken",
    ];

    // One of these stands in whatever a pattern below finds in plain ASCII; most texts have none, and cost no pattern.
    private static readonly SearchValues<string> Signs = SearchValues.Create(
        [
            ":",
            "=",
            "@",
            "-----BEGIN ",
            "bearer",
            "basic",
            "apikey",
            "digest",
            "eyJ",
            "ck_",
            "sk-",
            "sk_",
            "pk_",
            "rk_",
            "ghp_",
            "gho_",
            "github_pat_",
            "glpat-",
            "hf_",
            "xox",
            "AKIA",
            "AIza",
        ],
        StringComparison.OrdinalIgnoreCase
    );

    /// <summary>The text without its secrets; never throws.</summary>
    public static string Of(string text)
    {
        // Other letters than ASCII's may be equal to one of it where case is not looked at: the Kelvin sign to k.
        if (Ascii.IsValid(text) && !text.AsSpan().ContainsAny(Signs))
        {
            return text.Length <= LongestText ? text : Cut(text);
        }

        if (text.Length > LongestText)
        {
            text = Cut(text);
        }

        text = PemBlocks().Replace(text, Mask);
        text = Schemes().Replace(text, "${scheme} " + Mask);
        text = UserInfo().Replace(text, "${scheme}" + Mask + "@");
        text = Pairs().Replace(text, "${name}${sign}" + Mask);
        text = JsonWebTokens().Replace(text, Mask);
        text = Keys().Replace(text, "${prefix}" + Mask);
        return Emails().Replace(text, Mask);
    }

    private static string Cut(string text) => string.Concat(text.AsSpan(0, LongestText), "… (cut)");

    /// <summary>Whether a property of this name is a secret whatever its value looks like.</summary>
    public static bool IsSecretName(string name)
    {
        var plain = name.Replace("_", "", StringComparison.Ordinal)
            .Replace("-", "", StringComparison.Ordinal)
            .ToLowerInvariant();
        return !HarmlessNames.Contains(plain)
            && SecretWords.Any(word => plain.Contains(word, StringComparison.Ordinal));
    }

    // Authorization: Bearer eyJ…   ApiKey abc
    [GeneratedRegex(@"\b(?<scheme>Bearer|Basic|ApiKey|Digest)[ \t]+[A-Za-z0-9._~+/=:-]{6,}", Options)]
    private static partial Regex Schemes();

    // ck_lookup_secret   sk-ant-api03-…   pk_live_…   ghp_…   AKIA…   xoxb-…   AIza…
    [GeneratedRegex(
        @"\b(?<prefix>ck_|sk-|sk_|pk_|rk_|ghp_|gho_|github_pat_|glpat-|hf_|xox[abprs]-|AKIA|AIza)[A-Za-z0-9._-]{6,}",
        Options
    )]
    private static partial Regex Keys();

    // eyJhbGciOi….eyJzdWIiOi….signature
    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*", Options)]
    private static partial Regex JsonWebTokens();

    // postgres://user:password@host
    [GeneratedRegex(@"(?<scheme>\b[a-z][a-z0-9+.-]*://)[^/\s@""']+@", Options)]
    private static partial Regex UserInfo();

    // Password=…; "refresh_token": "…"  api_key=…  __Host-chancery=…   with any quoting, to the end of the value
    [GeneratedRegex(
        @"(?<name>(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?token|refresh[_-]?token|id[_-]?token|token|authorization|cookie|client[_-]?secret|master[_-]?key|__Host-chancery))(?<sign>\\?[""']?\s*[:=]\s*)(?:\\?""[^""\\]*\\?""|'[^']*'|[^\s,;&""'{}\[\]]+)",
        Options
    )]
    private static partial Regex Pairs();

    [GeneratedRegex(@"-----BEGIN [A-Z ]+-----[A-Za-z0-9+/=\s]*(?:-----END [A-Z ]+-----)?", Options)]
    private static partial Regex PemBlocks();

    [GeneratedRegex(@"[A-Z0-9._%+-]+@[A-Z0-9-]+(?:\.[A-Z0-9-]+)+", Options)]
    private static partial Regex Emails();
}
