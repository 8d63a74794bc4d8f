using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Platform.Operators;

/// <summary>The operator: a role of the installation, outside of all tenants.</summary>
internal static class OperatorsModule
{
    public static WebApplicationBuilder AddOperators(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<OperatorDirectory>();
        // Read at once, so that a token that is too short stops the start.
        var hash = OperatorGate.Read(builder.Configuration);
        builder.Services.AddSingleton(services => new OperatorGate(
            hash,
            builder.Environment,
            services.GetRequiredService<OperatorDirectory>()
        ));
        return builder;
    }
}

/// <summary>For routes that are the operator's alone.</summary>
internal static class OperatorRouteExtensions
{
    /// <summary>401 for everybody else; no tenant's credential opens it.</summary>
    public static TBuilder RequireOperator<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder =>
        route
            .AllowAnonymous()
            .AddEndpointFilter(
                async (context, next) =>
                {
                    var http = context.HttpContext;
                    var gate = http.RequestServices.GetRequiredService<OperatorGate>();
                    return await gate.AdmitsAsync(http, http.RequestAborted)
                        ? await next(context)
                        : Problem.OperatorOnly();
                }
            );
}
