using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Chancery.Server.Tests.Telemetry;

/// <summary>Something that takes telemetry over HTTP, remembers it, and misbehaves when it is told to.</summary>
internal sealed class ScriptedCollector : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedCollector(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    public ConcurrentQueue<Received> All { get; } = [];

    /// <summary>What is answered.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;

    public IEnumerable<OtlpSpan> Spans =>
        All.Where(one => one.Path.EndsWith("/v1/traces", StringComparison.Ordinal)).SelectMany(one => one.Spans);

    /// <summary>Everything that was sent, as far as it is text.</summary>
    public string Text => string.Join('\n', All.Select(one => Encoding.UTF8.GetString(one.Body)));

    /// <param name="grpc">Speaks HTTP/2 without TLS, as gRPC does.</param>
    public static async Task<ScriptedCollector> StartAsync(bool grpc = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        // Else its own requests are spans of this process, which are sent to it, which are spans.
        builder.Services.AddSingleton(new ActivitySource("Scripted collector"));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ConfigureEndpointDefaults(endpoint =>
                endpoint.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1
            )
        );
        var app = builder.Build();
        var collector = new ScriptedCollector(app);
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            collector.All.Enqueue(
                new(
                    context.Request.Path,
                    context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()),
                    body.ToArray()
                )
            );
            await collector.Answer(context);
        });
        await app.StartAsync();
        collector.Address = new(
            app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
        );
        return collector;
    }

    /// <summary>Never answers.</summary>
    public static Task Hang(HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted);

    /// <summary>What is looked for, once it has come.</summary>
    public static async Task<T> EventuallyAsync<T>(Func<T?> look)
        where T : class
    {
        for (var attempt = 0; attempt < 400; attempt++)
        {
            if (look() is { } found)
            {
                return found;
            }

            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException("It did not come within 10 s.");
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    internal sealed record Received(string Path, Dictionary<string, string> Headers, byte[] Body)
    {
        private readonly Lazy<IReadOnlyList<OtlpSpan>> _spans = new(() => [.. OtlpSpan.Read(Body)]);

        /// <summary>Of what came to be traces; read once, as tests look again and again.</summary>
        public IReadOnlyList<OtlpSpan> Spans => _spans.Value;
    }
}
