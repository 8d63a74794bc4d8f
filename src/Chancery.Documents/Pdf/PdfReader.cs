using System.Globalization;
using System.Runtime.CompilerServices;

namespace Chancery.Documents;

/// <summary>Reads PDFs by poppler.</summary>
internal sealed class PdfReader(Sandbox sandbox, ReaderOptions options)
{
    private readonly SandboxLimits _limits = new(options.PopplerMemoryBytes, options.FileTimeout, 1);

    public async IAsyncEnumerable<ReadItem> ReadAsync(
        Stream content,
        int fromPage,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var start = content.Position;
        var clock = new ReadClock(options.FileTimeout, options.PageTimeout);
        var header = await clock.RunAsync(token => ReadHeaderAsync(content, token), 1, cancellationToken);
        yield return header;

        if (fromPage > header.PageCount)
        {
            yield break;
        }

        content.Position = start;
        var hasText = false;
        await foreach (var page in ReadPagesAsync(content, clock, fromPage, cancellationToken))
        {
            hasText |= page.Text.Length > 0;
            yield return new ReadItem.Page(page);
        }

        // A resumed run has not seen the first pages, which may have had text.
        if (!hasText && fromPage == 1)
        {
            throw Failures.ImageOnly();
        }
    }

    private async ValueTask<ReadItem.Header> ReadHeaderAsync(Stream content, CancellationToken cancellationToken)
    {
        await using var process = Start("pdfinfo", ["-enc", "UTF-8", "-"]);
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sent = process.SendAsync(content, sending.Token);
        using var reader = new StreamReader(process.Output);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                fields.TryAdd(line[..colon], line[(colon + 1)..]);
            }
        }

        var (exitCode, errors) = await process.WaitAsync(cancellationToken);
        await sending.CancelAsync();
        await IgnoreCancelAsync(sent);
        if (exitCode != 0)
        {
            throw FailureOf(exitCode, errors, 1);
        }

        var hasPages = int.TryParse(
            fields.GetValueOrDefault("Pages"),
            NumberStyles.AllowLeadingWhite,
            CultureInfo.InvariantCulture,
            out var pages
        );
        return hasPages && pages > 0
            ? new ReadItem.Header(pages, Field(fields, "Title"), Field(fields, "Author"))
            : throw Failures.MalformedPdf();
    }

    private async IAsyncEnumerable<DocumentPage> ReadPagesAsync(
        Stream content,
        ReadClock clock,
        int fromPage,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var first = fromPage.ToString(CultureInfo.InvariantCulture);
        await using var process = Start("pdftotext", ["-bbox-layout", "-enc", "UTF-8", "-f", first, "-", "-"]);
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sent = process.SendAsync(content, sending.Token);
        try
        {
            var scanner = new BboxScanner(process.Output, fromPage);
            var next = fromPage;
            while (await clock.RunAsync(token => ReadPageAsync(scanner, token), next, cancellationToken) is { } page)
            {
                next = page.Number + 1;
                yield return page;
            }

            var (exitCode, errors) = await clock.RunAsync(
                async token => await process.WaitAsync(token),
                next,
                cancellationToken
            );
            if (exitCode != 0)
            {
                throw FailureOf(exitCode, errors, next);
            }

            if (next == fromPage)
            {
                throw Failures.MalformedPdf();
            }
        }
        finally
        {
            await sending.CancelAsync();
            await process.DisposeAsync();
            await IgnoreCancelAsync(sent);
        }
    }

    private static async ValueTask<DocumentPage?> ReadPageAsync(
        BboxScanner scanner,
        CancellationToken cancellationToken
    ) =>
        await scanner.ReadPageAsync(cancellationToken) is { } raw ? PageComposer.Compose(raw, cancellationToken) : null;

    private SandboxedProcess Start(string program, IEnumerable<string> arguments)
    {
        if (sandbox.Find(program) is not { } path)
        {
            throw Failures.ReaderUnavailable(program + " is not installed (package poppler-utils)");
        }

        return SandboxedProcess.Start(sandbox.Command(path, arguments, _limits));
    }

    private static DocumentUnreadableException FailureOf(int exitCode, string errors, int page)
    {
        if (errors.Contains("Incorrect password", StringComparison.Ordinal))
        {
            return Failures.Encrypted();
        }

        if (errors.Contains("security handler", StringComparison.OrdinalIgnoreCase))
        {
            return Failures.Encrypted();
        }

        return ReaderExit.FailureOf(exitCode, errors, page)
            ?? (page == 1 ? Failures.MalformedPdf() : Failures.StoppedAt(page));
    }

    private static string? Field(Dictionary<string, string> fields, string name)
    {
        var value = TextCleaner.CleanText(fields.GetValueOrDefault(name, "")).Replace('\n', ' ').Trim();
        return value.Length == 0 ? null : value[..Math.Min(value.Length, 500)];
    }

    private static async Task IgnoreCancelAsync(Task sent)
    {
        try
        {
            await sent;
        }
        catch (OperationCanceledException)
        {
            // Ours: the reader needed no more of the document.
        }
    }
}
