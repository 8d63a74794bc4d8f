using System.Diagnostics;
using Chancery.Server.Platform.Engines;

namespace Chancery.Server.Platform.Backup;

/// <summary>What pg_dump and pg_restore have in common when they fail or are no longer wanted.</summary>
internal static class ToolProcess
{
    /// <summary>Ends a tool; it may have ended by itself.</summary>
    public static void Kill(object? process)
    {
        try
        {
            ((Process)process!).Kill();
        }
        catch (InvalidOperationException)
        {
            // It was not running any more.
        }
    }

    public static BackupException Failed(string tool, string errors) =>
        new($"{tool} failed: {EngineFailure.LastLine(errors)}");
}
