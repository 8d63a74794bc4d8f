using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Authorization;

namespace Chancery.Server.Access.Lifecycle.BreakGlass;

/// <summary>
/// Lets an operator by break-glass read, and do nothing else: only some routes, those that are read with one of a few permissions, and
/// each call is counted. A route that nobody thought of is closed.
/// </summary>
internal sealed class BreakGlassGate(RequestDelegate next, OperatorAccessStore store, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<Principal>() is not { BreakGlass: { } access } principal)
        {
            await next(context);
            return;
        }

        context.Audit().Add("route", (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
        if (!Reads(context))
        {
            await Problem
                .Of(
                    403,
                    "break-glass-reads-only",
                    "By break-glass an operator only reads",
                    "Documents and contracts can be read, nothing can be changed, asked or managed."
                )
                .ExecuteAsync(context);
            return;
        }

        await store.CountAsync(principal.Tenant, access.AccessId, time.GetUtcNow(), context.RequestAborted);
        await next(context);
    }

    // What an organisation keeps. Not what its people asked, nor how it does on its own questions.
    private static readonly PathString[] Readable =
    [
        "/api/v1/docs",
        "/api/v1/collections",
        "/api/v1/tags",
        "/api/v1/contracts",
        "/api/v1/clauses",
        "/api/v1/playbooks",
    ];

    private static bool Reads(HttpContext context) =>
        (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        && Readable.Any(part => context.Request.Path.StartsWithSegments(part))
        && context.GetEndpoint() is { } endpoint
        && endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>() is { Count: > 0 } rules
        && rules.Any(rule => rule.Policy is not null)
        && rules.All(rule => rule.Policy is null || OperatorAccessDirectory.Rights.Contains(rule.Policy));
}
