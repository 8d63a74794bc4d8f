using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.OAuth;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Isolation.Tests;

/// <summary>A route of the running server with its example.</summary>
/// <param name="IsBlind">Whether it looks at no credential, or at no cookie: one that comes along means nothing to it.</param>
/// <param name="IsAlias">Whether it is there for older clients.</param>
internal sealed record Route(
    string Method,
    string Pattern,
    RouteExample? Example,
    bool IsProtected,
    bool IsBlind,
    bool IsAlias
)
{
    public bool IsApi =>
        (IsAlias && IsProtected)
        || Pattern.StartsWith("/api", StringComparison.Ordinal)
        || Pattern.StartsWith("/v1", StringComparison.Ordinal);

    public override string ToString() => $"{Method} {Pattern}";
}

/// <summary>What the server really answers to, asked of the server itself, so that a new route is attacked at once.</summary>
internal static class RouteTable
{
    public static IReadOnlyList<Route> Of(IServiceProvider services) =>
        [
            .. services
                .GetRequiredService<EndpointDataSource>()
                .Endpoints.OfType<RouteEndpoint>()
                .SelectMany(endpoint => Methods(endpoint).Select(method => Describe(endpoint, method)))
                // A page and a route for programs, which has an example, may share an address.
                .DistinctBy(route => (route.ToString(), route.Example is null))
                .OrderBy(route => route.Pattern, StringComparer.Ordinal)
                .ThenBy(route => route.Method, StringComparer.Ordinal),
        ];

    private static IEnumerable<string> Methods(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"];

    private static Route Describe(RouteEndpoint endpoint, string method)
    {
        var metadata = endpoint.Metadata;
        return new Route(
            method,
            "/" + endpoint.RoutePattern.RawText!.Trim('/'),
            metadata.GetMetadata<RouteExample>(),
            metadata.GetMetadata<IAuthorizeData>() is not null && metadata.GetMetadata<IAllowAnonymous>() is null,
            metadata.GetMetadata<NoCredential>() is not null || metadata.GetMetadata<ProtectedResource>() is not null,
            metadata.GetMetadata<ObsoleteAttribute>() is not null
        );
    }
}
