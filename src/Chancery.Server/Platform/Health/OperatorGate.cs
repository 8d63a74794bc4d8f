using System.Net;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Health;

/// <summary>
/// Who may see how the installation is doing inside: whoever holds the operator's token. Where there is none nobody may, but for
/// a person at the machine itself in the environment Local.
/// </summary>
internal sealed class OperatorGate(IConfiguration configuration, IHostEnvironment environment)
{
    private const int ShortestToken = 16;

    // What proxies add, and what ASP.NET leaves of it where it has taken the caller's address from them.
    private static readonly string[] OfProxies = ["X-Forwarded-", "X-Original-", "X-Real-IP", "Forwarded", "Via"];

    private readonly byte[]? _hash = Read(configuration);

    public bool Admits(HttpContext context) => _hash is not null ? HasToken(context, _hash) : IsAtTheMachine(context);

    private static bool HasToken(HttpContext context, byte[] hash)
    {
        var header = context.Request.Headers.Authorization.ToString();
        const string scheme = "Bearer ";
        if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // Hashed first: the comparison takes the same time whatever the length.
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(header[scheme.Length..].Trim()));
        return CryptographicOperations.FixedTimeEquals(given, hash);
    }

    private bool IsAtTheMachine(HttpContext context) =>
        environment.IsEnvironment("Local")
        && context.Connection.RemoteIpAddress is { } caller
        && IPAddress.IsLoopback(caller)
        // A page of somebody else's whose name was made to lead here comes under that name.
        && IsThisMachine(context.Request.Host.Host)
        && !context.Request.Headers.Keys.Any(name =>
            OfProxies.Any(mark => name.StartsWith(mark, StringComparison.OrdinalIgnoreCase))
        );

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static byte[]? Read(IConfiguration configuration) =>
        SecretSetting.Read(configuration, "OPERATOR_TOKEN") switch
        {
            null => null,
            { Length: < ShortestToken } => throw new SettingException(
                "OPERATOR_TOKEN",
                "is shorter than 16 characters. Make one with: openssl rand -hex 32"
            ),
            var token => SHA256.HashData(Encoding.UTF8.GetBytes(token)),
        };
}
