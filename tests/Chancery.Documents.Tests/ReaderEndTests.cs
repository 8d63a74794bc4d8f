namespace Chancery.Documents.Tests;

/// <summary>What a reader's end means, tried with programs that end in every way poppler can.</summary>
public sealed class ReaderEndTests : IDisposable
{
    private readonly DirectoryInfo _tools = Directory.CreateTempSubdirectory("tools");

    [Theory]
    [InlineData("echo 'Out of memory' >&2; kill -ABRT $$", ReadFailure.OutOfMemory)]
    [InlineData("kill -KILL $$", ReadFailure.ReaderUnavailable)]
    // Also where the tests run under nohup or in a script's background, which ignore these two and pass that on.
    [InlineData("exec env --default-signal=INT bash -c 'kill -INT $$'", ReadFailure.ReaderUnavailable)]
    [InlineData("kill -TERM $$", ReadFailure.ReaderUnavailable)]
    [InlineData("exec env --default-signal=HUP bash -c 'kill -HUP $$'", ReadFailure.ReaderUnavailable)]
    [InlineData("kill -SEGV $$", ReadFailure.Malformed)]
    [InlineData("kill -XCPU $$", ReadFailure.TimedOut)]
    [InlineData("exit 1", ReadFailure.Malformed)]
    [InlineData("exit 0", ReadFailure.Malformed)]
    [InlineData("exit 127", ReadFailure.ReaderUnavailable)]
    [InlineData("exec sleep 60", ReadFailure.TimedOut)]
    [InlineData(
        "echo '<page width=\"9\" height=\"9\">'; exec yes '<word x=\"1\" y=\"1\" z=\"2\" w=\"2\">x</word>'",
        ReadFailure.TooLarge
    )]
    [InlineData("echo '<page width=\"9\" height=\"9\"><word x=\"'; exec tr '\\0' x </dev/zero", ReadFailure.TooLarge)]
    [InlineData("echo 'Command Line Error: Incorrect password' >&2; exit 1", ReadFailure.Encrypted)]
    public async Task Every_end_of_the_reader_becomes_a_reason(string script, ReadFailure expected)
    {
        Install("pdfinfo", "echo 'Pages: 3'");
        Install("pdftotext", script);
        await using var reader = await NewReaderAsync();

        var failure = await reader.FailsAsync("%PDF-1.4"u8.ToArray(), "a.pdf");

        Assert.Equal(expected, failure.Failure);
    }

    [Fact]
    public async Task Pages_before_the_crash_are_good_and_the_reason_names_the_page_after_them()
    {
        Install("pdfinfo", "echo 'Pages: 3'");
        Install(
            "pdftotext",
            """
            printf '<page width="100" height="100"><block><line><word a="1" b="1" c="9" d="9">A &amp; B</word></line></block></page>'
            printf '<page width="100" height="100"><block><line><word a="1" b="nan" c="9" d="9">x</word>'
            kill -SEGV $$
            """
        );
        await using var reader = await NewReaderAsync();
        var texts = new List<string>();

        var failure = await Assert.ThrowsAsync<DocumentUnreadableException>(async () =>
        {
            using var content = new MemoryStream("%PDF-1.4"u8.ToArray());
            await foreach (
                var item in reader.ReadAsync(content, MediaTypes.Pdf, 1, TestContext.Current.CancellationToken)
            )
            {
                if (item is ReadItem.Page page)
                {
                    texts.Add(page.Content.Text);
                }
            }
        });

        Assert.Equal(["A & B"], texts);
        Assert.Contains("page 2", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_sees_only_the_search_path_of_its_environment()
    {
        Install("pdfinfo", "echo 'Pages: 1'");
        Install(
            "pdftotext",
            """
            printf '<page width="9" height="9"><block><line><word a="1" b="1" c="9" d="9">'
            while IFS= read -r -d '' variable; do printf '%s;' "${variable%%=*}"; done < /proc/self/environ
            printf '</word></line></block></page>'
            """
        );
        await using var reader = await NewReaderAsync();

        var (_, pages) = await reader.ReadAsync("%PDF-1.4"u8.ToArray(), "a.pdf");

        Assert.Equal("PATH;", Assert.Single(pages).Text);
    }

    public void Dispose() => _tools.Delete(recursive: true);

    private async Task<DocumentReader> NewReaderAsync()
    {
        const UnixFileMode Readable =
            UnixFileMode.UserRead
            | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute
            | UnixFileMode.OtherRead
            | UnixFileMode.OtherExecute
            | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute;
        File.SetUnixFileMode(_tools.FullName, Readable);
        var path = _tools.FullName + ":" + Readers.SearchPath;
        var options = Readers.Options with { SearchPath = path, PageTimeout = TimeSpan.FromSeconds(3) };
        return new DocumentReader(options, await Sandbox.ProbeAsync(path, TestContext.Current.CancellationToken));
    }

    private void Install(string name, string script)
    {
        var path = Path.Combine(_tools.FullName, name);
        File.WriteAllText(path, "#!/bin/bash\n" + script + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }
}
