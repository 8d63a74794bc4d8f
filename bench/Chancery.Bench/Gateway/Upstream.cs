using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Chancery.Bench.Gateway;

/// <summary>A provider that answers at once and always the same, in a process of its own: whatever is measured beside it is added.</summary>
internal static class Upstream
{
    public const int Events = 50;

    private static readonly byte[] Whole = Encoding.UTF8.GetBytes(
        """{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"The notice period is thirty days in the first year."},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":12,"total_tokens":32}}"""
    );

    private static readonly byte[] Piece = Event(
        """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}"""
    );

    private static readonly byte[] Last = Event(
        """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"""
    );

    private static readonly byte[] Usage = Event(
        """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":50,"total_tokens":70}}"""
    );

    private static readonly byte[] Done = Event("[DONE]");

    /// <summary>Asks for an answer whose tokens differ from call to call and stand on <see cref="Bill"/>.</summary>
    public const string Billed = "\"user\":\"billed\"";

    private static long s_answers;
    private static long s_input;
    private static long s_output;

    /// <summary>What the provider itself has counted, as it shows it under <c>/bill</c>.</summary>
    public sealed record Bill(long Answers, long Input, long Output);

    public static async Task<int> RunAsync(string port)
    {
        var app = Quiet(port);
        app.MapPost("/v1/chat/completions", AnswerAsync);
        app.MapGet(
            "/bill",
            () =>
                Results.Json(
                    new Bill(
                        Interlocked.Read(ref s_answers),
                        Interlocked.Read(ref s_input),
                        Interlocked.Read(ref s_output)
                    )
                )
        );
        // Where traces go.
        app.MapPost("/v1/traces", () => Results.Ok());
        app.MapPost("/v1/metrics", () => Results.Ok());
        await app.RunAsync();
        return 0;
    }

    /// <summary>A web server that says nothing.</summary>
    public static WebApplication Quiet(string port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenLocalhost(int.Parse(port, CultureInfo.InvariantCulture))
        );
        return builder.Build();
    }

    /// <summary>Streams where the request says so; with a pause between events where it names one by its temperature, in tenths of a second.</summary>
    private static async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        if (body.Contains(Billed, StringComparison.Ordinal))
        {
            await AnswerBilledAsync(context);
            return;
        }

        if (!body.Contains("\"stream\":true", StringComparison.Ordinal))
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = Whole.Length;
            await context.Response.Body.WriteAsync(Whole, context.RequestAborted);
            return;
        }

        var pause = body.Contains("\"temperature\":2", StringComparison.Ordinal)
            ? TimeSpan.FromMilliseconds(200)
            : TimeSpan.Zero;
        context.Response.ContentType = "text/event-stream";
        for (var i = 0; i < Events; i++)
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, context.RequestAborted);
            }

            await context.Response.Body.WriteAsync(Piece, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        await context.Response.Body.WriteAsync(Last, context.RequestAborted);
        if (body.Contains("include_usage", StringComparison.Ordinal))
        {
            await context.Response.Body.WriteAsync(Usage, context.RequestAborted);
        }

        await context.Response.Body.WriteAsync(Done, context.RequestAborted);
    }

    private static async Task AnswerBilledAsync(HttpContext context)
    {
        var number = Interlocked.Increment(ref s_answers);
        var (input, output) = (11 + number % 89, 3 + number % 37);
        Interlocked.Add(ref s_input, input);
        Interlocked.Add(ref s_output, output);
        context.Response.ContentType = "application/json";
        // Sent whole whatever becomes of the caller: what was said is on the bill.
        await context.Response.WriteAsync(
            $$$"""{"id":"chatcmpl-{{{number}}}","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Thirty days."},"finish_reason":"stop"}],"usage":{"prompt_tokens":{{{input}}},"completion_tokens":{{{output}}},"total_tokens":{{{input
                + output}}}}}""",
            CancellationToken.None
        );
    }

    private static byte[] Event(string data) => Encoding.UTF8.GetBytes($"data: {data}\n\n");
}
