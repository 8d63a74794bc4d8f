using Chancery.Documents;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>A file that has arrived and is stored, and what was said with it.</summary>
internal sealed record ReceivedFile(string Name, MediaType Type, byte[] Sha256, long Size)
{
    public string? Title { get; set; }

    /// <summary>Null when none came.</summary>
    public string[]? Tags { get; set; }

    public Guid? CollectionId { get; set; }

    /// <summary>What came with it for a document that exists; null when nothing did.</summary>
    public DocumentChange? Change =>
        Title is null && Tags is null && CollectionId is null
            ? null
            : new DocumentChange(Title, Author: null, Tags, CollectionId);

    /// <summary>False stores the file and waits for <c>POST …/process</c>.</summary>
    public bool Process { get; set; } = true;
}

/// <summary>Reads a multipart upload as it comes, with one segment of the file in memory.</summary>
internal sealed class UploadForm(BlobStore blobs, IOptions<KnowledgeOptions> options)
{
    private const int MaxFieldBytes = 16 * 1024;
    private const int MaxFields = 64;

    // What may stand around the file: fields, boundaries, headers.
    private const int EnvelopeBytes = 1024 * 1024;

    /// <summary>The file, or the problem to answer with; then nothing of it is kept that the sweep would not remove.</summary>
    public async Task<(ReceivedFile? File, ProblemHttpResult? Problem)> ReceiveAsync(
        HttpRequest request,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        if (
            !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 200 } boundary
        )
        {
            return (null, Problem.Unsupported("Send multipart/form-data with the file in the part named \"file\"."));
        }

        var limit = options.Value.MaxUploadBytes;
        var size = request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (size is { IsReadOnly: false })
        {
            size.MaxRequestBodySize = limit + EnvelopeBytes;
        }

        if (request.ContentLength > limit + EnvelopeBytes)
        {
            return (null, Problem.TooLarge(limit));
        }

        try
        {
            return await ReadAsync(new MultipartReader(boundary, request.Body), tenant, cancellationToken);
        }
        catch (Exception exception)
            when (exception is InvalidDataException or IOException and not BadHttpRequestException)
        {
            return (null, Problem.Malformed("The multipart body is cut short or not well-formed. Send it again."));
        }
    }

    private async Task<(ReceivedFile? File, ProblemHttpResult? Problem)> ReadAsync(
        MultipartReader reader,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        ReceivedFile? file = null;
        var fields = new List<KeyValuePair<string, string>>();
        while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
            {
                return (null, Problem.Malformed("A part has no Content-Disposition with a name."));
            }

            var name = HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
            if (name == "file")
            {
                if (file is not null)
                {
                    return (null, Problem.Invalid("file", "Send one file at a time."));
                }

                var (received, problem) = await ReceiveFileAsync(section, disposition, tenant, cancellationToken);
                if (problem is not null)
                {
                    return (null, problem);
                }

                file = received;
            }
            else if (fields.Count == MaxFields)
            {
                return (null, Problem.Malformed($"More than {MaxFields} fields."));
            }
            else if (await ReadFieldAsync(section, cancellationToken) is { } value)
            {
                fields.Add(new(name, value));
            }
            else
            {
                return (null, Problem.Invalid(name, $"A field has at most {MaxFieldBytes} bytes of UTF-8."));
            }
        }

        if (file is null)
        {
            return (null, Problem.Invalid("file", "The part named \"file\" is missing."));
        }

        return Apply(file, fields) is { } invalid ? (null, invalid) : (file, null);
    }

    private async Task<(ReceivedFile? File, ProblemHttpResult? Problem)> ReceiveFileAsync(
        MultipartSection section,
        ContentDispositionHeaderValue disposition,
        TenantId tenant,
        CancellationToken cancellationToken
    )
    {
        // In the plain form browsers and curl write a quote as %22, and nothing else in this way (HTML, multipart/form-data).
        var given = disposition.FileNameStar.HasValue
            ? disposition.FileNameStar.Value
            : HeaderUtilities.RemoveQuotes(disposition.FileName).Value?.Replace("%22", "\"", StringComparison.Ordinal);
        var name = FileNames.Clean(given);
        var head = new byte[MediaTypes.DetectionBytes];
        var read = await section.Body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        if (read == 0)
        {
            return (null, Problem.Unsupported("The file is empty: there is nothing to read in it."));
        }

        var type = MediaTypes.Detect(head.AsSpan(0, read), name);
        if (!type.IsReadable && !MediaTypes.IsUncertain(type))
        {
            return (null, Problem.Unsupported(type.Refusal));
        }

        var outcome = await blobs.WriteAsync(
            tenant,
            head.AsMemory(0, read),
            section.Body,
            options.Value.MaxUploadBytes,
            cancellationToken
        );
        if (outcome is BlobOutcome.Stored { Sha256: var sha256 } && MediaTypes.IsUncertain(type))
        {
            // An archive tells what it is at its end. What is refused here nobody refers to, and the sweep removes it.
            await using var whole = await blobs.OpenAsync(tenant, sha256, cancellationToken);
            type = await MediaTypes.DetectAsync(whole, name, cancellationToken);
            if (!type.IsReadable)
            {
                return (null, Problem.Unsupported(type.Refusal));
            }
        }

        return outcome switch
        {
            BlobOutcome.Stored stored => (new ReceivedFile(name, type, stored.Sha256, stored.Size), null),
            BlobOutcome.TooLarge => (null, Problem.TooLarge(options.Value.MaxUploadBytes)),
            _ => (null, NoSpace()),
        };
    }

    internal static ProblemHttpResult NoSpace() =>
        Problem.Of(
            507,
            "no-space",
            "No room left for the file",
            "The server's disk is full; nothing was stored. Tell the operator, then try again."
        );

    /// <summary>Null when it is too long or not UTF-8.</summary>
    private static async Task<string?> ReadFieldAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxFieldBytes + 1];
        var read = await section.Body.ReadAtLeastAsync(
            buffer,
            buffer.Length,
            throwOnEndOfStream: false,
            cancellationToken
        );
        if (read > MaxFieldBytes || !System.Text.Unicode.Utf8.IsValid(buffer.AsSpan(0, read)))
        {
            return null;
        }

        return System.Text.Encoding.UTF8.GetString(buffer, 0, read);
    }

    private static ProblemHttpResult? Apply(ReceivedFile file, List<KeyValuePair<string, string>> fields)
    {
        var tags = new List<string>();
        foreach (var (name, value) in fields)
        {
            switch (name)
            {
                case "title":
                    var title = FileNames.CleanText(value);
                    if (title.Length > DocumentText.MaxTitle)
                    {
                        return Problem.Invalid("title", $"At most {DocumentText.MaxTitle} characters.");
                    }

                    file.Title = title.Length == 0 ? null : title;
                    break;
                case "tags":
                    tags.AddRange(value.Split(','));
                    break;
                case "collection_id" when value.Trim().Length == 0:
                    break;
                case "collection_id":
                    if (!Guid.TryParse(value, out var collection))
                    {
                        return Problem.Invalid("collection_id", "It is the id of a collection.");
                    }

                    file.CollectionId = collection;
                    break;
                case "process":
                    if (!bool.TryParse(value, out var process))
                    {
                        return Problem.Invalid("process", "It is true or false.");
                    }

                    file.Process = process;
                    break;
                default:
                    // A browser's form may carry more than we read.
                    break;
            }
        }

        var (clean, error) = TagNames.Clean(tags);
        file.Tags = clean.Length == 0 ? null : clean;
        return error is null ? null : Problem.Invalid("tags", error);
    }
}
