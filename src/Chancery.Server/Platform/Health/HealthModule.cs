namespace Chancery.Server.Platform.Health;

internal static class HealthModule
{
    public static WebApplicationBuilder AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<HealthProbe>();
        // Read at once, so that a token that is too short stops the start.
        builder.Services.AddSingleton(new OperatorGate(builder.Configuration, builder.Environment));
        return builder;
    }
}
