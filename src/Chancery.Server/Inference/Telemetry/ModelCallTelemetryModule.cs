namespace Chancery.Server.Inference.Telemetry;

internal static class ModelCallTelemetryModule
{
    /// <exception cref="Platform.Settings.SettingException">A setting cannot be used.</exception>
    public static void AddModelCallTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(GenAISettings.Read(configuration));
        services.AddSingleton<InferenceMeter>();
        services.AddSingleton<ModelCallTelemetry>();
    }
}
