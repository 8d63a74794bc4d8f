using System.Runtime.InteropServices;

namespace Chancery.Bench.Peers;

/// <summary>What the system keeps of files.</summary>
internal static partial class PageCache
{
    /// <summary>Makes the next read of a file one of the disk.</summary>
    public static void Forget(string path)
    {
        const int notNeeded = 4;
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        // What is not written yet cannot be forgotten.
        RandomAccess.FlushToDisk(file);
        _ = Advise(file, 0, 0, notNeeded);
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(SafeHandle file, long offset, long length, int advice);
}
