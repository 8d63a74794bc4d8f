namespace Chancery.Server.Platform.Health;

internal static class HealthModule
{
    public static WebApplicationBuilder AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<HealthProbe>();
        return builder;
    }
}
