using Chancery.Documents;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Progress;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Work;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Fetching;

/// <summary>
/// Asks a document's address for its file: a new one becomes a version and is read, the same one is noted, and what goes wrong
/// is said. Interrupted anywhere, it asks again.
/// </summary>
internal sealed class FetchHandler(
    FetchStore store,
    GuardedHttp http,
    BlobStore blobs,
    ProgressBoard progress,
    IOptions<KnowledgeOptions> options
) : IWorkHandler
{
    private const string Accept =
        "application/pdf, text/markdown, text/html;q=0.9, text/plain;q=0.9, text/csv;q=0.9, */*;q=0.5";

    // A person waits for the reason; the retry is theirs after that.
    private const int MostAttempts = 3;

    public string Kind => FetchWork.Kind;

    public bool Waits => true;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        var work = item.SubjectAs<FetchWork>();
        if (await store.FindAsync(item.Tenant, work.DocumentId, cancellationToken) is not { } source)
        {
            return;
        }

        await progress.TellAsync(item.Tenant, work.DocumentId);
        try
        {
            await FetchAsync(item, source, cancellationToken);
        }
        catch (GuardedHttpException exception) when (!exception.IsTransient || item.Attempts >= MostAttempts)
        {
            await store.FailAsync(item, work, Explain(exception), cancellationToken);
        }
        catch (FetchException exception) when (!exception.IsTransient || item.Attempts >= MostAttempts)
        {
            await store.FailAsync(item, work, exception.Failure, cancellationToken);
        }

        await progress.TellAsync(item.Tenant, work.DocumentId);
    }

    public async Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken)
    {
        var work = item.SubjectAs<FetchWork>();
        await store.FailAsync(item, work, Explain(lastFault), cancellationToken);
        await progress.TellAsync(item.Tenant, work.DocumentId);
    }

    private async Task FetchAsync(WorkItem item, FetchSource source, CancellationToken cancellationToken)
    {
        var limit = options.Value.MaxUploadBytes;
        // One that came with an archive was checked by nobody here.
        var (address, refused) = http.Rules.Check(source.Url);
        var request = new GuardedRequest(address ?? throw new GuardedHttpException(refused!.Value), Accept, limit)
        {
            Validators = source.Validators,
        };
        await using var answer = await http.GetAsync(request, cancellationToken);
        switch ((int)answer.Status)
        {
            case 200 or 203:
                var file = await KeepAsync(item, answer, limit, cancellationToken);
                await store.KeepAsync(item, source, file, cancellationToken);
                break;
            case 304 when request.Validators is not null:
                await store.UnchangedAsync(item, source, cancellationToken);
                break;
            default:
                throw FetchFailure.Of(answer.Status);
        }
    }

    private async Task<FetchedFile> KeepAsync(
        WorkItem item,
        GuardedAnswer answer,
        long limit,
        CancellationToken cancellationToken
    )
    {
        var name = FetchedContent.NameOf(answer.Address, answer.Headers);
        var rest = answer.Body;
        var head = await HeadAsync(rest, cancellationToken);
        if (head.Length == 0)
        {
            throw new FetchException(new Failure("empty", "The file at this address is empty."));
        }

        var type = MediaTypes.Detect(head, name);
        if (FetchedContent.CharsetOf(answer.Headers) is { } charset && FetchedContent.MayBeText(head, type))
        {
            rest = FetchedContent.ToUtf8(new ChainedStream(head, rest), charset);
            head = await HeadAsync(rest, cancellationToken);
            type = MediaTypes.Detect(head, name);
        }

        if (!type.IsReadable && !MediaTypes.IsUncertain(type))
        {
            throw Unsupported(type);
        }

        var outcome = await blobs.WriteAsync(item.Tenant, head, rest, limit, cancellationToken);
        if (outcome is BlobOutcome.Stored { Sha256: var sha256 } && MediaTypes.IsUncertain(type))
        {
            // As for an upload: an archive tells what it is at its end, and what nobody refers to is swept.
            await using var whole = await blobs.OpenAsync(item.Tenant, sha256, cancellationToken);
            type = await MediaTypes.DetectAsync(whole, name, cancellationToken);
            if (!type.IsReadable)
            {
                throw Unsupported(type);
            }
        }

        return outcome switch
        {
            BlobOutcome.Stored stored => new FetchedFile(
                name,
                type,
                stored.Sha256,
                stored.Size,
                answer.Address,
                answer.ETag?.ToString(),
                answer.Headers.LastModified
            ),
            BlobOutcome.TooLarge => throw new FetchException(FetchFailure.TooLarge(limit)),
            _ => throw new FetchException(
                new Failure(
                    "no-space",
                    "The server's disk is full; nothing was stored. Tell the operator, then try again."
                ),
                isTransient: true
            ),
        };
    }

    private static FetchException Unsupported(MediaType type) => new(new Failure("unsupported", type.Refusal));

    private static async Task<byte[]> HeadAsync(Stream body, CancellationToken cancellationToken)
    {
        var head = new byte[MediaTypes.DetectionBytes];
        var read = await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        return head[..read];
    }

    private Failure Explain(Exception? fault) =>
        fault switch
        {
            GuardedHttpException guarded => FetchFailure.Of(guarded.Failure, options.Value.MaxUploadBytes),
            FetchException fetch => fetch.Failure,
            _ => new Failure(
                "internal",
                "Something went wrong on the server, several times. Try again; tell the operator if it stays."
            ),
        };
}
