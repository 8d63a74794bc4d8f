using Chancery.Documents;
using Chancery.Server.Access;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Ingestion;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>A document that comes as text in a call, and is waited for. Safe for concurrent use.</summary>
internal sealed class TextUpload(
    BlobStore blobs,
    UploadStore uploads,
    DocumentStore documents,
    IOptions<KnowledgeOptions> options,
    TimeProvider time
)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>The document, ready or still being read after 30 seconds; or the problem to answer with.</summary>
    public async Task<(DocumentView? Document, ProblemHttpResult? Problem)> SendAsync(
        Principal principal,
        string fileName,
        byte[] content,
        string[] tags,
        CancellationToken cancellationToken
    )
    {
        var (clean, wrong) = TagNames.Clean(tags);
        if (wrong is not null)
        {
            return (null, Problem.Invalid("category", wrong));
        }

        var name = FileNames.Clean(fileName);
        var type = MediaTypes.Detect(content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)), name);
        if (!type.IsReadable)
        {
            return (null, Problem.Unsupported(type.Refusal));
        }

        var limit = options.Value.MaxUploadBytes;
        var stored = await blobs.WriteAsync(principal.Tenant, content, Stream.Null, limit, cancellationToken);
        if (stored is not BlobOutcome.Stored blob)
        {
            return (null, stored is BlobOutcome.TooLarge ? Problem.TooLarge(limit) : UploadForm.NoSpace());
        }

        var file = new ReceivedFile(name, type, blob.Sha256, blob.Size) { Tags = clean };
        var outcome = await uploads.CreateAsync(principal, file, cancellationToken);
        return outcome switch
        {
            UploadOutcome.Accepted accepted => await WaitAsync(principal, accepted.Document, cancellationToken),
            UploadOutcome.Full full => (null, full.Why.ToProblem()),
            _ => (null, Problem.Unavailable("The text could not be kept. Send it again.")),
        };
    }

    private async Task<(DocumentView? Document, ProblemHttpResult? Problem)> WaitAsync(
        Principal principal,
        DocumentView document,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var pause = ShortestPause;
        while (document.State != VersionState.Ready && time.GetElapsedTime(started) < Patience)
        {
            if (document is { State: VersionState.Failed, Failure: { } failure })
            {
                return (null, Problem.Of(422, "not-indexed", "The document cannot be searched", failure.Reason));
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            if (await documents.FindAsync(principal, document.Id, cancellationToken) is not { } next)
            {
                return (null, Problem.NotFound("document"));
            }

            document = next;
        }

        return (document, null);
    }
}
