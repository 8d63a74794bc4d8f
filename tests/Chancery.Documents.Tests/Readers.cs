using System.Runtime.InteropServices;
using System.Text;

namespace Chancery.Documents.Tests;

/// <summary>A reader whose child is this test's own executable, and the files it reads.</summary>
internal static class Readers
{
    public const string SearchPath = "/usr/local/bin:/usr/bin:/bin";

    private static readonly Lazy<Task<Sandbox>> Probed = new(() =>
        Sandbox.ProbeAsync(SearchPath, CancellationToken.None)
    );

    private static readonly Lazy<Task<DocumentReader>> Shared = new(() => NewAsync());

    public static Task<Sandbox> SandboxAsync() => Probed.Value;

    public static ReaderOptions Options { get; } =
        new()
        {
            ChildCommand = [Dotnet(), typeof(Readers).Assembly.Location, "read"],
            SearchPath = SearchPath,
            FileTimeout = TimeSpan.FromSeconds(60),
        };

    /// <summary>One for the process, as in the product: its warm children read the files of many tests.</summary>
    public static Task<DocumentReader> SharedAsync() => Shared.Value;

    public static async Task<DocumentReader> NewAsync(ReaderOptions? options = null) =>
        new(options ?? Options, await SandboxAsync());

    public static async Task<(ReadItem.Header Header, IReadOnlyList<DocumentPage> Pages)> ReadAsync(
        this DocumentReader reader,
        byte[] content,
        string name,
        int fromPage = 1
    )
    {
        var type = MediaTypes.Detect(content.AsSpan(0, Math.Min(content.Length, MediaTypes.DetectionBytes)), name);
        ReadItem.Header? header = null;
        var pages = new List<DocumentPage>();
        using var stream = new MemoryStream(content);
        await foreach (var item in reader.ReadAsync(stream, type, fromPage, TestContext.Current.CancellationToken))
        {
            switch (item)
            {
                case ReadItem.Header first:
                    Assert.Null(header);
                    header = first;
                    break;
                case ReadItem.Page page:
                    pages.Add(page.Content);
                    break;
                default:
                    Assert.Fail("A reader yields headers and pages.");
                    break;
            }
        }

        return (Assert.IsType<ReadItem.Header>(header), pages);
    }

    public static Task<(ReadItem.Header Header, IReadOnlyList<DocumentPage> Pages)> ReadTextAsync(
        this DocumentReader reader,
        string text,
        string name
    ) => reader.ReadAsync(Encoding.UTF8.GetBytes(text), name);

    public static async Task<DocumentUnreadableException> FailsAsync(
        this DocumentReader reader,
        byte[] content,
        string name
    ) => await Assert.ThrowsAsync<DocumentUnreadableException>(() => reader.ReadAsync(content, name));

    private static string Dotnet() =>
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
}
