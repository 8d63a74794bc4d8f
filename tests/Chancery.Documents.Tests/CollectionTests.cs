using Chancery.Bench;

namespace Chancery.Documents.Tests;

/// <summary>
/// Real files whose text others have written down, read as the product reads them. The whole table is the benchmark's; this keeps
/// it from falling.
/// </summary>
public sealed class CollectionTests
{
    [Theory]
    [InlineData("documents/docling/html", ".html", 30, 0.90)]
    [InlineData("documents/docling/csv", ".csv", 8, 0.97)]
    [InlineData("documents/docling/md", ".md", 8, 0.90)]
    [InlineData("documents/docling/docx", ".docx", 25, 0.90)]
    [InlineData("documents/docling/xlsx", ".xlsx", 7, 0.90)]
    [InlineData("documents/docling/pptx", ".pptx", 6, 0.90)]
    [InlineData("documents/docling/pdf", ".pdf", 6, 0.90)]
    [InlineData("documents/pdfbox/pdfbox/src/test/resources/input", ".pdf", 30, 0.90)]
    public async Task What_is_known_to_stand_in_a_document_is_read(string folder, string kind, int least, double recall)
    {
        var files = ExpectedTexts
            .Documents(TestData.PathOf(folder))
            .Where(file => file.EndsWith(kind, StringComparison.OrdinalIgnoreCase))
            .Where(file => new FileInfo(file).Length < 1_000_000)
            .Select(file => (File: file, Text: ExpectedTexts.Of(file)))
            .Where(file => file.Text is not null)
            .Take(45)
            .ToList();
        await using var reader = await Readers.NewAsync();
        var shares = new List<(double Share, string Name)>();

        foreach (var (file, text) in files)
        {
            try
            {
                var (_, pages) = await reader.ReadAsync(
                    await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken),
                    file
                );
                var read = string.Join('\n', pages.Select(page => page.Text));
                shares.Add((TokenRecall.Of(text!, read).Recall, Path.GetFileName(file)));
            }
            catch (DocumentUnreadableException)
            {
                shares.Add((TokenRecall.Of(text!, "").Recall, Path.GetFileName(file)));
            }
        }

        Assert.True(shares.Count >= least, $"Only {shares.Count} files: the collection is not what it was.");
        Assert.True(
            shares.Average(share => share.Share) >= recall,
            $"{shares.Average(share => share.Share):F3}: " + string.Join(", ", shares.Order().Take(8))
        );
    }
}
