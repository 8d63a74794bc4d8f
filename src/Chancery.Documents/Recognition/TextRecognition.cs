using System.Globalization;
using System.Runtime.CompilerServices;

namespace Chancery.Documents;

/// <summary>Reads text in images by tesseract, where it is installed. Safe for concurrent use.</summary>
internal sealed class TextRecognition(Sandbox sandbox, ReaderOptions options) : IDisposable
{
    /// <summary>What is taken when nothing is configured: each language more makes every page slower.</summary>
    private const int MostLanguages = 3;

    /// <summary>A page that is read with less is tried upside down, too.</summary>
    private const float Doubtful = 65;

    private const string Orientation = "osd";
    private const string English = "eng";

    private static readonly Dictionary<string, string> Environment = new(StringComparer.Ordinal)
    {
        // Its threads gain little and would take the cores of those who wait for an answer.
        ["OMP_THREAD_LIMIT"] = "1",
    };

    private readonly SemaphoreSlim _places = new(options.OcrParallelism);
    private readonly SemaphoreSlim _finding = new(1);
    private Tools? _tools;

    /// <summary>Images that are read at the same time.</summary>
    public int Parallelism => options.OcrParallelism;

    /// <summary>The languages that pages are read in; empty where nothing is recognised.</summary>
    public async Task<IReadOnlyList<string>> LanguagesAsync(CancellationToken cancellationToken) =>
        (await FindAsync(cancellationToken)).Languages;

    /// <summary>Draws a page of a PDF and reads it. A page with nothing on it comes back as it is.</summary>
    /// <param name="send">Gives the PDF to the program that draws.</param>
    /// <exception cref="DocumentUnreadableException">It took too long or too much, or the programs do not work.</exception>
    public async Task<DocumentPage> ReadPageAsync(
        DocumentPage page,
        RecognitionBudget budget,
        Func<SandboxedProcess, CancellationToken, Task> send,
        CancellationToken cancellationToken
    )
    {
        var tools = await FindAsync(cancellationToken);
        await _places.WaitAsync(cancellationToken);
        try
        {
            return await budget.RunAsync(token => ReadAsync(page, tools, send, token), page.Number, cancellationToken);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Reads a file of one image or several.</summary>
    /// <param name="content">Seekable; read from its position.</param>
    public async IAsyncEnumerable<DocumentPage> ReadImagesAsync(
        Stream content,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var tools = await FindAsync(cancellationToken);
        var budget = new RecognitionBudget(options);
        var turn = await TurnOfAsync(content, cancellationToken);
        await _places.WaitAsync(cancellationToken);
        try
        {
            await using var process = Start(tools, []);
            using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var sent = process.SendAsync(content, sending.Token);
            try
            {
                var table = new TesseractTable(process.Output);
                var next = 1;
                while (
                    await budget.RunAsync(async token => await table.ReadImageAsync(token), next, cancellationToken)
                        is { Width: > 0, Height: > 0 } seen
                )
                {
                    next++;
                    var image = RecognisedPage.Turned(seen, turn);
                    var (width, height) = PaperOf(image);
                    yield return RecognisedPage.Compose(next - 1, image, width, height, false, cancellationToken);
                }

                var end = await budget.RunAsync(token => process.WaitAsync(token), next, cancellationToken);
                if (end.ExitCode != 0 || next == 1)
                {
                    throw ReaderExit.FailureOf(end.ExitCode, end.Errors, next) ?? Failures.MalformedImage();
                }
            }
            finally
            {
                await sending.CancelAsync();
                await process.DisposeAsync();
                await IgnoreCancelAsync(sent);
            }
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose()
    {
        _places.Dispose();
        _finding.Dispose();
    }

    private static async Task<Turn> TurnOfAsync(Stream content, CancellationToken cancellationToken)
    {
        var start = content.Position;
        var head = new byte[ExifOrientation.HeadBytes];
        var read = await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        content.Position = start;
        return ExifOrientation.Of(head.AsSpan(0, read));
    }

    /// <summary>An image does not say how large it is on paper: as wide as a sheet, which boxes are measured in.</summary>
    private static (float Width, float Height) PaperOf(RecognisedImage image)
    {
        const float SheetWidth = 595;
        var scale = SheetWidth / Math.Min(image.Width, image.Height);
        return (image.Width * scale, image.Height * scale);
    }

    private async Task<DocumentPage> ReadAsync(
        DocumentPage page,
        Tools tools,
        Func<SandboxedProcess, CancellationToken, Task> send,
        CancellationToken cancellationToken
    )
    {
        var raster = await DrawAsync(page, send, cancellationToken);
        if (raster.IsBlank)
        {
            return page;
        }

        var width = Math.Max(page.Width, 1);
        var height = Math.Max(page.Height, 1);
        if (raster.Width > raster.Height != width > height)
        {
            (width, height) = (height, width);
        }

        var dotsPerInch = (int)Math.Clamp(raster.Width / width * 72, 70, 1200);
        var image = await RecogniseAsync(raster, dotsPerInch, tools, page.Number, cancellationToken);
        var isTurned = false;
        if (image.Confidence < Doubtful)
        {
            var turned = await RecogniseAsync(raster.Turned(), dotsPerInch, tools, page.Number, cancellationToken);
            isTurned = turned.Confidence > image.Confidence;
            image = isTurned ? turned : image;
        }

        return RecognisedPage.Compose(page.Number, image, width, height, isTurned, cancellationToken);
    }

    private async Task<PageRaster> DrawAsync(
        DocumentPage page,
        Func<SandboxedProcess, CancellationToken, Task> send,
        CancellationToken cancellationToken
    )
    {
        var number = page.Number.ToString(CultureInfo.InvariantCulture);
        var side = PageRaster.SideFor(page.Width, page.Height).ToString(CultureInfo.InvariantCulture);
        var program =
            sandbox.Find("pdftoppm")
            ?? throw Failures.ReaderUnavailable("pdftoppm is not installed (package poppler-utils)");
        var limits = new SandboxLimits(options.PopplerMemoryBytes, options.OcrPageTimeout, 1);
        await using var process = SandboxedProcess.Start(
            sandbox.Command(program, ["-gray", "-scale-to", side, "-f", number, "-l", number, "-"], limits)
        );
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sent = send(process, sending.Token);
        try
        {
            if (await PageRaster.ReadAsync(process.Output, cancellationToken) is { } raster)
            {
                return raster;
            }

            await process.Output.CopyToAsync(Stream.Null, cancellationToken);
            var (exitCode, errors) = await process.WaitAsync(cancellationToken);
            throw ReaderExit.FailureOf(exitCode, errors, page.Number) ?? Failures.StoppedAt(page.Number);
        }
        finally
        {
            await sending.CancelAsync();
            await process.DisposeAsync();
            await IgnoreCancelAsync(sent);
        }
    }

    private async Task<RecognisedImage> RecogniseAsync(
        PageRaster raster,
        int dotsPerInch,
        Tools tools,
        int page,
        CancellationToken cancellationToken
    )
    {
        await using var process = Start(tools, ["--dpi", dotsPerInch.ToString(CultureInfo.InvariantCulture)]);
        using var picture = raster.Open();
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sent = process.SendAsync(picture, sending.Token);
        try
        {
            var image = await new TesseractTable(process.Output).ReadImageAsync(cancellationToken);
            await process.Output.CopyToAsync(Stream.Null, cancellationToken);
            var (exitCode, errors) = await process.WaitAsync(cancellationToken);
            return exitCode == 0 && image is not null
                ? image
                : throw ReaderExit.FailureOf(exitCode, errors, page) ?? Failures.StoppedAt(page);
        }
        finally
        {
            await sending.CancelAsync();
            await process.DisposeAsync();
            await IgnoreCancelAsync(sent);
        }
    }

    private SandboxedProcess Start(Tools tools, IEnumerable<string> arguments)
    {
        if (tools.Program is null || tools.Languages.Count == 0)
        {
            throw Failures.NoRecognition();
        }

        var limits = new SandboxLimits(options.OcrMemoryBytes, options.OcrPageTimeout, 1);
        string[] all =
        [
            "stdin",
            "stdout",
            "-l",
            string.Join('+', tools.Languages),
            "--psm",
            tools.FindsOrientation ? "1" : "3",
            .. arguments,
            "tsv",
        ];
        return SandboxedProcess.Start(sandbox.Command(tools.Program, all, limits, Environment));
    }

    private async Task<Tools> FindAsync(CancellationToken cancellationToken)
    {
        if (_tools is { } known)
        {
            return known;
        }

        await _finding.WaitAsync(cancellationToken);
        try
        {
            return _tools ??= await AskAsync(cancellationToken);
        }
        finally
        {
            _finding.Release();
        }
    }

    private async Task<Tools> AskAsync(CancellationToken cancellationToken)
    {
        if (sandbox.Find("tesseract") is not { } program)
        {
            return new Tools(null, [], false);
        }

        var limits = new SandboxLimits(options.OcrMemoryBytes, TimeSpan.FromSeconds(10), 1);
        await using var process = SandboxedProcess.Start(
            sandbox.Command(program, ["--list-langs"], limits, Environment)
        );
        process.CloseInput();
        using var reader = new StreamReader(process.Output);
        var lines = await reader.ReadToEndAsync(cancellationToken);
        // The first line says where they are.
        var installed = lines.Split('\n', StringSplitOptions.TrimEntries).Skip(1).ToHashSet(StringComparer.Ordinal);
        return new Tools(program, Choose(installed), installed.Contains(Orientation));
    }

    private string[] Choose(HashSet<string> installed)
    {
        if (options.OcrLanguages.Count > 0)
        {
            return [.. options.OcrLanguages.Where(installed.Contains)];
        }

        return
        [
            .. installed
                .Where(name =>
                    name.Length == English.Length && name != Orientation && name.All(char.IsAsciiLetterLower)
                )
                .OrderBy(name => name == English ? 0 : 1)
                .ThenBy(name => name, StringComparer.Ordinal)
                .Take(MostLanguages),
        ];
    }

    private static async Task IgnoreCancelAsync(Task sent)
    {
        try
        {
            await sent;
        }
        catch (OperationCanceledException)
        {
            // Ours: the program needed no more.
        }
    }

    private sealed record Tools(string? Program, IReadOnlyList<string> Languages, bool FindsOrientation);
}
