using System.Runtime.CompilerServices;

namespace Chancery.Documents;

/// <summary>A rectangle on a page, in points from its upper left corner.</summary>
public readonly record struct PageBox(float X, float Y, float Width, float Height);

/// <summary>Compact binary form of a page's word boxes, versioned: what is stored today can be read next year.</summary>
public static class WordBoxes
{
    public static byte[] Encode(IReadOnlyList<WordBox> words) => throw new NotSupportedException();

    /// <exception cref="InvalidDataException">Not written by <see cref="Encode"/>, or cut short.</exception>
    public static IReadOnlyList<WordBox> Decode(ReadOnlySpan<byte> encoded) => throw new NotSupportedException();
}

/// <summary>From characters to places.</summary>
public static class PageGeometry
{
    /// <summary>What to mark for the characters from <paramref name="start"/> up to <paramref name="end"/>: one box a line.</summary>
    public static IReadOnlyList<PageBox> BoxesOf(IReadOnlyList<WordBox> words, int start, int end) =>
        throw new NotSupportedException();
}

/// <summary>Cuts pages into chunks. Safe for concurrent use.</summary>
public sealed class Chunker(ChunkingOptions options)
{
    /// <summary>Streams: holds one page, and one hash a chunk for <see cref="Chunk.Occurrence"/>.</summary>
    public IEnumerable<Chunk> Cut(IEnumerable<DocumentPage> pages) =>
        throw new NotSupportedException(options.ToString());
}

/// <summary>Reads documents in sandboxed children. Safe for concurrent use; one for the process.</summary>
public sealed class DocumentReader(ReaderOptions options) : IAsyncDisposable
{
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
        await Task.CompletedTask;
        yield return new ReadItem.Header(null, options.SearchPath, null);
        throw new NotSupportedException();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The child's side: what the server's <c>read</c> verb calls.</summary>
public static class ReadCommand
{
    /// <summary>Reads documents from <paramref name="input"/> and writes pages to <paramref name="output"/> as JSON lines.</summary>
    /// <param name="arguments">
    /// <c>--type text/markdown</c>: one document, up to the end of input. <c>--serve</c>: framed documents until input ends.
    /// </param>
    /// <returns>The exit code.</returns>
    public static Task<int> RunAsync(
        IReadOnlyList<string> arguments,
        Stream input,
        Stream output,
        CancellationToken cancellationToken
    ) => throw new NotSupportedException();
}

/// <summary>One protection around a reader.</summary>
/// <param name="Missing">Null when it stands, else what is missing and how to mend it.</param>
public sealed record SandboxWall(string Name, string? Missing)
{
    public bool Stands => Missing is null;
}

/// <summary>Starts programs behind walls: no environment, no network, no privileges, another user, limits.</summary>
public sealed class Sandbox
{
    /// <summary>Tries once which walls this machine permits. Takes some 20 ms; for start and <c>doctor</c>.</summary>
    public static Sandbox Probe(string searchPath) => throw new NotSupportedException(searchPath);

    public IReadOnlyList<SandboxWall> Walls { get; } = [];
}
