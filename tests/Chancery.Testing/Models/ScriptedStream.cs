using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Chancery.Testing.Models;

/// <summary>Writes a reply as server-sent events, with the faults that it asks for.</summary>
internal static class ScriptedStream
{
    public static async Task WriteAsync(HttpContext context, ScriptedRequest request, ScriptedReply reply)
    {
        context.Response.ContentType = "text/event-stream";
        await SendAsync(Chunk(request, new { role = "assistant", content = "" }, null, null));

        var sent = 0;
        var written = 0;
        foreach (var piece in Pieces(reply.Text, reply.ChunkLength))
        {
            if (reply.Ending is not StreamEnding.Complete && sent >= reply.ChunksBeforeEnding)
                break;
            if (sent++ > 0)
                await Task.Delay(reply.BetweenChunks, context.RequestAborted);
            written += piece.Length;
            var usage = reply.UsageOnEveryChunk ? UsageOf(request, written) : null;
            await SendAsync(Chunk(request, new { content = piece }, null, usage));
        }

        // A reset would overtake what was written just before.
        if (reply.Ending is StreamEnding.Reset)
            await Task.Delay(reply.BetweenChunks, context.RequestAborted);

        switch (reply.Ending)
        {
            case StreamEnding.WithoutFinish:
                return;
            case StreamEnding.Reset:
                context.Abort();
                return;
            case StreamEnding.MalformedJson:
                await SendAsync("{\"choices\":[{\"delta\":{\"content\":");
                return;
            case StreamEnding.ErrorObject:
                await SendAsync(ScriptedModelServer.ErrorJson(reply));
                return;
        }

        await SendAsync(Chunk(request, new { }, reply.FinishReason, null));
        if (reply.WithUsage)
            await SendAsync(Chunk(request, null, null, UsageOf(request, reply.Text.Length)));
        await SendAsync("[DONE]");

        async Task SendAsync(string data)
        {
            var bytes = Encoding.UTF8.GetBytes($"data: {data}\n\n");
            if (!reply.SplitBytes)
            {
                await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                return;
            }

            for (var i = 0; i < bytes.Length; i++)
            {
                await context.Response.Body.WriteAsync(bytes.AsMemory(i, 1), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
    }

    public static object UsageOf(ScriptedRequest request, int answerLength) =>
        new
        {
            prompt_tokens = 1 + (request.Prompt.Length / 4),
            completion_tokens = (answerLength + 3) / 4,
            total_tokens = 1 + (request.Prompt.Length / 4) + ((answerLength + 3) / 4),
        };

    private static string Chunk(ScriptedRequest request, object? delta, string? finishReason, object? usage) =>
        JsonSerializer.Serialize(
            new
            {
                id = "chatcmpl-scripted",
                @object = "chat.completion.chunk",
                created = 1_700_000_000,
                model = request.Model,
                choices = delta is null
                    ? Array.Empty<object>()
                    :
                    [
                        new
                        {
                            index = 0,
                            delta,
                            finish_reason = finishReason,
                        },
                    ],
                usage,
            },
            Unescaped
        );

    // Characters beyond ASCII as they are, so that cutting bytes cuts them.
    private static readonly JsonSerializerOptions Unescaped = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static IEnumerable<string> Pieces(string text, int length)
    {
        for (var start = 0; start < text.Length; )
        {
            var end = Math.Min(text.Length, start + Math.Max(1, length));
            if (end < text.Length && char.IsLowSurrogate(text[end]))
                end++;
            yield return text[start..end];
            start = end;
        }
    }
}
