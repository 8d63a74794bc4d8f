using System.Text;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Blobs;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Refused = Chancery.Server.Platform.Problems.Problem;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>An archive that has arrived, still sealed, in a file without a name: it is gone with the process. Dispose it.</summary>
internal sealed class ArchiveForm : IAsyncDisposable
{
    private const int MaxFieldBytes = 4 * 1024;
    private const int MaxFields = 8;

    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);

    private ArchiveForm() { }

    public FileStream? File { get; private set; }

    /// <summary>What to answer; null when all is there.</summary>
    public ProblemHttpResult? Problem { get; private set; }

    public string Passphrase => _fields["passphrase"];

    public ImportWishes Wishes =>
        new(_fields.GetValueOrDefault("link_accounts") == "true", _fields.GetValueOrDefault("plan"));

    /// <exception cref="ArchiveException">
    /// The disk is full, as many archives as may be are being written or read, or it is not the archive's passphrase.
    /// </exception>
    public static async Task<ArchiveForm> ReceiveAsync(
        HttpRequest request,
        Storage storage,
        ArchiveSeats seats,
        CancellationToken cancellationToken
    )
    {
        var form = new ArchiveForm();
        try
        {
            form.Problem = await form.ReadAsync(request, storage, seats, cancellationToken);
            return form;
        }
        catch (IOException full) when (BlobStore.IsNoSpace(full))
        {
            await form.DisposeAsync();
            throw new ArchiveException(ArchiveFault.NoSpace, "The disk is full: nothing was imported.", full);
        }
        catch (Exception exception)
            when (exception is InvalidDataException or IOException and not BadHttpRequestException)
        {
            await form.DisposeAsync();
            form.Problem = Refused.Malformed("The multipart body is cut short or not well-formed. Send it again.");
            return form;
        }
        catch
        {
            await form.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (File is { } file)
        {
            File = null;
            await file.DisposeAsync();
        }
    }

    private async Task<ProblemHttpResult?> ReadAsync(
        HttpRequest request,
        Storage storage,
        ArchiveSeats seats,
        CancellationToken cancellationToken
    )
    {
        if (
            !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 200 } boundary
        )
        {
            return Refused.Unsupported("Send multipart/form-data with the archive in the part named \"file\".");
        }

        // The operator's own disk is what limits the operator.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        var reader = new MultipartReader(boundary, request.Body);
        while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            var name = ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)
                ? HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? ""
                : "";
            if (name != "file")
            {
                if (_fields.Count == MaxFields || await FieldAsync(section.Body, cancellationToken) is not { } value)
                {
                    return Refused.Invalid(name, $"A field has at most {MaxFieldBytes} bytes of UTF-8.");
                }

                _fields[name] = value;
                continue;
            }

            if (WhyNot() is { } problem)
            {
                return problem;
            }

            File = Nameless(storage.DataDirectory);
            await StartAsync(section.Body, seats, cancellationToken);
            await section.Body.CopyToAsync(File, 256 * 1024, cancellationToken);
            File.Position = 0;
            return null;
        }

        return WhyNot() ?? Refused.Invalid("file", "The part named \"file\" is missing.");
    }

    /// <summary>A wrong passphrase is told before a gigabyte was sent for nothing.</summary>
    private async Task StartAsync(Stream body, ArchiveSeats seats, CancellationToken cancellationToken)
    {
        var start = new byte[ArchiveSeal.HeaderBytes];
        var read = await body.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, cancellationToken);
        // Stretching a passphrase takes a processor for a while: no more of that at once than archives. The seat is given back until the
        // file is here, so that nobody holds it by sending slowly.
        using (seats.Take())
        using (await Task.Run(() => ArchiveSeal.Open(start.AsSpan(0, read), Passphrase), cancellationToken)) { }

        await File!.WriteAsync(start, cancellationToken);
    }

    private ProblemHttpResult? WhyNot()
    {
        if (_fields.GetValueOrDefault("passphrase") is not { Length: > 0 and <= ArchiveSeal.LongestPassphrase })
        {
            return Refused.Invalid("passphrase", "Give the passphrase of the archive, ahead of the file.");
        }

        if (_fields.GetValueOrDefault("link_accounts") is not (null or "true" or "false"))
        {
            return Refused.Invalid("link_accounts", "true or false.");
        }

        return _fields.GetValueOrDefault("plan") is { } plan && !TenantImport.PlanNames().IsMatch(plan)
            ? Refused.Invalid("plan", "The name of a plan, as in FREE.")
            : null;
    }

    private static async Task<string?> FieldAsync(Stream body, CancellationToken cancellationToken)
    {
        var bytes = new byte[MaxFieldBytes + 1];
        var read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        try
        {
            return read > MaxFieldBytes ? null : new UTF8Encoding(false, true).GetString(bytes, 0, read);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static FileStream Nameless(string dataDirectory)
    {
        var directory = Path.Combine(dataDirectory, "imports");
        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(directory, mine | UnixFileMode.UserExecute);
        var path = Path.Combine(directory, $"{Guid.CreateVersion7():n}.part");
        var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                UnixCreateMode = mine,
                Options = FileOptions.Asynchronous,
                BufferSize = 128 * 1024,
            }
        );
        System.IO.File.Delete(path);
        return file;
    }
}
