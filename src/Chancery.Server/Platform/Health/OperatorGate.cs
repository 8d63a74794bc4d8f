using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Health;

/// <summary>Who may see how the installation is doing inside: whoever holds the operator's token.</summary>
internal sealed class OperatorGate(IConfiguration configuration, IHostEnvironment environment)
{
    private const int ShortestToken = 16;

    private readonly byte[]? _hash = Read(configuration);

    /// <summary>
    /// The operator's token as bearer; or, in the environment Local, a call from this very machine that no proxy passed
    /// on.
    /// </summary>
    public bool Admits(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        const string scheme = "Bearer ";
        if (_hash is not null && header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
        {
            // Hashed first: the comparison takes the same time whatever the length.
            var given = SHA256.HashData(Encoding.UTF8.GetBytes(header[scheme.Length..].Trim()));
            return CryptographicOperations.FixedTimeEquals(given, _hash);
        }

        return environment.IsEnvironment("Local")
            && context.Connection.RemoteIpAddress is { } caller
            && System.Net.IPAddress.IsLoopback(caller)
            && !context.Request.Headers.ContainsKey("X-Forwarded-For")
            && !context.Request.Headers.ContainsKey("Forwarded");
    }

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
