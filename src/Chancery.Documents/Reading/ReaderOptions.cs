using System.Runtime.InteropServices;

namespace Chancery.Documents;

/// <summary>How readers are started and bounded.</summary>
public sealed record ReaderOptions
{
    /// <summary>
    /// The command that ends in <see cref="ReadCommand.RunAsync"/>, for example <c>["/opt/chancery/chancery", "read"]</c>;
    /// arguments are appended. Programs and libraries it names must be readable by other users.
    /// </summary>
    public required IReadOnlyList<string> ChildCommand { get; init; }

    /// <summary>The .NET that the child runs on; it must be readable by other users, too.</summary>
    public string RuntimeRoot { get; init; } = OwnRuntimeRoot;

    /// <summary>The .NET that this process runs on.</summary>
    public static string OwnRuntimeRoot { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    /// <summary>Where poppler and the tools of the sandbox are looked for.</summary>
    public string SearchPath { get; init; } = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>Largest document, in bytes.</summary>
    public long MaxBytes { get; init; } = 200_000_000;

    /// <summary>Longest time for one file, from its start to its last page, without what the caller spends between pages.</summary>
    public TimeSpan FileTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest silence of a reader, which is the time for one page.</summary>
    public TimeSpan PageTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Address space of poppler, in bytes.</summary>
    public long PopplerMemoryBytes { get; init; } = 1_000_000_000;

    /// <summary>Heap of the product's own child, in bytes. Its address space is always 4 GB: with less .NET does not start.</summary>
    public long ChildHeapBytes { get; init; } = 512_000_000;

    /// <summary>Children of the product's own that are kept, when they have read a file, for the next.</summary>
    public int WarmChildren { get; init; } = 2;

    /// <summary>Files after which such a child is replaced.</summary>
    public int FilesPerChild { get; init; } = 50;

    /// <summary>Tesseract's names of the languages in images, such as "deu"; empty takes English and what else is installed.</summary>
    public IReadOnlyList<string> OcrLanguages { get; init; } = [];

    /// <summary>Longest time for recognising one image.</summary>
    public TimeSpan OcrPageTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Longest time for all images of one file, added up.</summary>
    public TimeSpan OcrFileTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Address space of tesseract, in bytes.</summary>
    public long OcrMemoryBytes { get; init; } = 1_000_000_000;

    /// <summary>Images that are recognised at the same time, over all files: a core each.</summary>
    public int OcrParallelism { get; init; } = Math.Clamp(Environment.ProcessorCount / 2, 1, 4);
}
