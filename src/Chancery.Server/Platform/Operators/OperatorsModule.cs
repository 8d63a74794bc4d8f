using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Platform.Operators;

/// <summary>The operator: a role of the installation, outside of all tenants.</summary>
internal static class OperatorsModule
{
    public static WebApplicationBuilder AddOperators(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OperatorDirectory>();
        builder.Services.AddSingleton<OperatorPasses>();
        builder.Services.AddSingleton<EndedPasses>();
        // Read at once, so that a token that is too short stops the start.
        var hash = OperatorGate.Read(builder.Configuration);
        builder.Services.AddSingleton(services => new OperatorGate(
            hash,
            builder.Configuration["PUBLIC_URL"] is { Length: > 0 } url ? url : "http://localhost:8000",
            builder.Environment,
            services.GetRequiredService<OperatorDirectory>(),
            services.GetRequiredService<OperatorPasses>(),
            services.GetRequiredService<EndedPasses>()
        ));
        return builder;
    }
}

/// <summary>For routes that are the operator's alone.</summary>
internal static class OperatorRouteExtensions
{
    /// <summary>
    /// 401 for everybody else; no tenant's credential opens it. 403 for a change that another site has a browser send.
    /// </summary>
    public static TBuilder RequireOperator<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder =>
        route
            .AllowAnonymous()
            .AddEndpointFilter(
                async (context, next) =>
                {
                    var http = context.HttpContext;
                    var gate = http.RequestServices.GetRequiredService<OperatorGate>();
                    if (await gate.AdmitAsync(http, http.RequestAborted) is not { } visit)
                    {
                        return Problem.OperatorOnly();
                    }

                    if (gate.IsForeign(http.Request, visit))
                    {
                        return Problem.CrossSite();
                    }

                    http.Features.Set(visit);
                    return await next(context);
                }
            );
}
