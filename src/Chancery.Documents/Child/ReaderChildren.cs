using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Chancery.Documents;

/// <summary>
/// Reads by children of the product's own. A few of those that were needed are kept warm, because starting one takes some
/// 170 ms; before the first file there are none.
/// </summary>
internal sealed class ReaderChildren(Sandbox sandbox, ReaderOptions options) : IAsyncDisposable
{
    // With 1.5 GB of address space .NET does not start; its heap is bounded by itself.
    private const long AddressSpaceBytes = 4_000_000_000;
    private const int Threads = 64;

    private readonly ConcurrentQueue<ReaderChild> _warm = new();
    private readonly CancellationTokenSource _closing = new();

    public async IAsyncEnumerable<ReadItem> ReadAsync(
        Stream content,
        MediaType type,
        int fromPage,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var clock = new ReadClock(options.FileTimeout, options.PageTimeout);
        var child = Rent();
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sent = Task.CompletedTask;
        try
        {
            sent = child.SendAsync(new ChildRequest(type.Name, fromPage), content, sending.Token);
            var next = fromPage;
            while (true)
            {
                switch (await ReceiveAsync(child, next, clock, cancellationToken))
                {
                    case ChildReply.Header header:
                        yield return ChildReplies.ToHeader(header, next);
                        break;
                    case ChildReply.Page page:
                        yield return new ReadItem.Page(ChildReplies.ToPage(page, next));
                        next++;
                        break;
                    case ChildReply.Failed failed:
                        throw ChildReplies.ToFailure(failed, next);
                    case ChildReply.Done:
                        yield break;
                    default:
                        throw await FailureOfAsync(child, next, clock, cancellationToken);
                }
            }
        }
        finally
        {
            // A child that has answered has read all that was sent.
            if (!child.IsIdle)
            {
                await sending.CancelAsync();
                await child.DisposeAsync();
            }

            await IgnoreCancelAsync(sent);
            await ReturnAsync(child);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        while (_warm.TryDequeue(out var child))
        {
            await child.DisposeAsync();
        }

        _closing.Dispose();
    }

    private ReaderChild Rent()
    {
        while (_warm.TryDequeue(out var child))
        {
            if (!child.HasExited)
            {
                return child;
            }
        }

        return Start();
    }

    private async ValueTask ReturnAsync(ReaderChild child)
    {
        var isGood = child.IsIdle && !child.HasExited && child.FilesRead < options.FilesPerChild;
        if (isGood && _warm.Count < options.WarmChildren && !_closing.IsCancellationRequested)
        {
            _warm.Enqueue(child);
        }
        else
        {
            await child.DisposeAsync();
        }
    }

    private ReaderChild Start()
    {
        var program =
            sandbox.Find(options.ChildCommand[0])
            ?? throw Failures.ReaderUnavailable("the reader for this kind of file is not installed");
        var environment = new Dictionary<string, string>
        {
            ["DOTNET_GCHeapHardLimit"] = "0x" + options.ChildHeapBytes.ToString("x", CultureInfo.InvariantCulture),
            ["DOTNET_gcConcurrent"] = "0",
            // No socket in /tmp by which others could attach, and no files, which the limit on file size forbids.
            ["DOTNET_EnableDiagnostics"] = "0",
            ["DOTNET_EnableWriteXorExecute"] = "0",
            ["DOTNET_ROOT"] = options.RuntimeRoot,
        };
        // Its processor time adds up over its files, so this is a backstop; the clock in here is what bounds a file.
        var limits = new SandboxLimits(AddressSpaceBytes, options.FileTimeout * options.FilesPerChild, Threads);
        var command = sandbox.Command(program, [.. options.ChildCommand.Skip(1), "--serve"], limits, environment);
        return new ReaderChild(SandboxedProcess.Start(command));
    }

    private static async Task<ChildReply?> ReceiveAsync(
        ReaderChild child,
        int page,
        ReadClock clock,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await clock.RunAsync(child.ReceiveAsync, page, cancellationToken);
        }
        catch (InvalidDataException)
        {
            throw Failures.StoppedAt(page);
        }
    }

    private static async Task<DocumentUnreadableException> FailureOfAsync(
        ReaderChild child,
        int page,
        ReadClock clock,
        CancellationToken cancellationToken
    )
    {
        var (exitCode, errors) = await clock.RunAsync(
            async token => await child.WaitAsync(token),
            page,
            cancellationToken
        );
        return ReaderExit.FailureOf(exitCode, errors, page)
            ?? (
                page == 1 && exitCode is > 0 and < 128
                    ? Failures.ReaderUnavailable("its reader does not work")
                    : Failures.StoppedAt(page)
            );
    }

    private static async Task IgnoreCancelAsync(Task sent)
    {
        try
        {
            await sent;
        }
        catch (OperationCanceledException)
        {
            // Ours: the child is gone.
        }
    }
}
