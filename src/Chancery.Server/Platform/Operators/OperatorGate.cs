using System.Net;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Operators;

/// <summary>The operator that a request was admitted for.</summary>
/// <param name="Id">Null for the token of the setting, and for a person at the machine.</param>
internal sealed record AdmittedOperator(Guid? Id, string Name);

/// <summary>
/// Who may see how the installation is doing inside: whoever holds an operator's token, or the one of the setting. Where the
/// setting is missing so may a person at the machine itself, in the environment Local only.
/// </summary>
internal sealed class OperatorGate(byte[]? settingsHash, IHostEnvironment environment, OperatorDirectory operators)
{
    private const int ShortestToken = 16;

    // What proxies add, and what ASP.NET leaves of it where it has taken the caller's address from them.
    private static readonly string[] OfProxies = ["X-Forwarded-", "X-Original-", "X-Real-IP", "Forwarded", "Via"];

    /// <exception cref="Npgsql.NpgsqlException">The database, where operators are looked up, is away; the setting's token
    /// needs none.</exception>
    public async ValueTask<bool> AdmitsAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (TokenOf(context.Request) is not { } token)
        {
            return settingsHash is null && IsAtTheMachine(context) && Admit(context, null);
        }

        // Hashed first: the comparison takes the same time whatever the length.
        return (
                settingsHash is not null
                && CryptographicOperations.FixedTimeEquals(HashOf(token), settingsHash)
                && Admit(context, null)
            )
            || (
                OperatorDirectory.IsToken(token)
                && await operators.FindAsync(token, cancellationToken) is { } found
                && Admit(context, found)
            );
    }

    private static bool Admit(HttpContext context, Operator? found)
    {
        context.Features.Set(new AdmittedOperator(found?.OperatorId, found?.Name ?? ""));
        return true;
    }

    private static string? TokenOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        const string scheme = "Bearer ";
        return header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : null;
    }

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

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

    /// <summary>The hash of the token in OPERATOR_TOKEN; null where there is none.</summary>
    /// <exception cref="SettingException">It is too short.</exception>
    public static byte[]? Read(IConfiguration configuration) =>
        SecretSetting.Read(configuration, "OPERATOR_TOKEN") switch
        {
            null => null,
            { Length: < ShortestToken } => throw new SettingException(
                "OPERATOR_TOKEN",
                "is shorter than 16 characters. Make one with: openssl rand -hex 32"
            ),
            var token => HashOf(token),
        };
}
