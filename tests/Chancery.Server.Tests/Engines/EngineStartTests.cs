using Chancery.Server.Platform.Engines;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Chancery.Server.Tests.Engines;

public sealed class EngineStartTests : IAsyncDisposable
{
    private readonly EngineSandbox _sandbox = new();

    private static bool IsRoot => Environment.UserName == "root";

    public ValueTask DisposeAsync() => _sandbox.DisposeAsync();

    [Fact]
    public async Task A_second_start_keeps_the_data_and_a_stop_leaves_nothing_running()
    {
        string? socket;
        IReadOnlyList<EngineState> first;

        await using (var engines = await _sandbox.StartAsync())
        {
            await EngineSandbox.QueryAsync<object>(
                engines.OwnerConnectionString,
                "CREATE TABLE kept AS SELECT 42 AS answer"
            );
            first = engines.States;
            socket = engines.SocketDirectory;
        }

        Assert.All(first, state => Assert.False(EngineSandbox.IsAlive(state.ProcessId)));
        Assert.False(Directory.Exists(socket));

        await using var again = await _sandbox.StartAsync();
        Assert.Equal(42, await EngineSandbox.QueryAsync<int>(again.OwnerConnectionString, "SELECT answer FROM kept"));
    }

    [Fact]
    public async Task Engines_run_without_rights_in_a_session_of_their_own()
    {
        await using var engines = await _sandbox.StartAsync();

        Assert.Equal(2, engines.States.Count);

        foreach (var state in engines.States)
        {
            var status = File.ReadAllLines($"/proc/{state.ProcessId}/status");
            var users = status.Single(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1..];
            Assert.All(users, user => Assert.NotEqual("0", user));
            Assert.Contains("NoNewPrivs:\t1", status);

            // pid (name) state parent group session: Ctrl-C goes to the server's group and must not reach the engine.
            var stat = File.ReadAllText($"/proc/{state.ProcessId}/stat");
            Assert.Equal(state.ProcessId.ToString(), stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);
        }
    }

    [Fact]
    public async Task PostgreSQL_keeps_to_its_socket_asks_everybody_for_a_password_and_checks_its_pages()
    {
        await using var engines = await _sandbox.StartAsync();

        var facts = await EngineSandbox.QueryAsync<string>(
            engines.OwnerConnectionString,
            """
            SELECT concat_ws('|', current_setting('listen_addresses'), current_setting('data_checksums'),
              current_setting('server_encoding'), current_setting('fsync'),
              (SELECT string_agg(DISTINCT auth_method, ',' ORDER BY auth_method) FROM pg_hba_file_rules))
            """
        );

        Assert.Equal("|on|UTF8|on|reject,scram-sha-256", facts);
        Assert.Equal(0x1C0, (int)File.GetUnixFileMode(engines.SocketDirectory!));

        var guess = new NpgsqlConnectionStringBuilder(engines.OwnerConnectionString) { Password = "guess" };
        var refused = await Assert.ThrowsAsync<PostgresException>(() =>
            EngineSandbox.QueryAsync<int>(guess.ConnectionString, "SELECT 1")
        );
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    public async Task Passwords_are_in_no_command_line_no_environment_and_no_file_that_others_may_read()
    {
        await using var engines = await _sandbox.StartAsync();
        var owner = new NpgsqlConnectionStringBuilder(engines.OwnerConnectionString).Password!;
        string[] secrets = [owner, engines.RedisPassword!];

        foreach (var state in engines.States)
        {
            var visible =
                File.ReadAllText($"/proc/{state.ProcessId}/cmdline")
                + File.ReadAllText($"/proc/{state.ProcessId}/environ");
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, visible));
            Assert.DoesNotContain("HOME=", visible);
        }

        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.OtherRead;

        foreach (var file in Directory.EnumerateFiles(_sandbox.Data, "*", SearchOption.AllDirectories))
        {
            Assert.True((File.GetUnixFileMode(file) & others) == 0, file);
        }
    }

    [Fact]
    public async Task A_second_server_on_the_same_directory_is_told_who_holds_it()
    {
        await using var engines = await _sandbox.StartAsync();
        engines.Announce("http://localhost:4711");

        var refused = await Assert.ThrowsAsync<EngineException>(() => _sandbox.StartAsync());

        Assert.Contains($"process {Environment.ProcessId}, since 20", refused.Message);
        Assert.Contains("http://localhost:4711", refused.Message);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.All(engines.States, state => Assert.True(EngineSandbox.IsAlive(state.ProcessId)));
    }

    [Fact]
    public async Task A_directory_of_another_version_is_left_alone_and_both_versions_are_named()
    {
        string version;
        string path;

        await using (var engines = await _sandbox.StartAsync())
        {
            path = Path.Combine(engines.EngineDirectory, "postgres", "PG_VERSION");
            version = File.ReadAllText(path);
        }

        File.WriteAllText(path, "12\n");

        var refused = await Assert.ThrowsAsync<EngineException>(() => _sandbox.StartAsync());

        Assert.Contains("made by PostgreSQL 12", refused.Message);
        Assert.Contains($"this machine has {version.Trim()}", refused.Message);
        Assert.DoesNotContain('\n', refused.Message);

        File.WriteAllText(path, version);
        await using var again = await _sandbox.StartAsync();
    }

    [Fact]
    public async Task A_deep_directory_gets_a_socket_that_fits_the_kernels_limit()
    {
        var deep = Path.Combine(_sandbox.Root, new string('d', 100), new string('e', 100));
        Directory.CreateDirectory(deep);

        await using var engines = await _sandbox.StartAsync(
            new EngineOptions(Path.Combine(deep, "data")) { SocketRoot = deep, FallbackRoot = _sandbox.Fallback }
        );

        Assert.InRange(Path.Combine(engines.SocketDirectory!, ".s.PGSQL.5432").Length, 1, 107);
        Assert.Equal(1, await EngineSandbox.QueryAsync<int>(engines.OwnerConnectionString, "SELECT 1"));
    }

    [Fact]
    public async Task A_directory_that_the_engines_user_cannot_reach_is_replaced_and_one_line_says_so()
    {
        var home = Path.Combine(_sandbox.Root, "home");
        Directory.CreateDirectory(home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var options = new EngineOptions(Path.Combine(home, "data")) { FallbackRoot = _sandbox.Fallback };
        var log = new LineLog();

        await using (var engines = await _sandbox.StartAsync(options, log))
        {
            await EngineSandbox.QueryAsync<object>(engines.OwnerConnectionString, "CREATE TABLE kept (n int)");
            var expected = IsRoot ? _sandbox.Fallback : home;
            Assert.StartsWith(expected, engines.EngineDirectory);
        }

        Assert.Equal(IsRoot ? 1 : 0, log.Lines.Count(line => line.Contains("cannot reach", StringComparison.Ordinal)));
        Assert.Equal(0x1C0, (int)File.GetUnixFileMode(home));

        // Opened later, the same database is still the one that is used.
        File.SetUnixFileMode(home, File.GetUnixFileMode(home) | UnixFileMode.OtherExecute);
        await using var again = await _sandbox.StartAsync(options);
        Assert.Equal(
            0L,
            await EngineSandbox.QueryAsync<long>(again.OwnerConnectionString, "SELECT count(*) FROM kept")
        );
    }

    [Fact]
    public async Task A_full_disk_is_one_clear_line()
    {
        Directory.CreateDirectory(_sandbox.Data);
        var host = Path.Combine(AppContext.BaseDirectory, "Chancery.EngineHost.dll");

        // A disk of its own that only this process sees; mounting it takes root, or a namespace where we may.
        string[] rights = IsRoot ? [] : ["--user", "--map-current-user", "--keep-caps"];
        const string script = "mount -t tmpfs -o size=20m,mode=755 none \"$1\" && exec dotnet \"$0\" \"$1\"";
        var starting = _sandbox.Start("unshare", [.. rights, "--mount", "sh", "-c", script, host, _sandbox.Data]);
        var said = await starting.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.StartsWith("The disk is full: ", said);
        Assert.Single(said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private sealed class LineLog : ILoggerFactory, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) { }

        public void Dispose() { }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            lock (Lines)
            {
                Lines.Add(formatter(state, exception));
            }
        }
    }
}
