using System.Runtime.CompilerServices;

namespace Chancery.Documents;

/// <summary>Reads documents in sandboxed children. Safe for concurrent use; one for the process.</summary>
/// <param name="sandbox">From <see cref="Sandbox.ProbeAsync"/>.</param>
public sealed class DocumentReader(ReaderOptions options, Sandbox sandbox) : IAsyncDisposable
{
    private readonly TextRecognition _recognition = new(sandbox, options);
    private readonly ReaderChildren _children = new(sandbox, options);

    /// <summary>Tesseract's names of the languages that images are read in; empty where no text is recognised in images.</summary>
    public Task<IReadOnlyList<string>> RecognisedLanguagesAsync(CancellationToken cancellationToken) =>
        _recognition.LanguagesAsync(cancellationToken);

    /// <summary>Yields a header and then the pages from <paramref name="fromPage"/> on. Memory is bounded by a page or so.</summary>
    /// <param name="content">Read from its position; not closed. A stream that cannot seek is spooled to an unlinked file.</param>
    /// <param name="type">What <see cref="MediaTypes.Detect"/> said.</param>
    /// <param name="fromPage">From 1; to resume, the number after the last page that was kept.</param>
    /// <param name="cancellationToken">Ends the child at once.</param>
    /// <exception cref="DocumentUnreadableException">The document cannot be read, or not further.</exception>
    public async IAsyncEnumerable<ReadItem> ReadAsync(
        Stream content,
        MediaType type,
        int fromPage = 1,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(type);
        ArgumentOutOfRangeException.ThrowIfLessThan(fromPage, 1);
        if (!type.IsReadable)
        {
            throw Failures.Unsupported(type);
        }

        await using var spooled = content.CanSeek ? null : await SpoolAsync(content, cancellationToken);
        var source = spooled ?? content;
        var length = source.Length - source.Position;
        if (length == 0)
        {
            throw Failures.Empty();
        }

        if (length > options.MaxBytes)
        {
            throw Failures.TooLarge(options.MaxBytes);
        }

        var items =
            type == MediaTypes.Pdf
                ? new PdfReader(sandbox, options, _recognition).ReadAsync(source, fromPage, cancellationToken)
            : ImageTypes.All.Contains(type) ? ReadImagesAsync(source, fromPage, cancellationToken)
            : _children.ReadAsync(source, type, fromPage, cancellationToken);
        await foreach (var item in items)
        {
            yield return item;
        }
    }

    /// <summary>Has a child read a file by one of the program's own functions (<see cref="ReadCommand"/>): the one text that it makes.</summary>
    /// <param name="content">Must be seekable; read from its position, not closed.</param>
    /// <param name="type">Names the function.</param>
    /// <exception cref="DocumentUnreadableException">The file cannot be read so.</exception>
    public async Task<string> ReadStructureAsync(Stream content, string type, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (content.Length - content.Position > options.MaxBytes)
        {
            throw Failures.TooLarge(options.MaxBytes);
        }

        var text = "";
        await foreach (var item in _children.ReadAsync(content, new MediaType(type, type, true), 1, cancellationToken))
        {
            text += item is ReadItem.Page page ? page.Content.Text : "";
        }

        return text;
    }

    public async ValueTask DisposeAsync()
    {
        await _children.DisposeAsync();
        _recognition.Dispose();
    }

    private async IAsyncEnumerable<ReadItem> ReadImagesAsync(
        Stream content,
        int fromPage,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        yield return new ReadItem.Header(null, null, null);
        var hasText = false;
        await foreach (var page in _recognition.ReadImagesAsync(content, cancellationToken))
        {
            hasText |= page.Text.Length > 0;
            if (page.Number >= fromPage)
            {
                yield return new ReadItem.Page(page);
            }
        }

        if (!hasText)
        {
            throw Failures.NothingRecognised();
        }
    }

    private async Task<FileStream> SpoolAsync(Stream content, CancellationToken cancellationToken)
    {
        var path = Path.Combine(Path.GetTempPath(), "chancery-" + Guid.CreateVersion7().ToString("N"));
        var file = new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                Options = FileOptions.Asynchronous,
            }
        );
        try
        {
            // Unlinked at once: no crash leaves a tenant's document behind.
            File.Delete(path);
            var buffer = new byte[81920];
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (file.Length + read > options.MaxBytes)
                {
                    throw Failures.TooLarge(options.MaxBytes);
                }

                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }
}
