using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Chancery.Testing.Models;

/// <summary>Writes a reply as server-sent events, with the faults that it asks for.</summary>
internal sealed class ScriptedStream(
    HttpContext context,
    ScriptedRequest request,
    ScriptedReply reply,
    ScriptedWire wire
)
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private bool _hasStarted;

    public async Task WriteAsync()
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var raw in reply.RawEvents ?? [])
            await SendAsync(new ScriptedEvent(raw));
        if (reply.RawEvents is not null)
            return;

        request.Bill.Used = ScriptedUsage.Of(request, 0);
        foreach (var opening in wire.Open(Usage(0, 0)))
            await SendAsync(opening);
        for (var i = 0; i < reply.EmptyDeltas; i++)
            await SendAsync(wire.Empty());

        var thought = reply.Reasoning ?? "";
        var thoughtSoFar = 0;
        foreach (var piece in Pieces(thought, reply.ChunkLength))
        {
            thoughtSoFar += piece.Length;
            request.Bill.Used = ScriptedUsage.Of(request, 0, thoughtSoFar);
            foreach (var part in wire.Reasoning(piece, thoughtSoFar == thought.Length))
                await SendAsync(part);
        }

        var text = reply.Refusal ?? reply.Text;
        var sent = 0;
        var written = 0;
        do
        {
            foreach (var piece in Pieces(text, reply.ChunkLength))
            {
                if (reply.Ending is not StreamEnding.Complete && sent >= reply.ChunksBeforeEnding)
                    break;
                if (sent++ > 0)
                    await Task.Delay(reply.BetweenChunks, context.RequestAborted);
                written += piece.Length;
                request.Bill.Used = ScriptedUsage.Of(request, written, thought.Length);
                foreach (var part in wire.Text(piece, reply.UsageOnEveryChunk ? Usage(written, thought.Length) : null))
                    await SendAsync(part);
            }
        } while (reply.Ending is StreamEnding.Endless);

        await reply.EndingHeld.WaitAsync(context.RequestAborted);
        if (reply.Ending is not StreamEnding.Complete)
        {
            await BreakAsync();
            return;
        }

        for (var i = 0; i < reply.ToolCalls.Count; i++)
        {
            foreach (var part in wire.Call(i, reply.ToolCalls[i]))
                await SendAsync(part);
        }

        foreach (var closing in wire.Close(Usage(text.Length, thought.Length)))
            await SendAsync(closing);
        request.Bill.IsComplete = true;
    }

    private async Task BreakAsync()
    {
        switch (reply.Ending)
        {
            case StreamEnding.Reset:
                // A reset would overtake what was written just before.
                await Task.Delay(reply.BetweenChunks, context.RequestAborted);
                context.Abort();
                return;
            case StreamEnding.MalformedJson:
                var whole = wire.Text("cut", null).Last();
                await SendAsync(whole with { Data = whole.Data[..(whole.Data.Length / 2)] });
                break;
            case StreamEnding.ErrorObject:
                await SendAsync(wire.Error());
                break;
            case StreamEnding.Stall:
                await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
                break;
        }

        request.Bill.IsSentToEnd = true;
    }

    private ScriptedUsage? Usage(int answerLength, int reasoningLength) =>
        reply.WithUsage ? reply.Usage ?? ScriptedUsage.Of(request, answerLength, reasoningLength) : null;

    private async Task SendAsync(ScriptedEvent one)
    {
        var bytes = Encoding.UTF8.GetBytes(Frame(one));
        var size = reply.SplitBytes ? 1 : bytes.Length;
        for (var i = 0; i < bytes.Length; i += size)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(i, size), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        request.Bill.Reported = one.Usage ?? request.Bill.Reported;
    }

    private string Frame(ScriptedEvent one)
    {
        var frame = new StringBuilder();
        if (!_hasStarted && reply.WithByteOrderMark)
            frame.Append('\uFEFF');
        _hasStarted = true;
        if (reply.WithComments)
            frame.Append(": still here").Append(reply.LineEnding).Append(reply.LineEnding);
        if (one.Name is not null)
            frame.Append("event: ").Append(one.Name).Append(reply.LineEnding);
        foreach (var line in Lines(one.Data))
            frame.Append("data: ").Append(line).Append(reply.LineEnding);
        return frame.Append(reply.LineEnding).ToString();
    }

    private string[] Lines(string data)
    {
        try
        {
            return reply.WithMultiLineData ? JsonNode.Parse(data)!.ToJsonString(Indented).Split('\n') : [data];
        }
        catch (JsonException)
        {
            // The end of an OpenAI stream, and what is malformed on purpose.
            return [data];
        }
    }

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
