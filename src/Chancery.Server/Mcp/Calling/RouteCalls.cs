using System.Net.Mime;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.Features;

namespace Chancery.Server.Mcp.Calling;

/// <summary>
/// Calls routes of this server in the name of whoever made a request, with the same credential and through everything that stands
/// before routes: authentication, limits, permissions, the record of what happened. What a route refuses, it refuses here.
/// Safe for concurrent use.
/// </summary>
internal sealed class RouteCalls(IServiceScopeFactory scopes, LinkGenerator links, EndpointDataSource endpoints)
{
    private static readonly string[] CredentialHeaders = ["Authorization", "X-API-Key"];

    private RequestDelegate? _pipeline;

    /// <summary>Remembers what stands before routes, from here on.</summary>
    public void Enter(IApplicationBuilder app) =>
        app.Use(next =>
        {
            var branch = app.New();
            branch.UseProblems();
            branch.Run(next);
            _pipeline = branch.Build();
            return next;
        });

    /// <param name="around">The request within which it is called.</param>
    /// <param name="watch">Told of each event where the route streams.</param>
    /// <exception cref="OperationCanceledException">The caller left.</exception>
    public async Task<RouteAnswer> CallAsync(
        HttpContext around,
        RouteRequest request,
        Func<RouteEvent, IHeaderDictionary, ValueTask>? watch,
        CancellationToken cancellationToken
    )
    {
        using var life = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var response = new CapturedResponse();
        var context = Context(around, request, response, life);
        var running = RunAsync(context, response);
        try
        {
            await response.Started.WaitAsync(cancellationToken);
            var isStream = response
                .Headers.ContentType.ToString()
                .StartsWith("text/event-stream", StringComparison.Ordinal);
            var answer = isStream
                ? await FollowAsync(response, watch, life.Token)
                : await ReadAsync(response, life.Token);
            await running;
            cancellationToken.ThrowIfCancellationRequested();
            return answer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The route hung up: whoever asked lost the right to the answer while it came.
            return new RouteAnswer(StatusCodes.Status401Unauthorized, null, response.Headers);
        }
        finally
        {
            // Also when reading failed: what runs in the caller's name ends with the call.
            await life.CancelAsync();
            await Task.WhenAny(running);
        }
    }

    private async Task RunAsync(HttpContext context, CapturedResponse response)
    {
        Exception? fault = null;
        try
        {
            await _pipeline!(context);
            await response.CompleteAsync();
        }
        catch (Exception exception)
        {
            fault = exception;
            throw;
        }
        finally
        {
            await response.EndAsync(fault);
        }
    }

    private DefaultHttpContext Context(
        HttpContext around,
        RouteRequest request,
        CapturedResponse response,
        CancellationTokenSource life
    )
    {
        var endpoint = Find(request.Name);
        var values = new RouteValueDictionary();
        foreach (var (name, value) in request.Values)
        {
            values[name] = value;
        }

        var body = request.Body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(request.Body);
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(
            new HttpRequestFeature
            {
                Method = endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods[0],
                Scheme = around.Request.Scheme,
                Protocol = around.Request.Protocol,
                Path = links.GetPathByName(request.Name, values)!,
                QueryString = request.Query,
                Body = new MemoryStream(body, writable: false),
            }
        );
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(response);
        features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(body.Length > 0));
        features.Set<IHttpRequestLifetimeFeature>(new Lifetime(life));
        features.Set<IHttpRequestIdentifierFeature>(
            new HttpRequestIdentifierFeature { TraceIdentifier = around.TraceIdentifier }
        );
        features.Set<IHttpConnectionFeature>(
            new HttpConnectionFeature
            {
                ConnectionId = around.Connection.Id,
                RemoteIpAddress = around.Connection.RemoteIpAddress,
                RemotePort = around.Connection.RemotePort,
                LocalIpAddress = around.Connection.LocalIpAddress,
                LocalPort = around.Connection.LocalPort,
            }
        );
        if (around.Features.Get<ITlsConnectionFeature>() is { } tls)
        {
            // Tokens may count beside the caller's certificate only.
            features.Set(tls);
        }

        features.Set(new WithinCall(around.Request.Path, IsCounted: true));

        var context = new DefaultHttpContext(features) { ServiceScopeFactory = scopes };
        context.Request.Host = around.Request.Host;
        context.Request.Headers.Accept = $"{MediaTypeNames.Application.Json}, text/event-stream";
        foreach (var header in CredentialHeaders)
        {
            context.Request.Headers[header] = around.Request.Headers[header];
        }

        if (body.Length > 0)
        {
            context.Request.ContentType = MediaTypeNames.Application.Json;
            context.Request.ContentLength = body.Length;
        }

        context.SetEndpoint(endpoint);
        context.Request.RouteValues = values;
        return context;
    }

    private Endpoint Find(string name) =>
        endpoints.Endpoints.FirstOrDefault(endpoint =>
            endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName == name
        ) ?? throw new InvalidOperationException($"There is no route {name}.");

    private static async Task<RouteAnswer> ReadAsync(CapturedResponse response, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        await response.Read.CopyToAsync(all, cancellationToken);
        return new RouteAnswer(
            response.StatusCode,
            all.Length == 0 ? null : JsonSerializer.Deserialize<JsonElement>(all.ToArray()),
            response.Headers
        );
    }

    private static async Task<RouteAnswer> FollowAsync(
        CapturedResponse response,
        Func<RouteEvent, IHeaderDictionary, ValueTask>? watch,
        CancellationToken cancellationToken
    )
    {
        RouteAnswer? last = null;
        if (watch is not null)
        {
            await watch(new RouteEvent(RouteEvent.Start, default), response.Headers);
        }

        await foreach (var item in SseParser.Create(response.Read).EnumerateAsync(cancellationToken))
        {
            var content = JsonSerializer.Deserialize<JsonElement>(item.Data);
            var happened = new RouteEvent(item.EventType, content);
            last =
                item.EventType == "done" ? new RouteAnswer(StatusCodes.Status200OK, content, response.Headers)
                : item.EventType == "error" ? new RouteAnswer(StatusOf(content), content, response.Headers)
                : last;
            if (watch is not null)
            {
                await watch(happened, response.Headers);
            }
        }

        return last ?? throw new OperationCanceledException("The stream broke off.");
    }

    private static int StatusOf(JsonElement problem) =>
        problem.TryGetProperty("status", out var status) && status.TryGetInt32(out var code)
            ? code
            : StatusCodes.Status502BadGateway;

    private sealed record BodyDetection(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;

    private sealed class Lifetime(CancellationTokenSource life) : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; } = life.Token;

        public void Abort() => life.Cancel();
    }
}
