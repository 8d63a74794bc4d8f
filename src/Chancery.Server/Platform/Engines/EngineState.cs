namespace Chancery.Server.Platform.Engines;

/// <summary>One engine as health shows it.</summary>
/// <param name="Name"><c>postgres</c> or <c>redis</c>.</param>
/// <param name="IsUp">False between a crash and the restart that follows it.</param>
/// <param name="ProcessId">Of the process that runs, or ran last.</param>
/// <param name="Restarts">How often it has crashed and was started again since the server began.</param>
/// <param name="LastFailure">What the last crash looked like; null when there was none.</param>
public sealed record EngineState(string Name, bool IsUp, int ProcessId, int Restarts, string? LastFailure);
