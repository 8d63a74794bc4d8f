using System.Net;

namespace Chancery.Server.Access.Authentication;

/// <summary>Passwords and cookies travel over TLS, or do not leave the machine.</summary>
internal static class Transport
{
    /// <summary>For a connection that has no address, such as a Unix socket.</summary>
    public const string NoAddress = "local";

    /// <summary>
    /// Whether a secret may travel on this connection: TLS (also a trusted proxy's word for it), or plain HTTP from
    /// loopback to a loopback name. A public name over plain HTTP is a proxy that nobody declared as trusted.
    /// </summary>
    public static bool IsPrivate(HttpContext context) => context.Request.IsHttps || IsThisMachine(context);

    /// <summary>Whether a program on this machine speaks to it by a name of its own, as far as anyone can tell.</summary>
    public static bool IsThisMachine(HttpContext context) =>
        (context.Connection.RemoteIpAddress is not { } remote || IPAddress.IsLoopback(remote))
        && IsLoopbackName(context.Request.Host.Host);

    public static string AddressOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? NoAddress;

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
