using Chancery.Server.Commands.Remote;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Tests.Commands;

public sealed class TerminalTests
{
    [Theory]
    [InlineData("*.md", "a.md", true)]
    [InlineData("*.md", "deep/down/A.MD", true)]
    [InlineData("*.md", "a.mdx", false)]
    [InlineData("drafts/**", "drafts/x/y.md", true)]
    [InlineData("drafts/**", "other/drafts.md", false)]
    [InlineData("**/old/*.txt", "a/b/old/c.txt", true)]
    [InlineData("**/old/*.txt", "old/c.txt", true)]
    [InlineData("**/old/*.txt", "old/deep/c.txt", false)]
    [InlineData("report-202[45].pdf", "report-2025.pdf", true)]
    [InlineData("report-202[!45].pdf", "report-2025.pdf", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a+(b", "a+(b", true)]
    public void A_pattern_fits_as_in_a_shell(string pattern, string path, bool fits) =>
        Assert.Equal(fits, new Globs([pattern]).Match(path));

    [Theory]
    [InlineData(0, 40, 1, "Uploading  [------------------------]   0 %  0 of 40 files")]
    [InlineData(10, 40, 10, "Uploading  [######------------------]  25 %  10 of 40 files, about 30 s left")]
    [InlineData(40, 40, 40, "Uploading  [########################] 100 %  40 of 40 files")]
    public void The_bar_tells_how_far_it_is_and_how_long_it_takes(int done, int total, int seconds, string line) =>
        Assert.Equal(line, ProgressLine.LineOf("Uploading", done, total, "files", TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void What_documents_hold_cannot_steer_the_terminal() =>
        Assert.Equal("a?[31mb\tc\nd?", RemoteCommand.Safe("a\u001b[31mb\tc\nd\u009b"));

    [Theory]
    [InlineData("chancery.example.org", "https://chancery.example.org")]
    [InlineData("chancery.example.org:8000", "https://chancery.example.org:8000")]
    [InlineData("10.1.2.3:8000/base/", "https://10.1.2.3:8000/base")]
    [InlineData("localhost:8000", "http://localhost:8000")]
    [InlineData("127.0.0.1", "http://127.0.0.1")]
    [InlineData("[::1]:8000", "http://[::1]:8000")]
    [InlineData("http://chancery.example.org", "http://chancery.example.org")]
    public void A_server_named_without_a_scheme_is_called_by_https_unless_it_is_this_machine(
        string given,
        string address
    ) => Assert.Equal(address, ServerSession.AddressOf(given, new Credentials("/nonexistent")));

    [Fact]
    public async Task Two_commands_at_once_lose_no_line_of_the_journal()
    {
        var directory = Directory.CreateTempSubdirectory("chancery-journal-").FullName;
        try
        {
            IngestJournal[] journals = [new("o", directory), new("o", directory)];
            var document = Guid.CreateVersion7();

            await Task.WhenAll(
                Enumerable
                    .Range(0, 100)
                    .Select(number =>
                        Task.Run(
                            () =>
                                journals[number % 2]
                                    .Record(
                                        new IngestJournal.Entry(
                                            $"/in/{new string('x', number)}{number}",
                                            document,
                                            "abc"
                                        )
                                    ),
                            TestContext.Current.CancellationToken
                        )
                    )
            );

            var read = new IngestJournal("o", directory);
            Assert.All(
                Enumerable.Range(0, 100),
                number => Assert.NotNull(read.Of($"/in/{new string('x', number)}{number}"))
            );
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void Nothing_is_drawn_where_nobody_watches()
    {
        var output = new StringWriter();
        using var line = new ProgressLine(output, isWatched: false, TimeProvider.System);

        line.Report("Uploading", 1, 2, "files");
        line.Say("done");

        Assert.Equal("done" + Environment.NewLine, output.ToString());
    }
}
