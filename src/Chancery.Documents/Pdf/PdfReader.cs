using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Chancery.Documents;

/// <summary>Reads PDFs by poppler; pages without text as images, where that can be done.</summary>
internal sealed partial class PdfReader(Sandbox sandbox, ReaderOptions options, TextRecognition recognition)
{
    // A page beyond it that lies on its side keeps the size that it has upright.
    private const string LastPage = "20000";

    private readonly SandboxLimits _limits = new(options.PopplerMemoryBytes, options.FileTimeout, 1);

    public async IAsyncEnumerable<ReadItem> ReadAsync(
        Stream content,
        int fromPage,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var start = content.Position;
        var clock = new ReadClock(options.FileTimeout, options.PageTimeout);
        var (header, sideways) = await clock.RunAsync(token => ReadHeaderAsync(content, token), 1, cancellationToken);
        yield return header;

        if (fromPage > header.PageCount)
        {
            yield break;
        }

        content.Position = start;
        using var source = new SharedContent(content);
        var pages = ReadPagesAsync(source, clock, fromPage, sideways, cancellationToken);
        var recognises = (await recognition.LanguagesAsync(cancellationToken)).Count > 0;
        var scans = new ScannedPages(recognition, source, new RecognitionBudget(options));
        var hasText = false;
        await foreach (var page in recognises ? scans.ReadAsync(pages, cancellationToken) : pages)
        {
            hasText |= page.Text.Length > 0;
            yield return new ReadItem.Page(page);
        }

        // A resumed run has not seen the first pages, which may have had text.
        if (!hasText && fromPage == 1)
        {
            throw recognises ? scans.FirstFailure ?? Failures.NothingRecognised() : Failures.ImageOnly();
        }
    }

    /// <summary>And the pages that are shown turned by a quarter, whose sizes poppler gives as they were before.</summary>
    private async ValueTask<(ReadItem.Header Header, IReadOnlySet<int> Sideways)> ReadHeaderAsync(
        Stream content,
        CancellationToken cancellationToken
    )
    {
        await using var process = Start("pdfinfo", ["-enc", "UTF-8", "-f", "1", "-l", LastPage, "-"]);
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sent = process.SendAsync(content, sending.Token);
        var reader = new ShortLines(process.Output);
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var sideways = new HashSet<int>();
        while (await reader.ReadAsync(cancellationToken) is { } line)
        {
            if (Rotation().Match(line) is { Success: true } rotation)
            {
                sideways.Add(int.Parse(rotation.Groups["page"].Value, CultureInfo.InvariantCulture));
            }
            else if (
                !line.StartsWith("Page ", StringComparison.Ordinal)
                && line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
            )
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
            ? (new ReadItem.Header(pages, Field(fields, "Title"), Field(fields, "Author")), sideways)
            : throw Failures.MalformedPdf();
    }

    private async IAsyncEnumerable<DocumentPage> ReadPagesAsync(
        SharedContent content,
        ReadClock clock,
        int fromPage,
        IReadOnlySet<int> sideways,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var first = fromPage.ToString(CultureInfo.InvariantCulture);
        await using var process = Start("pdftotext", ["-bbox-layout", "-enc", "UTF-8", "-f", first, "-", "-"]);
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sent = content.SendAsync(process, sending.Token);
        try
        {
            var scanner = new BboxScanner(process.Output, fromPage);
            var next = fromPage;
            while (
                await clock.RunAsync(token => ReadPageAsync(scanner, sideways, token), next, cancellationToken)
                    is { } page
            )
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
        IReadOnlySet<int> sideways,
        CancellationToken cancellationToken
    )
    {
        if (await scanner.ReadPageAsync(cancellationToken) is not { } raw)
        {
            return null;
        }

        var shown = sideways.Contains(raw.Number) ? raw with { Width = raw.Height, Height = raw.Width } : raw;
        return PageComposer.Compose(shown, cancellationToken);
    }

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

    [GeneratedRegex(@"^Page +(?<page>\d{1,6}) rot: +(?:90|270)$")]
    private static partial Regex Rotation();
}
