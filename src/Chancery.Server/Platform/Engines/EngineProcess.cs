using System.Diagnostics;

namespace Chancery.Server.Platform.Engines;

/// <summary>How to start and stop one engine.</summary>
/// <param name="Name"><c>postgres</c> or <c>redis</c>.</param>
/// <param name="Program">Full path of its program.</param>
/// <param name="Arguments">Never a secret: every user of the machine can read them.</param>
/// <param name="User">Who it runs as.</param>
/// <param name="WorkingDirectory">One that the user may enter.</param>
/// <param name="LogPath">Where its output goes; it is appended to.</param>
/// <param name="StopSignal">Asks it to stop at once but in order, and is what it gets when the server dies.</param>
/// <param name="StopPatience">How long that may take.</param>
internal sealed record EngineLaunch(
    string Name,
    string Program,
    IReadOnlyList<string> Arguments,
    EngineUser User,
    string WorkingDirectory,
    string LogPath,
    int StopSignal,
    TimeSpan StopPatience
);

/// <summary>One run of an engine, from its start to its end.</summary>
internal sealed class EngineProcess : IDisposable
{
    private const long LargestLogBytes = 10_000_000;

    private readonly EngineLaunch _launch;
    private readonly Process _process;
    private readonly long _logStart;

    private EngineProcess(EngineLaunch launch, Process process, long logStart)
    {
        _launch = launch;
        _process = process;
        _logStart = logStart;
        Identity = ProcessIdentity.Of(process.Id);
    }

    public int ProcessId => _process.Id;

    /// <summary>Null when it ended before it could be looked at.</summary>
    public ProcessIdentity? Identity { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts the engine. Call it on the <see cref="EngineThread"/>, whose end is the engine's end.</summary>
    public static EngineProcess Start(EngineLaunch launch)
    {
        Rotate(launch.LogPath);
        var logStart = File.Exists(launch.LogPath) ? new FileInfo(launch.LogPath).Length : 0;

        // The shell opens the log while it still has our rights, and is replaced. A session of its own keeps the
        // terminal's Ctrl-C, which goes to the whole foreground group, away from the engine until we have drained.
        var start = new ProcessStartInfo("/bin/sh")
        {
            WorkingDirectory = launch.WorkingDirectory,
            UseShellExecute = false,
            ArgumentList =
            {
                "-c",
                "umask 077; exec \"$@\" >>\"$0\" 2>&1 </dev/null",
                launch.LogPath,
                "setsid",
                "setpriv",
            },
        };

        foreach (var argument in launch.User.SetprivArguments(launch.StopSignal == Posix.Interrupt ? "INT" : "TERM"))
        {
            start.ArgumentList.Add(argument);
        }

        start.ArgumentList.Add("--");
        start.ArgumentList.Add(launch.Program);

        foreach (var argument in launch.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        ClearEnvironment(start);
        return new EngineProcess(launch, Process.Start(start)!, logStart);
    }

    /// <summary>Keeps connection strings, provider keys and the master key out of a child's environment.</summary>
    public static void ClearEnvironment(ProcessStartInfo start)
    {
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LANG"] = "C.UTF-8";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";
    }

    public Task WaitForEndAsync() => _process.WaitForExitAsync(CancellationToken.None);

    /// <summary>What the engine said in this run: the last lines of its log.</summary>
    public string LastWords()
    {
        if (!File.Exists(_launch.LogPath))
        {
            return "";
        }

        using var log = new FileStream(_launch.LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        log.Seek(Math.Max(Math.Min(_logStart, log.Length), log.Length - 4000), SeekOrigin.Begin);
        using var reader = new StreamReader(log);
        return reader.ReadToEnd();
    }

    /// <summary>Asks it to stop, then insists.</summary>
    public async Task StopAsync()
    {
        foreach (var (signal, patience) in Steps(_launch))
        {
            if (_process.HasExited)
            {
                return;
            }

            Posix.Signal(_process.Id, signal);

            try
            {
                await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(patience, CancellationToken.None);
                return;
            }
            catch (TimeoutException)
            {
                // The next signal is harder.
            }
        }
    }

    /// <summary>The signals that end an engine, politest first, each with the time it is given.</summary>
    public static IEnumerable<(int Signal, TimeSpan Patience)> Steps(EngineLaunch launch) =>
        [
            (launch.StopSignal, launch.StopPatience),
            // To PostgreSQL: leave without a checkpoint, the log replays. To Redis: die, which it may.
            (Posix.Quit, TimeSpan.FromSeconds(5)),
            (Posix.Kill, TimeSpan.FromSeconds(5)),
        ];

    public void Dispose() => _process.Dispose();

    private static void Rotate(string logPath)
    {
        if (File.Exists(logPath) && new FileInfo(logPath).Length > LargestLogBytes)
        {
            File.Move(logPath, logPath + ".1", overwrite: true);
        }
    }
}
