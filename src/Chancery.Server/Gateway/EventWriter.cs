using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Inference.Routing;

namespace Chancery.Server.Gateway;

/// <summary>
/// Writes a stream of server-sent events as OpenAI's clients read it: each event flushed, a comment when it has been silent, and
/// <c>[DONE]</c> only after a whole answer.
/// </summary>
/// <remarks>The next event is read when the last is written: a slow reader slows the model, and a stream holds no queue.</remarks>
internal sealed class EventWriter(HttpContext http, TimeSpan pingInterval, TimeProvider time)
{
    // A reader that takes nothing for so long is gone.
    private static readonly TimeSpan WritePatience = TimeSpan.FromSeconds(60);

    private readonly PipeWriter _body = http.Response.BodyWriter;

    /// <param name="leaveOut">Events that this client did not ask for.</param>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public async Task CopyAsync(
        RoutedAnswer<RelayPart> answer,
        Func<RelayPart, bool> leaveOut,
        CallLife life,
        CancellationToken cancellationToken
    )
    {
        Begin();
        OpenAIError? broken = null;
        try
        {
            while (await NextAsync(answer, cancellationToken))
            {
                if (!leaveOut(answer.Current))
                {
                    await WriteAsync(answer.Current.Json, cancellationToken);
                }
            }
        }
        catch (ModelException fault)
        {
            broken = OpenAIError.BrokeOff(fault);
        }
        catch (OperationCanceledException) when (life.IsStopped)
        {
            broken = OpenAIError.Stopping;
        }

        if (broken is not null)
        {
            http.BrokeOff();
            await WriteAsync(broken.ToJson(http.TraceIdentifier), cancellationToken);
            return;
        }

        await WriteAsync("[DONE]"u8.ToArray(), cancellationToken);
    }

    public void Begin()
    {
        var response = http.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        // A stream outlives sign-outs, removals and changes of role; it must not outlive the right to it.
        if (http.Features.Get<Principal>() is { } principal)
        {
            var standing = http.RequestServices.GetRequiredService<Standing>();
            response.RegisterForDispose(standing.Guard(http, principal, Permission.Ask));
        }
    }

    public Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        _body.Write("data: "u8);
        _body.Write(data.Span);
        _body.Write("\n\n"u8);
        return FlushAsync(cancellationToken);
    }

    /// <summary>An event with a name, as Anthropic's clients and those of OpenAI's responses read them.</summary>
    public Task WriteAsync(string name, ReadOnlySpan<byte> data, CancellationToken cancellationToken)
    {
        _body.Write("event: "u8);
        _body.Write(Encoding.UTF8.GetBytes(name));
        _body.Write("\ndata: "u8);
        _body.Write(data);
        _body.Write("\n\n"u8);
        return FlushAsync(cancellationToken);
    }

    private ValueTask<bool> NextAsync(RoutedAnswer<RelayPart> answer, CancellationToken cancellationToken) =>
        WaitAsync(answer.MoveNextAsync(), cancellationToken);

    /// <summary>Waits for the next part, and keeps the connection open meanwhile.</summary>
    public async ValueTask<bool> WaitAsync(ValueTask<bool> next, CancellationToken cancellationToken)
    {
        if (next.IsCompleted)
        {
            return await next;
        }

        var waiting = next.AsTask();
        while (true)
        {
            try
            {
                return await waiting.WaitAsync(pingInterval, time, CancellationToken.None);
            }
            catch (TimeoutException) when (!waiting.IsCompleted)
            {
                _body.Write(": ping\n\n"u8);
                await FlushAsync(cancellationToken);
            }
        }
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        var flushing = _body.FlushAsync(cancellationToken);
        if (flushing.IsCompletedSuccessfully)
        {
            flushing.GetAwaiter().GetResult();
            return;
        }

        try
        {
            await flushing.AsTask().WaitAsync(WritePatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            http.Abort();
            throw new OperationCanceledException("The client takes nothing any more.");
        }
    }
}
