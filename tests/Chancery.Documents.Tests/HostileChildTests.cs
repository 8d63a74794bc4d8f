namespace Chancery.Documents.Tests;

/// <summary>A child that a document has taken over says what it likes. Tried with programs that do.</summary>
public sealed class HostileChildTests : IDisposable
{
    private readonly DirectoryInfo _tools = Directory.CreateTempSubdirectory("tools");

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"kind":"other"}""")]
    [InlineData("""{"kind":"page"}""")]
    [InlineData("""{"kind":"page","number":1,"text":null,"blocks":[]}""")]
    [InlineData("""{"kind":"page","number":7,"text":"x","blocks":[]}""")]
    [InlineData("""{"kind":"page","number":-1,"text":"x","blocks":[]}""")]
    [InlineData("""{"kind":"page","number":1,"text":"a\u0000b","blocks":[]}""")]
    [InlineData("""{"kind":"page","number":1,"text":"a\u202Eb","blocks":[]}""")]
    [InlineData("""{"kind":"page","number":1,"text":"a","blocks":[],"label":"\u0000"}""")]
    [InlineData("""{"kind":"page","number":1,"text":"a","blocks":[1,0,1,0,0],"places":["\u202E"]}""")]
    [InlineData("""{"kind":"page","number":1,"text":"a","blocks":[1,0,1,-1,0]}""")]
    [InlineData("""{"kind":"page","number":1,"text":"a","blocks":[1,0,2,0,0]}""")]
    [InlineData("""{"kind":"header","pageCount":null,"title":"\u0000","author":null}""")]
    [InlineData("""{"kind":"header","pageCount":-3,"title":null,"author":null}""")]
    public async Task What_makes_no_sense_ends_the_reading_at_once(string reply)
    {
        await using var reader = await NewReaderAsync($"printf '%s\\n' '{reply}'; exec sleep 60");

        var failure = await reader.FailsAsync("a text"u8.ToArray(), "a.txt");

        Assert.Equal(ReadFailure.Malformed, failure.Failure);
    }

    [Fact]
    public async Task An_endless_line_ends_the_reading_at_once()
    {
        await using var reader = await NewReaderAsync("exec tr '\\0' x </dev/zero");

        var failure = await reader.FailsAsync("a text"u8.ToArray(), "a.txt");

        Assert.Equal(ReadFailure.Malformed, failure.Failure);
    }

    [Fact]
    public async Task What_it_says_of_a_failure_is_not_shown_where_it_could_mislead()
    {
        await using var reader = await NewReaderAsync(
            """printf '%s\n' '{"kind":"failed","failure":"malformed","reason":"Log in at \u202Eexample"}'; exec sleep 60"""
        );

        var failure = await reader.FailsAsync("a text"u8.ToArray(), "a.txt");

        Assert.DoesNotContain('\u202E', failure.Reason);
    }

    public void Dispose() => _tools.Delete(recursive: true);

    private async Task<DocumentReader> NewReaderAsync(string script)
    {
        const UnixFileMode Readable = (UnixFileMode)0b111_101_101;
        File.SetUnixFileMode(_tools.FullName, Readable);
        var child = Path.Combine(_tools.FullName, "child");
        await File.WriteAllTextAsync(child, "#!/bin/bash\n" + script + "\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(child, Readable);
        return await Readers.NewAsync(
            Readers.Options with
            {
                ChildCommand = [child],
                PageTimeout = TimeSpan.FromSeconds(20),
            }
        );
    }
}
