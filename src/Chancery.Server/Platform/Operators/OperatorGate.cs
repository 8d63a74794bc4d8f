using System.Net;
using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Operators;

/// <summary>
/// Who may see how the installation is doing inside: whoever holds an operator's token, or the one of the setting, or a pass that
/// was given for one. Where the setting is missing so may a person at the machine itself, in the environment Local only.
/// </summary>
internal sealed class OperatorGate(
    byte[]? settingsHash,
    string publicUrl,
    IHostEnvironment environment,
    OperatorDirectory operators,
    OperatorPasses passes,
    EndedPasses ended
)
{
    private const int ShortestToken = 16;

    // Of passes: by the setting, or by an operator's id.
    private const string BySetting = "setting:";
    private const string ByOperator = "operator:";

    // What proxies add, and what ASP.NET leaves of it where it has taken the caller's address from them.
    private static readonly string[] OfProxies = ["X-Forwarded-", "X-Original-", "X-Real-IP", "Forwarded", "Via"];

    /// <summary>The mark of whoever runs a command with the installation's secrets.</summary>
    public const string ByCommand = "command";

    /// <summary>The mark of whoever is at the machine.</summary>
    private const string Machine = "machine";

    private readonly string? _settingsSubject = settingsHash is null
        ? null
        // Of the hash, so that another token in the setting is another subject.
        : BySetting + Convert.ToHexStringLower(SHA256.HashData(settingsHash).AsSpan(0, 16));

    /// <summary>Who the request is from; null for nobody who is let in. The first credential that is there decides.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The database, where operators are looked up, is away; the setting's token
    /// needs none.</exception>
    public async ValueTask<OperatorVisit?> AdmitAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (TokenOf(context.Request) is { } token)
        {
            return await FindAsync(token, cancellationToken);
        }

        if (
            passes.Read(context.Request) is { } pass
            && !await ended.HasAsync(pass)
            && await OfPassAsync(pass.Subject, cancellationToken) is { } visit
        )
        {
            return visit;
        }

        return settingsHash is null && IsAtTheMachine(context)
            ? new OperatorVisit(null, "At the machine", OperatorWay.AtTheMachine) { Mark = Machine }
            : null;
    }

    /// <summary>Whose token it is; null when it is nobody's, or no longer.</summary>
    public async ValueTask<OperatorVisit?> FindAsync(string token, CancellationToken cancellationToken)
    {
        // Hashed first: the comparison takes the same time whatever the length.
        if (settingsHash is not null && CryptographicOperations.FixedTimeEquals(HashOf(token), settingsHash))
        {
            return OfSetting(OperatorWay.Token);
        }

        return OperatorDirectory.IsToken(token) && await operators.FindAsync(token, cancellationToken) is { } found
            ? new OperatorVisit(found.OperatorId, found.Name, OperatorWay.Token)
            : null;
    }

    /// <summary>Gives the browser a pass for whoever just showed a token.</summary>
    public void LetIn(HttpContext context, OperatorVisit visit) =>
        passes.Write(context, visit.OperatorId is { } id ? $"{ByOperator}{id:N}" : _settingsSubject!);

    /// <summary>Ends the browser's pass, and with it all copies of it.</summary>
    public async Task LetOutAsync(HttpContext context)
    {
        if (passes.Read(context.Request) is { } pass)
        {
            await ended.EndAsync(pass);
        }

        OperatorPasses.Delete(context);
    }

    /// <summary>
    /// Whether a browser sends a change on behalf of another site: it adds the cookie by itself, and is at the machine by itself.
    /// </summary>
    public bool IsForeign(HttpRequest request, OperatorVisit visit) =>
        !SameOrigin.IsSafe(request.Method)
        && visit.Way switch
        {
            OperatorWay.Pass => !SameOrigin.Is(request, publicUrl),
            OperatorWay.AtTheMachine => SameOrigin.IsForeign(request, publicUrl),
            _ => false,
        };

    private async ValueTask<OperatorVisit?> OfPassAsync(string subject, CancellationToken cancellationToken)
    {
        if (subject.StartsWith(ByOperator, StringComparison.Ordinal))
        {
            return
                Guid.TryParseExact(subject.AsSpan(ByOperator.Length), "N", out var id)
                && await operators.FindAsync(id, cancellationToken) is { } found
                ? new OperatorVisit(found.OperatorId, found.Name, OperatorWay.Pass)
                : null;
        }

        return subject == _settingsSubject ? OfSetting(OperatorWay.Pass) : null;
    }

    private OperatorVisit OfSetting(OperatorWay way) => new(null, "OPERATOR_TOKEN", way) { Mark = _settingsSubject };

    /// <summary>
    /// Whether whoever came in with that <see cref="OperatorVisit.Mark"/> still would: not once the token in the setting is another one.
    /// </summary>
    public bool StillAdmits(string? mark) =>
        mark is ByCommand
        || (mark is not null && mark == (_settingsSubject ?? (environment.IsEnvironment("Local") ? Machine : null)));

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
