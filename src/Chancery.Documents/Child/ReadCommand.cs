using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace Chancery.Documents;

/// <summary>The child's side: what the server's <c>read</c> verb calls. Runs inside the sandbox, and trusts no input.</summary>
public static class ReadCommand
{
    private const int ExitOk = 0;
    private const int ExitUnreadable = 1;
    private const int ExitUsage = 2;
    private const int MaxRequestBytes = 4096;
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    /// <summary>Reads documents from <paramref name="input"/> and writes pages to <paramref name="output"/> as JSON lines.</summary>
    /// <param name="arguments">
    /// <c>--type text/markdown [--from 3]</c>: one document, up to the end of input. <c>--serve</c>: framed documents, one after
    /// the other, until input ends.
    /// </param>
    /// <param name="structures">
    /// What files are read as beside text, by a type of the program's own: a function from a file to one text, for
    /// <see cref="DocumentReader.ReadStructureAsync"/>. <see cref="InvalidDataException"/> says why a file cannot be read.
    /// </param>
    /// <returns>The exit code: 0, 1 for a document that cannot be read, 2 for arguments that make no sense.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments,
        Stream input,
        Stream output,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, Func<byte[], string>>? structures = null
    )
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);

        switch (arguments)
        {
            case ["--serve"]:
                await ServeAsync(input, output, structures, cancellationToken);
                return ExitOk;
            case ["--type", var type]:
                return await ReadOneAsync(new ChildRequest(type, 1), input, output, structures, cancellationToken);
            case ["--type", var type, "--from", var from]
                when int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page > 0:
                return await ReadOneAsync(new ChildRequest(type, page), input, output, structures, cancellationToken);
            default:
                return ExitUsage;
        }
    }

    private static async Task<int> ReadOneAsync(
        ChildRequest request,
        Stream input,
        Stream output,
        IReadOnlyDictionary<string, Func<byte[], string>>? structures,
        CancellationToken cancellationToken
    )
    {
        using var content = new MemoryStream();
        await input.CopyToAsync(content, cancellationToken);
        return await AnswerAsync(request, content.ToArray(), output, structures, cancellationToken)
            ? ExitOk
            : ExitUnreadable;
    }

    private static async Task ServeAsync(
        Stream input,
        Stream output,
        IReadOnlyDictionary<string, Func<byte[], string>>? structures,
        CancellationToken cancellationToken
    )
    {
        while (await ReadFrameAsync(input, MaxRequestBytes, cancellationToken) is { } json)
        {
            var request =
                JsonSerializer.Deserialize(json, ChildJson.Default.ChildRequest)
                ?? throw new InvalidDataException("The request is empty.");
            var content = await ReadContentAsync(input, cancellationToken);
            await AnswerAsync(request, content, output, structures, cancellationToken);
        }
    }

    private static async Task<bool> AnswerAsync(
        ChildRequest request,
        byte[] content,
        Stream output,
        IReadOnlyDictionary<string, Func<byte[], string>>? structures,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var (header, pages) =
                structures?.TryGetValue(request.Type, out var read) == true
                    ? Structure(content, read)
                    : DocumentFormats.Read(content, request.Type);
            await WriteAsync(output, header, cancellationToken);
            foreach (var page in pages.Where(page => page.Number >= request.FromPage))
            {
                await WriteAsync(output, page, cancellationToken);
            }

            await WriteAsync(output, new ChildReply.Done(), cancellationToken);
            return true;
        }
        catch (DocumentUnreadableException cause)
        {
            await WriteAsync(output, new ChildReply.Failed(cause.Failure, cause.Reason), cancellationToken);
            return false;
        }
    }

    private static ParsedDocument Structure(byte[] content, Func<byte[], string> read)
    {
        try
        {
            return new ParsedDocument(new ChildReply.Header(1, null, null), [ChildReply.Page.Of(1, read(content), [])]);
        }
        catch (InvalidDataException cause)
        {
            throw new DocumentUnreadableException(ReadFailure.Malformed, cause.Message);
        }
    }

    private static async Task<byte[]> ReadContentAsync(Stream input, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        while (await ReadFrameAsync(input, int.MaxValue, cancellationToken) is { Length: > 0 } piece)
        {
            content.Write(piece);
        }

        return content.ToArray();
    }

    /// <summary>Null at the end of input.</summary>
    private static async Task<byte[]?> ReadFrameAsync(Stream input, int maxBytes, CancellationToken cancellationToken)
    {
        var prefix = new byte[4];
        if (await input.ReadAtLeastAsync(prefix, 4, throwOnEndOfStream: false, cancellationToken) < 4)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (length < 0 || length > maxBytes)
        {
            throw new InvalidDataException("The frame is longer than it may be.");
        }

        var frame = new byte[length];
        await input.ReadExactlyAsync(frame, cancellationToken);
        return frame;
    }

    private static async Task WriteAsync(Stream output, ChildReply reply, CancellationToken cancellationToken)
    {
        await JsonSerializer.SerializeAsync(output, reply, ChildJson.Default.ChildReply, cancellationToken);
        await output.WriteAsync(LineEnd, cancellationToken);
        await output.FlushAsync(cancellationToken);
    }
}
