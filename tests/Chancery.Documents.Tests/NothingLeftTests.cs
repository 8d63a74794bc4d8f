namespace Chancery.Documents.Tests;

/// <summary>What still runs after files of all kinds. Alone, because other tests start the same programs.</summary>
[CollectionDefinition(nameof(NothingLeftTests), DisableParallelization = true)]
[Collection(nameof(NothingLeftTests))]
public sealed class NothingLeftTests
{
    [Fact]
    public async Task Files_that_are_read_refused_or_left_in_the_middle_leave_no_process_behind()
    {
        // The shared reader keeps its children warm.
        string[] programs = ["pdfinfo", "pdftotext", "pdftoppm", "tesseract", "dotnet"];
        var before = programs.SelectMany(Running).ToHashSet();

        await using (var reader = await Readers.NewAsync())
        {
            var scan = TestData.Read("documents/docling/ocr/sources/nemotron_multipage.pdf");
            await reader.ReadTextAsync("<html><p>Read.", "a.html");
            await reader.FailsAsync("%PDF-1.4 broken"u8.ToArray(), "a.pdf");
            await LeaveAsync(reader, scan);
        }

        Assert.All(programs, program => Assert.Empty(Running(program).Except(before)));
    }

    private static IEnumerable<int> Running(string program) => Processes.ChildrenOf(Environment.ProcessId, program);

    private static async Task LeaveAsync(DocumentReader reader, byte[] content)
    {
        using var stream = new MemoryStream(content);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var item in reader.ReadAsync(stream, MediaTypes.Pdf, 1, stop.Token))
            {
                if (item is ReadItem.Page)
                {
                    await stop.CancelAsync();
                }
            }
        });
    }
}
