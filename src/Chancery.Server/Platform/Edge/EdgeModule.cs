using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Chancery.Server.Platform.Edge;

/// <summary>Where requests come in: limits, ids, headers, other origins, the log of requests, and stopping.</summary>
internal static class EdgeModule
{
    // JSON bodies are small; routes that take files raise this for themselves.
    public const long MaxBodyBytes = 1_000_000;

    public static WebApplicationBuilder AddEdge(this WebApplicationBuilder builder)
    {
        var settings = EdgeSettings.Read(builder.Configuration, builder.Environment);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(MutualTls.Read(builder.Configuration));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = settings.ShutdownGrace);
        builder.Services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = MaxBodyBytes;
            options.Limits.MaxRequestLineSize = 8 * 1024;
            options.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            options.Limits.MaxRequestHeaderCount = 100;
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            options.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        });
        builder.Services.AddCors(options =>
            options.AddDefaultPolicy(policy =>
            {
                _ = settings.AllowsAnyOrigin ? policy.AllowAnyOrigin() : policy.WithOrigins([.. settings.Origins]);
                // Never AllowCredentials: other origins send a token or a key, the cookie is the page's own.
                policy
                    .AllowAnyHeader()
                    .AllowAnyMethod()
                    .WithExposedHeaders(
                        RequestIds.Header,
                        "Location",
                        "Retry-After",
                        "Server-Timing",
                        "ETag",
                        "WWW-Authenticate"
                    )
                    .SetPreflightMaxAge(TimeSpan.FromMinutes(10));
            })
        );
        return builder;
    }

    /// <summary>Before the faults are handled, so that faults are logged and carry the headers too.</summary>
    public static void UseEdge(this IApplicationBuilder app)
    {
        app.UseMiddleware<RequestIds>();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<SecurityHeaders>();
    }

    /// <summary>After the faults are handled.</summary>
    public static void UseEdgePolicies(this IApplicationBuilder app)
    {
        app.UseMiddleware<Draining>();
        app.UseCors();
    }
}
