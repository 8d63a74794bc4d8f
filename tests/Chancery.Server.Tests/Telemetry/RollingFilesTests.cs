using System.IO.Compression;
using Chancery.Server.Platform.Telemetry;
using Serilog.Events;
using Serilog.Parsing;

namespace Chancery.Server.Tests.Telemetry;

public sealed class RollingFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("chancery-logs-").FullName;
    private readonly Clock _clock = new();

    [Fact]
    public void A_file_is_named_after_process_and_day()
    {
        using var files = Create();

        files.Emit(Line("hello"));

        var path = Assert.Single(Directory.GetFiles(_directory));
        Assert.Equal("app_serve_20260131.log", Path.GetFileName(path));
        Assert.Contains("hello", ReadShared(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_file_is_set_aside_and_packed_and_no_line_is_lost()
    {
        using var files = Create(maxBytes: 2_000);

        for (var i = 0; i < 100; i++)
        {
            files.Emit(Line($"line {i:000}"));
        }

        await files.PackedAsync();
        var packed = Directory.GetFiles(_directory, "*.gz");
        Assert.All(
            packed,
            path => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path))
        );
        Assert.True(packed.Length > 1);
        Assert.Single(Directory.GetFiles(_directory, "*.log"));
        Assert.All(Directory.GetFiles(_directory, "*.log"), path => Assert.True(new FileInfo(path).Length <= 2_000));
        var all = string.Concat(packed.Select(Unpack)) + ReadShared(Path.Combine(_directory, "app_serve_20260131.log"));
        Assert.All(Enumerable.Range(0, 100), i => Assert.Contains($"line {i:000}", all, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_day_begins_a_new_file_and_packs_the_old_one()
    {
        using var files = Create();
        files.Emit(Line("yesterday"));

        _clock.Now = _clock.Now.AddDays(1);
        files.Emit(Line("today"));

        await files.PackedAsync();
        Assert.Contains(
            "yesterday",
            Unpack(Path.Combine(_directory, "app_serve_20260131.log.gz")),
            StringComparison.Ordinal
        );
        Assert.True(File.Exists(Path.Combine(_directory, "app_serve_20260201.log")));
    }

    [Fact]
    public async Task A_restart_goes_on_in_the_same_file_and_does_not_overwrite_what_was_packed()
    {
        using (var files = Create(maxBytes: 400))
        {
            files.Emit(Line("one " + new string('a', 300)));
            files.Emit(Line("two " + new string('b', 300)));
            await files.PackedAsync();
        }

        using (var files = Create(maxBytes: 400))
        {
            files.Emit(Line("three " + new string('c', 300)));
            await files.PackedAsync();
        }

        Assert.Equal(2, Directory.GetFiles(_directory, "*.gz").Length);
        var packed = string.Concat(Directory.GetFiles(_directory, "*.gz").Select(Unpack));
        Assert.Contains("one", packed, StringComparison.Ordinal);
        Assert.Contains("two", packed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packed_files_that_are_old_enough_are_removed()
    {
        var old = Path.Combine(_directory, "app_serve_20251201.log.gz");
        await File.WriteAllTextAsync(old, "", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(old, new DateTime(2025, 12, 1, 0, 0, 0, DateTimeKind.Utc));
        using var files = Create();

        files.Emit(Line("hello"));

        await files.PackedAsync();
        Assert.False(File.Exists(old));
    }

    [Fact]
    public void A_full_disk_costs_lines_and_never_throws()
    {
        File.CreateSymbolicLink(Path.Combine(_directory, "app_serve_20260131.log"), "/dev/full");
        using var files = Create();

        files.Emit(Line("lost"));
        files.Emit(Line("lost too"));

        Assert.Equal(2, files.LostLines);
    }

    [Fact]
    public void After_a_moment_the_file_is_tried_again()
    {
        var blocked = Path.Combine(_directory, "logs");
        File.WriteAllText(blocked, "a file where the directory should be");
        using var files = Create(blocked);
        files.Emit(Line("lost"));

        File.Delete(blocked);
        _clock.Now = _clock.Now.AddSeconds(6);
        files.Emit(Line("written"));

        Assert.Equal(1, files.LostLines);
        Assert.Contains(
            "written",
            ReadShared(Path.Combine(blocked, "app_serve_20260131.log")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Lines_of_somebody_are_taken_out_of_every_file_and_files_without_any_stay_as_they_are()
    {
        using var files = Create();
        files.Emit(Line("of nobody"));
        NextDay();
        files.Emit(Line("of them, and"));
        files.Emit(Line("of somebody else"));
        NextDay();
        files.Emit(Line("of Them again"));
        files.Emit(Line("goes on"));
        await files.PackedAsync();
        var untouched = Path.Combine(_directory, "app_serve_20260131.log.gz");
        var before = (
            Bytes: await File.ReadAllBytesAsync(untouched, Cancel),
            Written: File.GetLastWriteTimeUtc(untouched)
        );

        // Of an earlier erasing that was cut off: of others, too.
        string[] left =
        [
            "app_serve_20260131.log.gz.part",
            "app_serve_20260201.log.gz.part",
            "app_serve_20260130.log.new",
        ];
        foreach (var name in left)
        {
            await File.WriteAllTextAsync(Path.Combine(_directory, name), "of them, half", Cancel);
        }

        var gone = await files.EraseAsync(["of them"], Cancel);
        files.Emit(Line("after"));

        Assert.Equal(2, gone.Count);
        Assert.All(left, name => Assert.False(File.Exists(Path.Combine(_directory, name))));
        Assert.Equal(before.Bytes, await File.ReadAllBytesAsync(untouched, Cancel));
        Assert.Equal(before.Written, File.GetLastWriteTimeUtc(untouched));
        var packed = Unpack(Path.Combine(_directory, "app_serve_20260201.log.gz"));
        Assert.DoesNotContain("of them", packed, StringComparison.Ordinal);
        Assert.Contains("of somebody else", packed, StringComparison.Ordinal);
        var open = ReadShared(Path.Combine(_directory, "app_serve_20260202.log"));
        Assert.DoesNotContain("of Them", open, StringComparison.Ordinal);
        Assert.Contains("goes on", open, StringComparison.Ordinal);
        Assert.Contains("after", open, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_packed_file_that_is_damaged_goes_whole_and_the_others_are_looked_through_all_the_same()
    {
        using var files = Create();
        files.Emit(Line("a line"));
        var damaged = Path.Combine(_directory, "app_serve_20260101.log.gz");
        await File.WriteAllTextAsync(damaged, "this was never packed", Cancel);
        files.Emit(Line("of them"));

        var gone = await files.EraseAsync(["of them"], Cancel);

        Assert.Equal(2, gone.Count);
        Assert.False(File.Exists(damaged));
        Assert.DoesNotContain(
            "of them",
            ReadShared(Path.Combine(_directory, "app_serve_20260131.log")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Log_files_are_nobody_elses_to_read()
    {
        using var files = Create();

        files.Emit(Line("hello"));

        var mode = File.GetUnixFileMode(Path.Combine(_directory, "app_serve_20260131.log"));
        Assert.Equal(UnixFileMode.None, mode & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private void NextDay() => _clock.Now = _clock.Now.AddDays(1);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private RollingFiles Create(string? directory = null, long maxBytes = 100_000) =>
        new(directory ?? _directory, "serve", maxBytes, TimeSpan.FromDays(30), new JsonLines(), _clock);

    private LogEvent Line(string text) =>
        new(_clock.Now, LogEventLevel.Information, null, new MessageTemplateParser().Parse(text), []);

    private static string ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }

    private static string Unpack(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
