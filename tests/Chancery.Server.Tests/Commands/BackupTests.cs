using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;
using Chancery.Server.Commands.Backup;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Backup;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Server.Tests.Commands;

/// <summary>What can go wrong with archives, on a database of the operator's.</summary>
public sealed class BackupTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>, IAsyncDisposable
{
    private static readonly string Key = Encoding.ASCII.GetString(EngineHost.MasterKey.Export()).Trim();

    private readonly string _root = Directory.CreateTempSubdirectory("chancery-backup-").FullName;
    private readonly List<string> _databases = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Archive => Path.Combine(_root, "a.tar");

    [Fact]
    public async Task An_archive_is_written_whole_or_not_at_all_and_overwrites_nothing()
    {
        await WithDocumentAsync();

        var first = await BackupAsync("--to", _root, "--json");
        var file = first.Json.GetProperty("file").GetString()!;
        var second = await BackupAsync("--to", file);
        var nowhere = await BackupAsync("--to", Path.Combine(_root, "no", "where.tar"));

        Assert.True(first.Code == 0, first.ToString());
        Assert.Equal([file], Directory.GetFiles(_root));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal((1, 1), (second.Code, nowhere.Code));
        Assert.Contains("exists already", second.Errors, StringComparison.Ordinal);
        Assert.Contains("make it first", nowhere.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_people_wrote_and_no_key_can_be_read_in_an_archive()
    {
        await WithDocumentAsync();

        await WriteAsync();

        var bytes = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(Archive, Cancel));
        Assert.DoesNotContain("whinchat", bytes, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("PGDMP", bytes, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, bytes, StringComparison.Ordinal);
    }

    /// <summary>Where a member's header (POSIX.1-1988, ustar) says anything but its name and its length.</summary>
    private static HashSet<int> UnreadOfHeaders(byte[] archive)
    {
        const int block = 512;
        var unread = new HashSet<int>();
        for (var header = 0; header + block <= archive.Length && archive[header] != 0; )
        {
            unread.UnionWith(Enumerable.Range(header + 100, 24).Concat(Enumerable.Range(header + 136, block - 136)));
            var length = Convert.ToInt32(Encoding.ASCII.GetString(archive, header + 124, 11).Trim('\0', ' '), 8);
            header += block * (1 + ((length + block - 1) / block));
        }

        return unread;
    }

    [Fact]
    public async Task An_archive_that_lost_or_changed_anything_is_named_as_damaged()
    {
        await WithDocumentAsync();
        await WriteAsync();
        var whole = await File.ReadAllBytesAsync(Archive, Cancel);
        await VerifyAsync(whole);

        var unread = UnreadOfHeaders(whole);
        // A byte in each quarter of a kilobyte, and the file cut off at each of many places.
        for (var at = 0; at < whole.Length; at += 4099)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x20;
            // Between members there are zeros that nobody reads, and in a header times and owners.
            if (whole[at] != 0 && !unread.Contains(at))
            {
                await Assert.ThrowsAsync<BackupException>(() => VerifyAsync(damaged));
            }
        }

        for (var length = 0; length < whole.Length - 1024; length += 5003)
        {
            await Assert.ThrowsAsync<BackupException>(() => VerifyAsync(whole[..length]));
        }
    }

    [Fact]
    public async Task An_archive_with_a_member_missing_too_much_or_misnamed_is_refused_and_named()
    {
        await WithDocumentAsync();
        await WriteAsync();
        var members = await MembersAsync();
        var blob = members.FindIndex(member => member.Name.StartsWith("blobs/", StringComparison.Ordinal));

        var without = await RefusedAsync(members.Where((_, place) => place != blob));
        var twice = await RefusedAsync([.. members[..blob], members[blob], .. members[blob..]]);
        var escaping = await RefusedAsync([members[0], ("../../etc/passwd", "x"u8.ToArray()), .. members[1..]]);
        var headless = await RefusedAsync(members.Where(member => member.Name != "manifest.json"));
        var swapped = await RefusedAsync(
            members.Select(member => member.Name == "members.txt" ? (member.Name, "x 1 y\n"u8.ToArray()) : member)
        );

        Assert.Contains($"{members[blob].Name} is missing", without, StringComparison.Ordinal);
        Assert.Contains("damaged", twice, StringComparison.Ordinal);
        Assert.Contains("which no backup has", escaping, StringComparison.Ordinal);
        Assert.Contains("cut off", headless, StringComparison.Ordinal);
        Assert.Contains("damaged", swapped, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_whose_digests_were_changed_with_its_content_is_found_out_by_the_signature()
    {
        await WithDocumentAsync();
        await WriteAsync();
        var members = await MembersAsync();
        var place = members.FindIndex(member => member.Name == "manifest.json");
        var manifest = JsonNode.Parse(members[place].Content)!;
        manifest["revisions"] = new JsonArray();
        members[place] = ("manifest.json", Encoding.UTF8.GetBytes(manifest.ToJsonString()));

        var refused = await RefusedAsync(members);

        Assert.Contains("signature does not fit", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_archive_is_said_to_be_none()
    {
        await File.WriteAllTextAsync(Archive, "Dear diary", Cancel);

        var text = await VerifyProgramAsync();
        await File.WriteAllBytesAsync(Archive, [], Cancel);
        var empty = await VerifyProgramAsync();
        File.Delete(Archive);
        var none = await VerifyProgramAsync();

        Assert.Equal((1, 1, 1), (text.Code, empty.Code, none.Code));
        Assert.Contains("is not a backup of Chancery", text.Errors, StringComparison.Ordinal);
        Assert.Contains("is not a backup of Chancery", empty.Errors, StringComparison.Ordinal);
        Assert.Contains("There is no file", none.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_comes_back_into_an_empty_database_and_an_older_schema_is_migrated_forward()
    {
        await WithDocumentAsync();
        // What a build before the last change of the doors left behind.
        await OwnerAsync("UPDATE migrations SET sha256 = '\\x00' WHERE name = 'migrations/Doors.sql'");
        await WriteAsync();
        await OwnerAsync("DELETE FROM migrations WHERE name = 'migrations/Doors.sql'");
        var password = StorageStart.AppPassword(EngineHost.MasterKey);
        await new Migrator(await OwnerStringAsync(), password, NullLogger.Instance).ApplyAsync(Cancel);
        var target = await EmptyDatabaseAsync();

        var result = await RestoreAsync(target, "copy");

        Assert.Equal(["migrations/Doors.sql"], result.Migrated);
        Assert.Equal(
            Directory
                .GetFiles(Path.Combine(chancery.Storage.DataDirectory, "blobs"), "*", SearchOption.AllDirectories)
                .Select(Path.GetFileName)
                .Order(StringComparer.Ordinal),
            Directory
                .GetFiles(Path.Combine(_root, "copy", "blobs"), "*", SearchOption.AllDirectories)
                .Select(Path.GetFileName)
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_restore_into_what_is_not_empty_changes_nothing()
    {
        await WithDocumentAsync();
        await WriteAsync();
        var full = Path.Combine(_root, "full");
        Directory.CreateDirectory(full);
        await File.WriteAllTextAsync(Path.Combine(full, "notes.txt"), "mine", Cancel);
        var empty = await EmptyDatabaseAsync();

        var directory = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(empty, "full"));
        var database = await Assert.ThrowsAsync<BackupException>(async () =>
            await RestoreAsync(await OwnerStringAsync(), "copy")
        );

        Assert.Contains("is not empty", directory.Message, StringComparison.Ordinal);
        Assert.Contains("is not empty", database.Message, StringComparison.Ordinal);
        Assert.Equal(["notes.txt"], Directory.GetFileSystemEntries(full).Select(Path.GetFileName));
        Assert.False(Directory.Exists(Path.Combine(_root, "copy")));
        Assert.Empty(await TablesAsync(empty));
    }

    [Fact]
    public async Task Another_master_key_is_refused_before_anything_is_written()
    {
        await WithDocumentAsync();
        await WriteAsync();
        var empty = await EmptyDatabaseAsync();

        var other = await Assert.ThrowsAsync<BackupException>(() =>
            RestoreAsync(empty, "copy", Convert.ToBase64String(new byte[32]))
        );
        var none = await Assert.ThrowsAsync<BackupException>(() => RestoreAsync(empty, "copy", key: null));
        var wrong = await BackupWithAsync(Convert.ToBase64String(new byte[32]), "--to", Path.Combine(_root, "b.tar"));

        Assert.Contains("another master key", other.Message, StringComparison.Ordinal);
        Assert.Contains("only with the master key", none.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_root, "copy")));
        Assert.Contains("not this installation's", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal([Archive], Directory.GetFiles(_root));
    }

    [Fact]
    public async Task With_the_master_key_in_it_the_archive_alone_is_enough()
    {
        await WithDocumentAsync();
        await WriteAsync(withMasterKey: true);

        var result = await RestoreAsync(await EmptyDatabaseAsync(), "copy", key: null, keepKey: true);

        Assert.Equal(Key, (await File.ReadAllTextAsync(result.KeptKey!, Cancel)).Trim());
    }

    [Fact]
    public async Task A_newer_archive_is_refused_with_the_version_that_made_it()
    {
        await WithDocumentAsync();
        await WriteAsync();
        var members = await MembersAsync();

        var format = await RefusedAsync(WithHeader(members, header => header["format"] = 99));
        var schema = await Assert.ThrowsAsync<BackupException>(async () =>
        {
            await PackAsync(
                WithHeader(members, header => header["migrations"]!.AsArray().Add("migrations/9999_later.sql"))
            );
            await RestoreAsync(await EmptyDatabaseAsync(), "copy");
        });

        Assert.Contains("newer Chancery", format, StringComparison.Ordinal);
        Assert.Contains("9999_later.sql", schema.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_root, "copy")));
    }

    [Theory]
    [InlineData("Checking")]
    [InlineData("Stored files")]
    [InlineData("Database")]
    [InlineData("Comparing")]
    [InlineData("Migrating")]
    public async Task A_restore_that_is_given_up_leaves_directory_and_database_empty(string stage)
    {
        await WithDocumentAsync();
        await WriteAsync();
        var empty = await EmptyDatabaseAsync();
        using var giveUp = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            RestoreAsync(empty, "copy", Key, cancel: giveUp, at: stage)
        );

        Assert.Empty(await TablesAsync(empty));
        Assert.Empty(
            Directory.Exists(Path.Combine(_root, "copy"))
                ? Directory.EnumerateFiles(Path.Combine(_root, "copy"), "*", SearchOption.AllDirectories)
                : []
        );
        await RestoreAsync(empty, "copy");
        Assert.NotEmpty(await TablesAsync(empty));
    }

    [Theory]
    [InlineData("Counting rows")]
    [InlineData("Database")]
    [InlineData("Stored files")]
    public async Task A_backup_that_is_given_up_leaves_no_file(string stage)
    {
        await WithDocumentAsync();
        using var giveUp = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => WriteAsync(cancel: giveUp, at: stage));

        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public async Task A_server_does_not_start_on_what_a_restore_left_half_done()
    {
        await File.WriteAllTextAsync(Path.Combine(_root, RestoreMark.Name), "", Cancel);

        var serve = await ChanceryProgram.RunAsync(["serve", "--data", _root, "--port", "0"]);

        Assert.Equal(1, serve.Code);
        Assert.Contains("was cut off", serve.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_a_backup_runs_nothing_is_swept_and_no_second_one_begins()
    {
        var user = await WithDocumentAsync();
        var stray = Path.Combine(
            chancery.Storage.DataDirectory,
            "blobs",
            $"{user.TenantId}",
            "ab",
            "ab" + new string('0', 62)
        );
        Directory.CreateDirectory(Path.GetDirectoryName(stray)!);
        await File.WriteAllTextAsync(stray, "nothing points here", Cancel);
        File.SetLastWriteTimeUtc(stray, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-2));
        var sweep = ActivatorUtilities.CreateInstance<BlobSweep>(chancery.Services);
        int during;
        BackupException second;
        await using (await SnapshotConnection.OpenAsync(await OwnerStringAsync(), Cancel))
        {
            during = await sweep.RunAsync(new TenantId(user.TenantId), Cancel);
            second = await Assert.ThrowsAsync<BackupException>(() => WriteAsync());
        }

        var after = await sweep.RunAsync(new TenantId(user.TenantId), Cancel);

        Assert.Equal((0, 1), (during, after));
        Assert.Contains("Another backup", second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stored_file_that_is_gone_is_named_and_the_rest_is_backed_up()
    {
        var user = await WithDocumentAsync();
        await user.ReadyTextAsync("# Second\n\nThe wheatear.", "second.md");
        var lost = Directory
            .GetFiles(
                Path.Combine(chancery.Storage.DataDirectory, "blobs", $"{user.TenantId}"),
                "*",
                SearchOption.AllDirectories
            )
            .First();
        File.Move(lost, lost + "-");

        var backup = await BackupAsync("--to", Archive, "--json");
        File.Move(lost + "-", lost);

        Assert.Equal(1, backup.Code);
        Assert.EndsWith(
            Path.GetFileName(lost),
            backup.Json.GetProperty("missing").EnumerateArray().Single().GetString(),
            StringComparison.Ordinal
        );
        Assert.Equal(0, (await VerifyProgramAsync()).Code);
    }

    [Fact]
    public async Task A_full_disk_is_said_and_leaves_nothing()
    {
        await WithDocumentAsync();
        const string script = """
            mount -t tmpfs -o size=16k,mode=700 none "$1" && { dotnet "$0" backup --to "$1/a.tar" --data "$2"; code=$?; ls -A "$1"; exit $code; }
            """;
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(
                "unshare",
                [
                    // Mounting takes root, or a namespace where we may.
                    .. System.Environment.UserName == "root"
                        ? Array.Empty<string>()
                        : ["--user", "--map-current-user", "--keep-caps"],
                    "--mount",
                    "sh",
                    "-c",
                    script,
                    ChanceryProgram.Assembly,
                    Directory.CreateDirectory(Path.Combine(_root, "small")).FullName,
                    chancery.Storage.DataDirectory,
                ]
            )
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["DATABASE_URL"] = await OwnerStringAsync(), ["CHANCERY_MASTER_KEY"] = Key },
            }
        )!;

        var run = await ChanceryProgram.FinishAsync(process);

        Assert.True(run.Code == 1, run.ToString());
        Assert.Contains("The disk is full", run.Errors, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
    }

    [Fact]
    public async Task Pending_migrations_are_told_by_the_exit_code_and_applied()
    {
        var database = await EmptyDatabaseAsync();
        var environment = SettingsOf(database, Key);

        var pending = await ChanceryProgram.RunAsync(["migrate", "--check", "--data", _root, "--json"], environment);
        var applied = await ChanceryProgram.RunAsync(["migrate", "--data", _root], environment);
        var none = await ChanceryProgram.RunAsync(["migrate", "--check", "--data", _root], environment);
        var wrong = await ChanceryProgram.RunAsync(["migrate", "--chekc"], environment);

        Assert.True(
            (pending.Code, applied.Code, none.Code, wrong.Code) == (5, 0, 0, 2),
            $"{pending}{applied}{none}{wrong}"
        );
        Assert.True(pending.Json.GetProperty("pending").GetArrayLength() >= 8);
        Assert.Contains("migrations", await TablesAsync(database));
    }

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(_root, recursive: true);
        foreach (var database in _databases)
        {
            await EngineHost.DropDatabaseAsync(database);
        }
    }

    private async Task<TestUser> WithDocumentAsync()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# Heath\n\nThe whinchat sings on the heath.", "heath.md");
        return user;
    }

    private static async Task<string> OwnerOfClusterAsync() => (await EngineHost.GetAsync()).Owner;

    // A data source hides its password.
    private async Task<string> OwnerStringAsync() =>
        new NpgsqlConnectionStringBuilder(await OwnerOfClusterAsync())
        {
            Database = new NpgsqlConnectionStringBuilder(chancery.Storage.AppConnectionString).Database,
        }.ConnectionString;

    private async Task<string> EmptyDatabaseAsync()
    {
        var name = $"empty_{Guid.CreateVersion7():n}";
        await using var source = NpgsqlDataSource.Create(await OwnerOfClusterAsync());
        await using var create = source.CreateCommand($"CREATE DATABASE {name}");
        await create.ExecuteNonQueryAsync(Cancel);
        _databases.Add(name);
        return new NpgsqlConnectionStringBuilder(await OwnerOfClusterAsync())
        {
            Database = name,
            Pooling = false,
        }.ConnectionString;
    }

    private static async Task<IReadOnlyList<string>> TablesAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(TableDigests.NamesSql);
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var names = new List<string>();
        while (await reader.ReadAsync(Cancel))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private async Task OwnerAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static Dictionary<string, string?> SettingsOf(string database, string? key) =>
        new() { ["DATABASE_URL"] = database, ["CHANCERY_MASTER_KEY"] = key };

    private Task<Run> BackupAsync(params string[] arguments) => BackupWithAsync(Key, arguments);

    private async Task<Run> BackupWithAsync(string key, params string[] arguments) =>
        await ChanceryProgram.RunAsync(
            ["backup", "--data", chancery.Storage.DataDirectory, .. arguments],
            SettingsOf(await OwnerStringAsync(), key)
        );

    private Task<Run> VerifyProgramAsync() => ChanceryProgram.RunAsync(["verify", Archive, "--data", _root]);

    private async Task WriteAsync(bool withMasterKey = false, CancellationTokenSource? cancel = null, string at = "")
    {
        await using var database = await InstallationDatabase.OpenAsync(
            new ConfigurationBuilder().AddInMemoryCollection(SettingsOf(await OwnerStringAsync(), Key)).Build(),
            chancery.Storage.DataDirectory,
            NullLoggerFactory.Instance,
            Cancel
        );
        await new BackupWriter(database, EngineHost.MasterKey, "0.1.0", BackupCommand.Parts).WriteAsync(
            Archive,
            withMasterKey,
            new GivingUp(at, cancel),
            cancel?.Token ?? Cancel
        );
    }

    private async Task<RestoreResult> RestoreAsync(
        string database,
        string directory,
        string? key = "",
        bool keepKey = false,
        CancellationTokenSource? cancel = null,
        string at = ""
    )
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(SettingsOf(database, key?.Length == 0 ? Key : key))
            .Build();
        return await new BackupRestore(
            configuration,
            Path.Combine(_root, directory),
            keepKey,
            BackupCommand.Parts,
            NullLoggerFactory.Instance
        ).RunAsync(Archive, new GivingUp(at, cancel), cancel?.Token ?? Cancel);
    }

    private async Task<VerifiedBackup> VerifyAsync(byte[] archive)
    {
        var path = Path.Combine(_root, "damaged.tar");
        await File.WriteAllBytesAsync(path, archive, Cancel);
        await using var reader = await BackupReader.OpenAsync(path, Cancel);
        using var keys = reader.KeysOf(EngineHost.MasterKey) ?? throw new BackupException("Another key.");
        return await reader.VerifyAsync(keys, new GivingUp("", null), Cancel);
    }

    private async Task<List<(string Name, byte[] Content)>> MembersAsync()
    {
        await using var file = File.OpenRead(Archive);
        await using var tar = new TarReader(file);
        var members = new List<(string, byte[])>();
        while (await tar.GetNextEntryAsync(copyData: true, Cancel) is { } entry)
        {
            members.Add((entry.Name, await BackupReader.AllAsync(entry.DataStream!, Cancel)));
        }

        return members;
    }

    private async Task PackAsync(IEnumerable<(string Name, byte[] Content)> members)
    {
        await using var file = File.Create(Archive);
        await using var tar = new TarWriter(file);
        foreach (var (name, content) in members)
        {
            await tar.WriteEntryAsync(
                new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) },
                Cancel
            );
        }
    }

    private async Task<string> RefusedAsync(IEnumerable<(string Name, byte[] Content)> members)
    {
        await PackAsync(members);
        var bytes = await File.ReadAllBytesAsync(Archive, Cancel);
        return (await Assert.ThrowsAsync<BackupException>(() => VerifyAsync(bytes))).Message;
    }

    private static IEnumerable<(string Name, byte[] Content)> WithHeader(
        List<(string Name, byte[] Content)> members,
        Action<JsonNode> change
    )
    {
        var header = JsonNode.Parse(members[0].Content)!;
        change(header);
        return [(members[0].Name, Encoding.UTF8.GetBytes(header.ToJsonString())), .. members[1..]];
    }

    /// <summary>Cancels when a stage is reached, as somebody who presses Ctrl-C just then.</summary>
    private sealed class GivingUp(string stage, CancellationTokenSource? cancel) : IProgress<BackupProgress>
    {
        public void Report(BackupProgress value)
        {
            if (value.Stage == stage)
            {
                cancel?.Cancel();
            }
        }
    }
}
