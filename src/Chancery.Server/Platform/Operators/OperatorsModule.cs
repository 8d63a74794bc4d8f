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
        where TBuilder : IEndpointConventionBuilder => route.AllowAnonymous().WithMetadata(OperatorsOnly.Mark);

    /// <summary>Behind routing.</summary>
    public static void UseOperators(this IApplicationBuilder app) => app.UseMiddleware<OperatorDoor>();
}

/// <summary>On routes that are the operator's alone.</summary>
internal sealed class OperatorsOnly
{
    public static readonly OperatorsOnly Mark = new();

    private OperatorsOnly() { }
}

/// <summary>Keeps everybody but the operator out before anything of the request is read: a stranger is not told what is wrong with it.</summary>
internal sealed class OperatorDoor(RequestDelegate next, OperatorGate gate)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<OperatorsOnly>() is not null)
        {
            if (await gate.AdmitAsync(context, context.RequestAborted) is not { } visit)
            {
                await Problem.OperatorOnly().ExecuteAsync(context);
                return;
            }

            if (gate.IsForeign(context.Request, visit))
            {
                await Problem.CrossSite().ExecuteAsync(context);
                return;
            }

            context.Features.Set(visit);
        }

        await next(context);
    }
}
