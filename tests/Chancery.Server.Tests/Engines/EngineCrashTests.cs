using System.Text.Json;
using Chancery.Server.Platform.Engines;

namespace Chancery.Server.Tests.Engines;

public sealed class EngineCrashTests : IAsyncDisposable
{
    private readonly EngineSandbox _sandbox = new();

    public ValueTask DisposeAsync() => _sandbox.DisposeAsync();

    [Fact]
    public async Task Killing_the_server_ends_its_engines_and_the_next_start_finds_what_was_committed()
    {
        var hosted = await _sandbox.StartHostAsync();
        await EngineSandbox.QueryAsync<object>(hosted.OwnerConnectionString, "CREATE TABLE kept AS SELECT 7 AS n");

        await EngineSandbox.SignalAsync("KILL", hosted.Host.Id);

        Assert.True(await EngineSandbox.SoonAsync(() => !EngineSandbox.IsAlive(hosted.Postgres)));
        Assert.True(await EngineSandbox.SoonAsync(() => !EngineSandbox.IsAlive(hosted.Redis)));

        await using var engines = await _sandbox.StartAsync();
        Assert.Equal(7, await EngineSandbox.QueryAsync<int>(engines.OwnerConnectionString, "SELECT n FROM kept"));
    }

    [Fact]
    public async Task Engines_that_outlive_a_killed_server_are_ended_before_new_ones_start()
    {
        var hosted = await _sandbox.StartHostAsync();

        // Stopped, they cannot follow the signal that the server's death sends them.
        await EngineSandbox.SignalAsync("STOP", hosted.Postgres);
        await EngineSandbox.SignalAsync("STOP", hosted.Redis);
        await EngineSandbox.SignalAsync("KILL", hosted.Host.Id);
        await hosted.Host.WaitForExitAsync(TestContext.Current.CancellationToken);

        var starting = _sandbox.StartAsync();
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.False(starting.IsCompleted);
        await EngineSandbox.SignalAsync("CONT", hosted.Postgres);
        await EngineSandbox.SignalAsync("CONT", hosted.Redis);

        await using var engines = await starting;
        Assert.False(EngineSandbox.IsAlive(hosted.Postgres));
        Assert.False(EngineSandbox.IsAlive(hosted.Redis));
        Assert.DoesNotContain(engines.States, state => state.ProcessId == hosted.Postgres);
    }

    [Fact]
    public async Task A_process_that_only_shares_its_number_with_an_old_engine_is_left_alone()
    {
        var bystander = _sandbox.Start("sleep", "60");
        Directory.CreateDirectory(_sandbox.Data);
        var old = new
        {
            postgres = new
            {
                ProcessId = bystander.Id,
                StartTicks = 1,
                BootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
            },
        };
        await File.WriteAllTextAsync(
            Path.Combine(_sandbox.Data, "engines.json"),
            JsonSerializer.Serialize(old),
            TestContext.Current.CancellationToken
        );

        await using var engines = await _sandbox.StartAsync();

        Assert.True(EngineSandbox.IsAlive(bystander.Id));
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("redis")]
    public async Task An_engine_that_crashes_is_reported_and_started_again_at_the_same_address(string name)
    {
        await using var engines = await _sandbox.StartAsync();
        var failed = new TaskCompletionSource<EngineState>();
        engines.Failed += (_, state) => failed.TrySetResult(state);
        var before = engines.States.Single(state => state.Name == name);

        await EngineSandbox.SignalAsync("KILL", before.ProcessId);

        var reported = await failed.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal((name, false), (reported.Name, reported.IsUp));
        Assert.True(await EngineSandbox.SoonAsync(() => engines.States.Single(state => state.Name == name).IsUp));
        var after = engines.States.Single(state => state.Name == name);
        Assert.NotEqual(before.ProcessId, after.ProcessId);
        Assert.Equal(1, after.Restarts);
        Assert.Equal(1, await EngineSandbox.QueryAsync<int>(engines.OwnerConnectionString, "SELECT 1"));
    }

    [Fact]
    public async Task Engines_outlive_the_thread_that_asked_for_them()
    {
        Task<RunningEngines>? starting = null;
        var thread = new Thread(() =>
        {
            starting = _sandbox.StartAsync();
            // The thread stays until they are up, so that a fork on it would have happened by then.
            SpinWait.SpinUntil(() => starting.IsCompleted);
        });
        thread.Start();
        thread.Join();

        await using var engines = await starting!;
        await Task.Delay(300, TestContext.Current.CancellationToken);

        Assert.All(engines.States, state => Assert.True(state is { IsUp: true, Restarts: 0 }, state.ToString()));
    }
}
