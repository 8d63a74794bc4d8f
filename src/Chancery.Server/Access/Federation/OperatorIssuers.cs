using System.Text.RegularExpressions;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Access.Federation;

/// <summary>The issuers that the operator configured, read once at start. Their sign-ins count in the whole installation.</summary>
/// <remarks>
/// One is named by the settings as they are; <c>OIDC_NAMES</c> lists more, and their settings have the name after <c>OIDC_</c>:
/// <c>OIDC_ISSUER</c> is <c>OIDC_ENTRA_ISSUER</c> for the one called entra.
/// </remarks>
internal sealed partial class OperatorIssuers(IReadOnlyList<ExternalIssuer> issuers)
{
    /// <summary>The route of the one without a name.</summary>
    public const string Unnamed = "sso";

    /// <summary>In the order in which they are shown.</summary>
    public IReadOnlyList<ExternalIssuer> All { get; } = issuers;

    public ExternalIssuer? Find(string route) => All.FirstOrDefault(issuer => issuer.Route == route);

    /// <exception cref="SettingException">A value cannot be understood, or a needed one is missing.</exception>
    public static OperatorIssuers Read(IConfiguration configuration)
    {
        var names = Words(configuration["OIDC_NAMES"]);
        if (names.FirstOrDefault(name => !Name().IsMatch(name) || name == Unnamed) is { } odd)
        {
            throw new SettingException("OIDC_NAMES", $"{odd} is no name of small letters and digits, or is taken.");
        }

        var found = new List<ExternalIssuer>();
        if (configuration["OIDC_ISSUER"] is { Length: > 0 })
        {
            found.Add(ReadOne(configuration, Unnamed, name => name));
        }

        found.AddRange(
            names
                .Distinct(StringComparer.Ordinal)
                .Select(name =>
                    ReadOne(
                        configuration,
                        name,
                        setting => $"OIDC_{name.ToUpperInvariant()}_{setting["OIDC_".Length..]}"
                    )
                )
        );
        return found.GroupBy(issuer => issuer.Key).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new SettingException("OIDC_NAMES", $"two of them are the issuer {twice.Key}.")
            : new OperatorIssuers(found);
    }

    private static ExternalIssuer ReadOne(IConfiguration configuration, string route, Func<string, string> setting)
    {
        string? Text(string name) => configuration[setting(name)]?.Trim() is { Length: > 0 } text ? text : null;
        SettingException Wrong(string name, string why) => new(setting(name), why);

        var address = Text("OIDC_ISSUER") ?? throw Wrong("OIDC_ISSUER", "it is needed: the issuer's address.");
        if (
            !Uri.TryCreate(address, UriKind.Absolute, out var parsed)
            || !(parsed.Scheme == "https" || (parsed.Scheme == "http" && parsed.IsLoopback))
            || parsed.Query.Length > 0
            || parsed.Fragment.Length > 0
        )
        {
            throw Wrong("OIDC_ISSUER", "it is an https address without a query, as the issuer's tokens name it.");
        }

        var algorithm = Text("OIDC_ALGORITHM") ?? "RS256";
        if (!ForeignKey.Algorithms.Contains(algorithm))
        {
            throw Wrong("OIDC_ALGORITHM", $"it is one of {string.Join(", ", ForeignKey.Algorithms)}.");
        }

        var clientId = Text("OIDC_CLIENT_ID") ?? throw Wrong("OIDC_CLIENT_ID", "it is needed beside OIDC_ISSUER.");
        var audience = Text("OIDC_AUDIENCE");
        if (audience == clientId)
        {
            throw Wrong("OIDC_AUDIENCE", "it is another than the client's id, which ID tokens are for.");
        }

        var type = Text("OIDC_TOKEN_TYPE") ?? Tokens.AccessTokens.Type;
        if (type is not (Tokens.AccessTokens.Type or "JWT"))
        {
            throw Wrong("OIDC_TOKEN_TYPE", "it is at+jwt or JWT.");
        }

        var defaultRole = Text("OIDC_DEFAULT_ROLE") ?? Role.Viewer;
        var roles = Pairs(Text("OIDC_ROLES"));
        foreach (var role in roles.Values.Append(defaultRole))
        {
            if (role is not (Role.Admin or Role.Editor or Role.Viewer))
            {
                throw Wrong(
                    role == defaultRole ? "OIDC_DEFAULT_ROLE" : "OIDC_ROLES",
                    $"{role} is not one of admin, editor, viewer."
                );
            }
        }

        Guid Id(string name, string text) =>
            Guid.TryParse(text, out var id) ? id : throw Wrong(name, $"{text} is no id of an organisation.");
        return new ExternalIssuer(
            address,
            Owner: null,
            route,
            Text("OIDC_LABEL") ?? parsed.Host,
            address,
            clientId,
            SecretSetting.Read(configuration, setting("OIDC_CLIENT_SECRET")),
            algorithm,
            Text("OIDC_SCOPES") ?? "openid profile email",
            new IssuerRules
            {
                Joins = Switch(Text("OIDC_JOIN"), () => Wrong("OIDC_JOIN", "it is true or false.")),
                TrustsEmail = Switch(Text("OIDC_TRUST_EMAIL"), () => Wrong("OIDC_TRUST_EMAIL", "it is true or false.")),
                Domains = Words(Text("OIDC_DOMAINS")),
                RoleClaim = Text("OIDC_ROLE_CLAIM"),
                Roles = roles,
                DefaultRole = defaultRole,
                Audience = audience,
                TokenType = type,
                Tenant = Text("OIDC_TENANT") is { } tenant ? Id("OIDC_TENANT", tenant) : null,
                TenantClaim = Text("OIDC_TENANT_CLAIM"),
                Tenants = Pairs(Text("OIDC_TENANTS"))
                    .ToDictionary(pair => pair.Key, pair => Id("OIDC_TENANTS", pair.Value)),
            }
        );
    }

    private static bool Switch(string? text, Func<SettingException> wrong) =>
        text?.ToLowerInvariant() switch
        {
            null or "false" => false,
            "true" => true,
            _ => throw wrong(),
        };

    private static string[] Words(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // The last sign parts, since values may be addresses: "urn:x=1=admin".
    private static Dictionary<string, string> Pairs(string? list) =>
        Words(list)
            .Select(pair => (Pair: pair, At: pair.LastIndexOf('=')))
            .Where(one => one.At > 0)
            .GroupBy(one => one.Pair[..one.At].Trim(), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last().Pair[(group.Last().At + 1)..].Trim());

    [GeneratedRegex("^[a-z][a-z0-9]{0,30}$")]
    private static partial Regex Name();
}
