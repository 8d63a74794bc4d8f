using Chancery.Server.Platform.Telemetry.Ratings;

namespace Chancery.Server.Platform.Telemetry.Tracing;

internal static class TracingModule
{
    /// <exception cref="Settings.SettingException">A setting cannot be used.</exception>
    public static WebApplicationBuilder AddTracing(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(OtlpSettings.Read(builder.Configuration));
        builder.Services.AddSingleton(TracingSettings.Read(builder.Configuration));
        builder.Services.AddSingleton<DroppedTelemetry>();
        builder.Services.AddSingleton<TraceExport>();
        builder.Services.AddHostedService(services => services.GetRequiredService<TraceExport>());
        builder.Services.AddSingleton<RatingExport>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RatingExport>());
        builder.Services.AddSingleton<ScoreExport>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ScoreExport>());
        return builder;
    }
}
