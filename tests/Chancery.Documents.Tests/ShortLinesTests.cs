using System.Text;

namespace Chancery.Documents.Tests;

public sealed class ShortLinesTests
{
    [Fact]
    public async Task Of_a_line_without_end_only_the_beginning_is_kept()
    {
        var said = "Title: " + new string('x', 3_000_000) + "\n\nPages: 3\nlast";
        using var source = new MemoryStream(Encoding.UTF8.GetBytes(said));
        var lines = new ShortLines(source);
        var read = new List<string>();

        while (await lines.ReadAsync(TestContext.Current.CancellationToken) is { } line)
        {
            read.Add(line);
        }

        Assert.Equal([ShortLines.MaxBytes, 0, 8, 4], read.Select(line => line.Length));
        Assert.StartsWith("Title: xxx", read[0], StringComparison.Ordinal);
        Assert.Equal("Pages: 3", read[2]);
    }
}
