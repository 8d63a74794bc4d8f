namespace Chancery.Server.Platform.Backup;

/// <summary>A backup cannot be made, read or restored. The message tells a person why and what to do.</summary>
public sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner);
