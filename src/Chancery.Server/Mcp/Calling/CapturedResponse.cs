using System.IO.Pipelines;
using Chancery.Server.Platform.Streams;
using Microsoft.AspNetCore.Http.Features;

namespace Chancery.Server.Mcp.Calling;

/// <summary>The response of a route that is called within a request: what is written to it is read on the other side.</summary>
internal sealed class CapturedResponse : IHttpResponseFeature, IHttpResponseBodyFeature
{
    private readonly Pipe _pipe = new();
    private readonly Stack<(Func<object, Task> Callback, object State)> _onStarting = [];
    private readonly Stack<(Func<object, Task> Callback, object State)> _onCompleted = [];
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PipeWriter _writer;

    public CapturedResponse()
    {
        Stream = new Written(this, _pipe.Writer);
        Body = Stream;
        _writer = PipeWriter.Create(Stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    public Stream Body { get; set; }

    public bool HasStarted { get; private set; }

    public Stream Stream { get; }

    public PipeWriter Writer => _writer;

    /// <summary>Ends when status and headers stand.</summary>
    public Task Started => _started.Task;

    /// <summary>What the route writes.</summary>
    public Stream Read => _pipe.Reader.AsStream();

    public void OnStarting(Func<object, Task> callback, object state)
    {
        if (HasStarted)
        {
            throw new InvalidOperationException("The response has started.");
        }

        _onStarting.Push((callback, state));
    }

    public void OnCompleted(Func<object, Task> callback, object state) => _onCompleted.Push((callback, state));

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (HasStarted)
        {
            return;
        }

        while (_onStarting.TryPop(out var starting))
        {
            await starting.Callback(starting.State);
        }

        HasStarted = true;
        _started.TrySetResult();
    }

    public void DisableBuffering()
    {
        // Nothing is held back.
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    public async Task CompleteAsync()
    {
        await StartAsync();
        await _writer.FlushAsync();
        await _pipe.Writer.CompleteAsync();
    }

    /// <summary>After the route: nothing more comes, and what waited for the end is told.</summary>
    public async Task EndAsync(Exception? fault)
    {
        _started.TrySetResult();
        await _pipe.Writer.CompleteAsync(fault);
        while (_onCompleted.TryPop(out var completed))
        {
            await completed.Callback(completed.State);
        }
    }

    /// <summary>Into the pipe, once the response has started.</summary>
    private sealed class Written(CapturedResponse response, PipeWriter pipe) : WriteOnceStream
    {
        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            await response.StartAsync(cancellationToken);
            await pipe.WriteAsync(buffer, cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => response.StartAsync(cancellationToken);

        public override void Flush() => throw Synchronous();

        public override void Write(byte[] buffer, int offset, int count) => throw Synchronous();

        private static NotSupportedException Synchronous() =>
            new("Responses are written asynchronously, as on Kestrel.");
    }
}
