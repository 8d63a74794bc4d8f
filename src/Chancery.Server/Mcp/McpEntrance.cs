using System.Net;
using Chancery.Server.Access;
using Chancery.Server.Access.OAuth;
using Chancery.Server.Mcp.Tools;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Problems;
using ModelContextProtocol.Protocol;

namespace Chancery.Server.Mcp;

/// <summary>What stands between the route and the protocol: pages of strangers, and tokens that are for too little.</summary>
internal sealed class McpEntrance(AccessSettings settings, EdgeSettings edge, IEnumerable<RouteTool> tools)
{
    public const string Path = "/mcp";

    /// <summary>What a client asks for that was told of nothing else: reading and asking.</summary>
    public static ProtectedResource Resource { get; } =
        new(Path, [Permission.DocumentsRead, Permission.Ask, Permission.ContractsRead]);

    private readonly string _own = new Uri(settings.PublicUrl).GetLeftPart(UriPartial.Authority);
    private readonly Dictionary<string, string> _permissions = tools.ToDictionary(
        tool => tool.Facts.Name,
        tool => tool.Facts.Permission,
        StringComparer.Ordinal
    );

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // A name that a stranger made point at this machine is still the origin that the browser tells: the host is not looked at.
        if (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && !Knows(origin))
        {
            return Problem.CrossSite().ExecuteAsync(context);
        }

        // Clients ask their person for more when they are told what is missing. The protocol checks that header and body say the same.
        if (
            context.Request.Headers["Mcp-Method"] == RequestMethods.ToolsCall
            && _permissions.TryGetValue(context.Request.Headers["Mcp-Name"].ToString(), out var permission)
            && context.Features.Get<Principal>() is { Scopes: not null } principal
            && !principal.May(permission)
            && Permission.Of(principal.Role).Contains(permission)
        )
        {
            context.Response.Headers.WWWAuthenticate = Resource.Insufficient(settings, permission);
            return Problem.Forbidden(permission).ExecuteAsync(context);
        }

        return next(context);
    }

    private bool Knows(string origin) =>
        origin.Equals(_own, StringComparison.OrdinalIgnoreCase)
        || edge.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || (
            Uri.TryCreate(origin, UriKind.Absolute, out var address)
            && (
                address.Host == "localhost"
                || (IPAddress.TryParse(address.DnsSafeHost, out var ip) && IPAddress.IsLoopback(ip))
            )
        );
}
