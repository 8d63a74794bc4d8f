using System.Diagnostics;
using System.Text;

namespace Chancery.Documents.Tests;

/// <summary>Children that end in the middle of a file. Alone, because they are looked for, and killed, by their programs' names.</summary>
[Collection(nameof(NothingLeftTests))]
public sealed class EndedChildTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_child_killed_in_the_middle_is_worth_a_retry_and_the_next_file_gets_another()
    {
        await using var reader = await Readers.NewAsync(Readers.Options with { WarmChildren = 1 });
        await reader.ReadTextAsync("warm", "a.txt");
        var text = string.Join(
            "\n\n",
            Enumerable.Range(0, 20_000).Select(i => $"Paragraph {i} " + new string('x', 300))
        );

        var failure = await Assert.ThrowsAsync<DocumentUnreadableException>(async () =>
        {
            using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
            await foreach (var item in reader.ReadAsync(content, MediaTypes.PlainText, 1, Cancel))
            {
                if (item is ReadItem.Page { Content.Number: 3 })
                {
                    foreach (var child in Processes.ChildrenOf(Environment.ProcessId, "dotnet"))
                    {
                        using var process = Process.GetProcessById(child);
                        process.Kill();
                    }
                }
            }
        });

        Assert.Equal(ReadFailure.ReaderUnavailable, failure.Failure);
        var (_, pages) = await reader.ReadTextAsync("another", "b.txt");
        Assert.Equal("another", Assert.Single(pages).Text);
    }

    [Fact]
    public async Task Leaving_in_the_middle_ends_the_child()
    {
        await using var reader = await Readers.NewAsync();
        await using var file = File.OpenRead(TestData.PathOf("qa/financebench/pdfs/PEPSICO_2022_10K.pdf"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var during = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var item in reader.ReadAsync(file, MediaTypes.Pdf, 1, stop.Token))
            {
                if (item is ReadItem.Page { Content.Number: 5 })
                {
                    during = Processes.ChildrenOf(Environment.ProcessId, "pdftotext").Count();
                    await stop.CancelAsync();
                }
            }
        });

        Assert.True(during > 0, "The child was running while pages came.");
        Assert.Equal(0, Processes.ZombiesOf(Environment.ProcessId, "pdftotext"));
    }
}
