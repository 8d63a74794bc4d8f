using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chancery.Testing.Models;

/// <summary>
/// A language and embedding model that says what a test tells it to: a real server on a free loopback port, speaking the
/// protocols of OpenAI, Anthropic (<c>/v1/messages</c>) and Gemini (<c>/v1beta/models/{model}:generateContent</c>). Without a
/// script it repeats the last question. Safe for concurrent use; the script may be changed at any time.
/// </summary>
/// <example>
/// <code>
/// await using var model = await ScriptedModelServer.StartAsync();
/// model.Replies(request => "It is 14 days [1].");
/// </code>
/// </example>
public sealed class ScriptedModelServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ScriptedRequest> _requests = new();
    private volatile Func<ScriptedRequest, ScriptedReply> _chat = request => new ScriptedReply(request.LastUserMessage);
    private volatile Func<ScriptedRequest, ScriptedReply> _embeddings = _ => new ScriptedReply();
    private int _running;
    private int _highestConcurrency;

    private ScriptedModelServer(WebApplication app, int dimensions)
    {
        _app = app;
        Dimensions = dimensions;
    }

    /// <summary>Of OpenAI's protocol and of Anthropic's; ends in <c>/v1</c>.</summary>
    public Uri BaseAddress { get; private set; } = null!;

    /// <summary>Of Google's protocol; ends in <c>/v1beta</c>.</summary>
    public Uri GeminiAddress => new(BaseAddress, "/v1beta");

    /// <summary>Of every vector.</summary>
    public int Dimensions { get; }

    /// <summary>The id that <c>/v1/models</c> lists; requests may name any other.</summary>
    public static string Model => "scripted";

    /// <summary>All that came, oldest first.</summary>
    public IReadOnlyList<ScriptedRequest> Requests => [.. _requests];

    /// <summary>On any of the wires.</summary>
    public IReadOnlyList<ScriptedRequest> ChatRequests =>
        [.. _requests.Where(request => !request.Path.EndsWith("/embeddings", StringComparison.Ordinal))];

    public IReadOnlyList<ScriptedRequest> EmbeddingRequests =>
        [.. _requests.Where(request => request.Path.EndsWith("/embeddings", StringComparison.Ordinal))];

    /// <summary>The most requests that were ever answered at the same time.</summary>
    public int HighestConcurrency => Volatile.Read(ref _highestConcurrency);

    /// <summary>Requests that are being answered now; falls when a client leaves.</summary>
    public int Running => Volatile.Read(ref _running);

    public static async Task<ScriptedModelServer> StartAsync(
        int dimensions = 64,
        CancellationToken cancellationToken = default
    )
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new ScriptedModelServer(app, dimensions);
        app.MapPost("/v1/chat/completions", server.ChatAsync);
        app.MapPost("/v1/messages", server.ChatAsync);
        app.MapPost("/v1beta/models/{call}", server.ChatAsync);
        app.MapPost("/v1/embeddings", server.EmbedAsync);
        app.MapGet(
            "/v1/models",
            () => Results.Json(new { @object = "list", data = new[] { new { id = Model, @object = "model" } } })
        );
        await app.StartAsync(cancellationToken);
        server.BaseAddress = new Uri($"{app.Urls.Single()}/v1");
        return server;
    }

    /// <summary>Chat answers with this text.</summary>
    public ScriptedModelServer Replies(string text) => Behaves(_ => new ScriptedReply(text));

    /// <summary>Chat answers with a text made from the request.</summary>
    public ScriptedModelServer Replies(Func<ScriptedRequest, string> reply) =>
        Behaves(request => new ScriptedReply(reply(request)));

    /// <summary>Chat does this.</summary>
    public ScriptedModelServer Behaves(ScriptedReply reply) => Behaves(_ => reply);

    /// <summary>Chat does what the function says; it runs once for each request, and may count.</summary>
    public ScriptedModelServer Behaves(Func<ScriptedRequest, ScriptedReply> behaviour)
    {
        _chat = behaviour;
        return this;
    }

    /// <summary>Embeddings do what the function says; the text of the reply is not used.</summary>
    public ScriptedModelServer EmbeddingsBehave(Func<ScriptedRequest, ScriptedReply> behaviour)
    {
        _embeddings = behaviour;
        return this;
    }

    /// <summary>Forgets the requests so far, not the script.</summary>
    public void Forget()
    {
        _requests.Clear();
        Interlocked.Exchange(ref _highestConcurrency, Running);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task ChatAsync(HttpContext context) => ServeAsync(context, _chat, WriteChatAsync);

    private Task EmbedAsync(HttpContext context) => ServeAsync(context, _embeddings, WriteEmbeddingsAsync);

    private async Task ServeAsync(
        HttpContext context,
        Func<ScriptedRequest, ScriptedReply> behaviour,
        Func<HttpContext, ScriptedRequest, ScriptedReply, Task> write
    )
    {
        var running = Interlocked.Increment(ref _running);
        for (var seen = HighestConcurrency; running > seen; seen = HighestConcurrency)
            Interlocked.CompareExchange(ref _highestConcurrency, running, seen);

        try
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(
                context.Request.Body,
                cancellationToken: context.RequestAborted
            );
            var request = ScriptedRequest.From(context.Request, body);
            _requests.Enqueue(request);

            var reply = behaviour(request);
            await Task.Delay(reply.BeforeFirstByte, context.RequestAborted);
            await reply.Held.WaitAsync(context.RequestAborted);
            foreach (var (name, value) in reply.Headers)
                context.Response.Headers[name] = value;
            context.Response.StatusCode = reply.Status;

            if (reply.RawBody is not null || reply.Status != 200)
                await WriteJsonAsync(context, reply.RawBody ?? ScriptedWire.Of(request, reply).Error().Data);
            else
                await write(context, request, reply);
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or IOException or BadHttpRequestException)
        {
            // The client left, which many tests want.
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static Task WriteChatAsync(HttpContext context, ScriptedRequest request, ScriptedReply reply)
    {
        var wire = ScriptedWire.Of(request, reply);
        return request.IsStreamed
            ? new ScriptedStream(context, request, reply, wire).WriteAsync()
            : WriteWholeAsync(context, request, reply, wire);
    }

    private static async Task WriteWholeAsync(
        HttpContext context,
        ScriptedRequest request,
        ScriptedReply reply,
        ScriptedWire wire
    )
    {
        var honest = ScriptedUsage.Of(request, (reply.Refusal ?? reply.Text).Length, reply.Reasoning?.Length ?? 0);
        var told = reply.WithUsage ? reply.Usage ?? honest : null;
        var json = wire.Whole(told, withFinish: reply.Ending is not StreamEnding.WithoutFinish);
        request.Bill.Used = honest;
        switch (reply.Ending)
        {
            case StreamEnding.ErrorObject:
                request.Bill.Used = null;
                await WriteJsonAsync(context, wire.Error().Data);
                break;
            case StreamEnding.MalformedJson:
                await WriteJsonAsync(context, json[..(json.Length / 2)]);
                break;
            case StreamEnding.Reset or StreamEnding.Stall:
                await WriteJsonAsync(context, json[..(json.Length / 2)]);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                if (reply.Ending is StreamEnding.Stall)
                    await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
                context.Abort();
                return;
            case StreamEnding.Endless:
                await WriteJsonAsync(context, "{\"text\":\"");
                var more = string.Concat(Enumerable.Repeat(reply.Text, 1 + (64 * 1024 / (1 + reply.Text.Length))));
                while (true)
                    await context.Response.WriteAsync(more, context.RequestAborted);
            default:
                await WriteJsonAsync(context, json);
                request.Bill.Reported = told;
                request.Bill.IsComplete = reply.Ending is StreamEnding.Complete;
                break;
        }

        request.Bill.IsSentToEnd = true;
    }

    private Task WriteEmbeddingsAsync(HttpContext context, ScriptedRequest request, ScriptedReply reply) =>
        WriteJsonAsync(
            context,
            JsonSerializer.Serialize(
                new
                {
                    @object = "list",
                    model = request.Model,
                    // Backwards, since the protocol promises no order.
                    data = request
                        .Inputs.Select((text, i) => new { index = i, embedding = HashedWords.Embed(text, Dimensions) })
                        .Reverse(),
                    usage = new { prompt_tokens = request.Inputs.Sum(text => 1 + (text.Length / 4)) },
                }
            )
        );

    private static async Task WriteJsonAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json, Encoding.UTF8, context.RequestAborted);
    }
}
