namespace Chancery.Server.Access;

/// <summary>The only public door of this capability: who you are and what you may do.</summary>
public static class AccessModule
{
    public static WebApplicationBuilder AddAccess(this WebApplicationBuilder builder) => builder;

    public static WebApplication UseAccess(this WebApplication app) => app;

    public static void MapAccess(this WebApplication app) => _ = app;
}
