namespace Chancery.Server.Platform.Backup;

/// <summary>How far a backup or a restore is.</summary>
/// <param name="Stage">What is being done, for a person.</param>
/// <param name="Done">In <paramref name="Unit"/>.</param>
/// <param name="Total">Null while nobody knows.</param>
/// <param name="Unit"><c>bytes</c>, <c>files</c> or <c>tables</c>.</param>
public sealed record BackupProgress(string Stage, long Done, long? Total, string Unit);
