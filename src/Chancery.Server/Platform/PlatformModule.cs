using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Edge;
using Chancery.Server.Platform.Health;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Redis;
using Chancery.Server.Platform.Scheduling;
using Chancery.Server.Platform.Secrets;
using Chancery.Server.Platform.Settings;
using Chancery.Server.Platform.Telemetry;
using Chancery.Server.Platform.Telemetry.Metrics;
using Chancery.Server.Platform.Telemetry.Tracing;
using Npgsql;

namespace Chancery.Server.Platform;

/// <summary>What every capability stands on: storage, problems, JSON.</summary>
public static class PlatformModule
{
    public static WebApplicationBuilder AddPlatform(this WebApplicationBuilder builder, Storage storage)
    {
        RowMapping.Use();

        builder.AddTelemetry(storage.DataDirectory);
        builder.AddTracing();
        builder.AddEdge();
        builder.AddHealth();
        builder.AddOperators();
        builder.AddMetrics();
        builder.AddScheduling();
        var outgoing = OutgoingTls.Read(builder.Configuration);
        builder.Services.AddSingleton(outgoing);
        if (outgoing.IsSet)
        {
            builder.Services.AddHostedService<TlsMeter>();
        }

        builder.Services.AddSingleton(provider => new OperatorHttp(
            provider.GetRequiredService<OutgoingTls>(),
            provider.GetRequiredService<ILoggerFactory>
        ));
        builder.Services.AddSingleton(storage);
        builder.Services.AddSingleton(storage.MasterKey);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(_ => NpgsqlDataSource.Create(storage.AppConnectionString));
        builder.Services.AddSingleton<TenantDatabase>();
        builder.Services.AddSingleton<Doors>();
        builder.Services.AddSingleton<Peppers>();
        var redis = RedisTuning.Read(builder.Configuration);
        builder.Services.AddSingleton(services => new RedisGateway(
            storage.RedisConfiguration,
            services.GetRequiredService<ILogger<RedisGateway>>(),
            services.GetRequiredService<IMeterFactory>(),
            storage.RedisTls
        )
        {
            Patience = redis.Timeout,
            MaxConnections = redis.MaxConnections,
        });
        builder.Services.AddProblems();
        builder.Services.AddValidation();
        builder.Services.AddDescription();
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.AllowOutOfOrderMetadataProperties = true;
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            options.SerializerOptions.Converters.Add(
                new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
            );
        });
        return builder;
    }

    public static WebApplication UsePlatform(this WebApplication app)
    {
        app.UseEdge();
        app.UseMiddleware<ServerSpan>();
        app.UseProblems();
        app.UseEdgePolicies();
        return app;
    }

    public static void MapPlatform(this WebApplication app)
    {
        app.MapDescription();
        app.MapHealth();
        app.MapMetrics();
    }
}
