using System.Globalization;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Platform.Edge;

/// <summary>Whether callers show certificates of their own.</summary>
internal enum MutualTlsMode
{
    /// <summary>They are not asked for one.</summary>
    Off,

    /// <summary>They may come without; with one that does not count they do not come in.</summary>
    Optional,

    /// <summary>Nobody comes in without one that counts.</summary>
    Required,
}

/// <summary>Whether and where callers are asked for certificates, which TLS knows as client certificates.</summary>
/// <param name="Port">A port of its own for them, on the same address; null where the server's only port asks.</param>
internal sealed record MutualTls(MutualTlsMode Mode, int? Port)
{
    public const string ModeName = "MTLS";
    public const string AuthoritiesName = "MTLS_CA_FILE";
    public const string ListsName = "MTLS_CRL_FILE";
    public const string PortName = "MTLS_PORT";

    private static readonly string[] Needing = [AuthoritiesName, ListsName, PortName];

    public bool IsOn => Mode != MutualTlsMode.Off;

    /// <summary>Reads MTLS and MTLS_PORT.</summary>
    /// <exception cref="SettingException">A value is not one, or what it needs is missing.</exception>
    public static MutualTls Read(IConfiguration configuration)
    {
        var idle = Array.Find(Needing, name => !string.IsNullOrWhiteSpace(configuration[name]));
        var mode = configuration[ModeName]?.Trim().ToLowerInvariant() switch
        {
            null or "" when idle is not null => throw new SettingException(
                ModeName,
                $"is missing, though {idle} is set: say optional or required, or off."
            ),
            null or "" or "off" => MutualTlsMode.Off,
            "optional" => MutualTlsMode.Optional,
            "required" => MutualTlsMode.Required,
            _ => throw new SettingException(ModeName, "takes off, optional or required."),
        };
        if (mode == MutualTlsMode.Off)
        {
            return new MutualTls(mode, Port: null);
        }

        if (string.IsNullOrWhiteSpace(configuration["TLS_CERT_FILE"]))
        {
            throw new SettingException(
                "TLS_CERT_FILE",
                $"is missing, though {ModeName} asks callers for certificates."
            );
        }

        if (string.IsNullOrWhiteSpace(configuration[AuthoritiesName]))
        {
            throw new SettingException(
                AuthoritiesName,
                $"is missing, though {ModeName} is set: the authorities that callers' certificates come from."
            );
        }

        return new MutualTls(mode, ReadPort(configuration[PortName]));
    }

    /// <summary>Whether a connection that came in at a port is asked.</summary>
    public bool AsksAt(int? port) => IsOn && (Port is null || Port == port);

    private static int? ReadPort(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? port
        : throw new SettingException(PortName, "takes a port, 1 to 65535.");
}
