namespace Chancery.Documents.Tests;

/// <summary>The heap that it weighs is the whole process's: no other test may run beside it.</summary>
[CollectionDefinition(nameof(PdfMemoryTests), DisableParallelization = true)]
[Collection(nameof(PdfMemoryTests))]
public sealed class PdfMemoryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_hundred_pages_are_streamed_in_little_memory()
    {
        await using var reader = await Readers.NewAsync();
        await using var file = File.OpenRead(TestData.PathOf("qa/financebench/pdfs/PEPSICO_2022_10K.pdf"));
        var pages = 0;
        long most = 0;
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await foreach (var item in reader.ReadAsync(file, MediaTypes.Pdf, 1, Cancel))
        {
            pages += item is ReadItem.Page ? 1 : 0;
            if (pages % 100 == 50)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        Assert.Equal(503, pages);
        Assert.True(most < 8_000_000, $"Held {most:N0} bytes in the middle; poppler's output is 22 MB.");
    }
}
