using System.Globalization;
using System.Net;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Access;

/// <summary>Who may make a new organisation.</summary>
public enum SignUpMode
{
    /// <summary>Anyone.</summary>
    Open,

    /// <summary>Whoever was invited; and the first person of an empty installation, on the machine itself.</summary>
    Invite,

    /// <summary>No one: neither sign-up nor the first person.</summary>
    Off,
}

/// <summary>The settings of this capability, read once at start.</summary>
/// <param name="SignUp"><c>SIGNUP</c>: open, invite or off. Default: open in the environment Local, else invite.</param>
/// <param name="PublicUrl"><c>PUBLIC_URL</c>: the address that people use; issuer of tokens. No slash at the end.</param>
/// <param name="AccessTokenLife"><c>JWT_EXPIRES_IN</c>: default 15 minutes.</param>
/// <param name="RefreshLife"><c>REFRESH_EXPIRES_IN</c>: refresh tokens, and a page's sign-in since it was last used;
/// default 30 days.</param>
/// <param name="SigningKeyLife"><c>SIGNING_KEY_DAYS</c>: after so many days a new key signs access tokens, default 90.
/// </param>
/// <param name="PasswordMinLength"><c>PASSWORD_MIN_LENGTH</c>: characters, 8 to 64, default 10.</param>
/// <param name="FailuresPerPerson"><c>SIGN_IN_ATTEMPTS</c>: attempts for one e-mail from one address in 15 minutes,
/// default 10.</param>
/// <param name="FailuresPerAddress"><c>SIGN_IN_ATTEMPTS_PER_ADDRESS</c>: failed attempts from one address in 15 minutes,
/// whatever the e-mail, default 100.</param>
/// <param name="SignUpsPerAddress"><c>SIGN_UPS_PER_ADDRESS</c>: attempts to sign up from one address in an hour, default
/// 20.</param>
/// <param name="SignUpsFromThisMachine">The same for loopback: in the environment Local 10 000, else as for any other.</param>
/// <param name="TrustedProxies"><c>TRUSTED_PROXIES</c>: addresses or networks whose X-Forwarded-* are believed;
/// separated by commas, none by default.</param>
public sealed record AccessSettings(
    SignUpMode SignUp,
    string PublicUrl,
    TimeSpan AccessTokenLife,
    TimeSpan RefreshLife,
    TimeSpan SigningKeyLife,
    int PasswordMinLength,
    int FailuresPerPerson,
    int FailuresPerAddress,
    int SignUpsPerAddress,
    int SignUpsFromThisMachine,
    IReadOnlyList<IPNetwork> TrustedProxies
)
{
    /// <summary><c>OAUTH_CLIENT_DOCUMENTS</c>: whether an application's name may be the address of a document about it.</summary>
    public bool TakesClientDocuments { get; init; }

    /// <summary><c>OAUTH_REGISTRATION</c>: whether applications may register themselves.</summary>
    public bool TakesRegistrations { get; init; }

    /// <summary><c>MAX_CONCURRENT_SESSIONS</c>: sign-ins that a person may have at once, default 5; 0 for any number.</summary>
    public int MaxSessions { get; init; }

    /// <summary>
    /// <c>SESSION_GIVES_WAY</c>: whether the oldest sign-in ends for one too many; else the newest is refused, as by default.
    /// </summary>
    public bool OldestSessionGivesWay { get; init; }

    /// <summary><c>SESSION_IDLE</c>: how long a sign-in lasts without use, default an hour.</summary>
    public TimeSpan SessionIdle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// <c>SIGNUP_PLAN</c>: the plan of organisations that sign up, but for the first, which is on OWN. Default: OWN in the environment
    /// Local, else FREE.
    /// </summary>
    public string SignUpPlan { get; init; } = "FREE";

    /// <summary>
    /// <c>STEP_UP_MAX_AGE</c>: how long after somebody proved who they are dangerous actions are open to them, default 10 minutes.
    /// </summary>
    public TimeSpan StepUpMaxAge { get; init; } = TimeSpan.FromMinutes(10);

    private const long LongestSeconds = 10L * 366 * 86400;

    /// <exception cref="SettingException">A value cannot be understood.</exception>
    public static AccessSettings Read(IConfiguration configuration, bool isLocal)
    {
        var signUps = ReadNumber(configuration, "SIGN_UPS_PER_ADDRESS", 20, 1, 1_000_000);
        return new AccessSettings(
            ReadSignUp(configuration, isLocal),
            ReadPublicUrl(configuration),
            ReadDuration(configuration, "JWT_EXPIRES_IN", TimeSpan.FromMinutes(15)),
            ReadDuration(configuration, "REFRESH_EXPIRES_IN", TimeSpan.FromDays(30)),
            TimeSpan.FromDays(ReadNumber(configuration, "SIGNING_KEY_DAYS", 90, 1, 3650)),
            ReadNumber(configuration, "PASSWORD_MIN_LENGTH", 10, 8, 64),
            ReadNumber(configuration, "SIGN_IN_ATTEMPTS", 10, 1, 1_000_000),
            ReadNumber(configuration, "SIGN_IN_ATTEMPTS_PER_ADDRESS", 100, 1, 1_000_000),
            signUps,
            isLocal ? Math.Max(signUps, 10_000) : signUps,
            ReadNetworks(configuration)
        )
        {
            TakesClientDocuments = ReadSwitch(configuration, "OAUTH_CLIENT_DOCUMENTS", fallback: true),
            TakesRegistrations = ReadSwitch(configuration, "OAUTH_REGISTRATION", fallback: false),
            MaxSessions = ReadNumber(configuration, "MAX_CONCURRENT_SESSIONS", 5, 0, 1_000_000),
            OldestSessionGivesWay = ReadGivesWay(configuration),
            SessionIdle = ReadDuration(configuration, "SESSION_IDLE", TimeSpan.FromHours(1)),
            StepUpMaxAge = ReadDuration(configuration, "STEP_UP_MAX_AGE", TimeSpan.FromMinutes(10)),
            SignUpPlan =
                configuration["SIGNUP_PLAN"]?.Trim() is { Length: > 0 } plan ? plan
                : isLocal ? "OWN"
                : "FREE",
        };
    }

    /// <summary>Reads <c>900</c> (seconds), <c>15m</c>, <c>12h</c>, <c>7d</c>, <c>30s</c>, up to ten years; else <c>null</c>.</summary>
    public static TimeSpan? ParseDuration(string text)
    {
        var trimmed = text.Trim();
        var unitSeconds = trimmed is [.., var last]
            ? last switch
            {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86400,
                _ => 0,
            }
            : 0;
        var digits = unitSeconds == 0 ? trimmed : trimmed[..^1];
        return
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && (long)count * Math.Max(unitSeconds, 1) is > 0 and <= LongestSeconds and var seconds
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }

    private static SignUpMode ReadSignUp(IConfiguration configuration, bool isLocal) =>
        configuration["SIGNUP"]?.Trim().ToLowerInvariant() switch
        {
            null or "" => isLocal ? SignUpMode.Open : SignUpMode.Invite,
            "open" => SignUpMode.Open,
            "invite" => SignUpMode.Invite,
            "off" => SignUpMode.Off,
            _ => throw new SettingException("SIGNUP", "it is one of open, invite and off."),
        };

    private static bool ReadGivesWay(IConfiguration configuration) =>
        configuration["SESSION_GIVES_WAY"]?.Trim().ToLowerInvariant() switch
        {
            null or "" or "newest" => false,
            "oldest" => true,
            _ => throw new SettingException("SESSION_GIVES_WAY", "it is one of newest and oldest."),
        };

    private static string ReadPublicUrl(IConfiguration configuration)
    {
        var text = configuration["PUBLIC_URL"] is { Length: > 0 } given ? given : "http://localhost:8000";
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? text.TrimEnd('/')
            : throw new SettingException("PUBLIC_URL", "it is an address such as https://chancery.example.com.");
    }

    private static TimeSpan ReadDuration(IConfiguration configuration, string name, TimeSpan fallback) =>
        configuration[name] is not { Length: > 0 } text
            ? fallback
            : ParseDuration(text)
                ?? throw new SettingException(name, "it is a duration such as 15m, 12h, 7d or a number of seconds.");

    private static bool ReadSwitch(IConfiguration configuration, string name, bool fallback) =>
        configuration[name]?.Trim().ToLowerInvariant() switch
        {
            null or "" => fallback,
            "true" => true,
            "false" => false,
            _ => throw new SettingException(name, "it is true or false."),
        };

    private static int ReadNumber(IConfiguration configuration, string name, int fallback, int least, int most) =>
        configuration[name] is not { Length: > 0 } text ? fallback
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number >= least
        && number <= most
            ? number
        : throw new SettingException(name, $"it is a number from {least} to {most}.");

    private static List<IPNetwork> ReadNetworks(IConfiguration configuration) =>
        [
            .. (configuration["TRUSTED_PROXIES"] ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(text =>
                    IPAddress.TryParse(text, out var address)
                        ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
                    : IPNetwork.TryParse(text, out var network) ? network
                    : throw new SettingException(
                        "TRUSTED_PROXIES",
                        "it is a list of addresses or networks such as 10.0.0.5, 172.16.0.0/12."
                    )
                ),
        ];
}
