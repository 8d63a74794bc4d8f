namespace Chancery.Server.Analytics;

/// <summary>The only public door of this capability: figures of what is going on.</summary>
public static class AnalyticsModule
{
    public static WebApplicationBuilder AddAnalytics(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<AnalyticsReader>();
        return builder;
    }

    public static void MapAnalytics(this WebApplication app)
    {
        var routes = app.MapGroup("/api/v1").WithTags("Analytics");
        AnalyticsEndpoints.Map(routes);
        ContractAnalyticsEndpoint.Map(routes);
    }
}
