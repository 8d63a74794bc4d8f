using System.Runtime.InteropServices;
using System.Text;

namespace Chancery.Server.Platform.Engines;

/// <summary>The few calls of the operating system that .NET does not offer.</summary>
internal static class Posix
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Terminate = 15;

    private const int NoSuchProcess = 3;
    private const int AlreadyExists = 17;
    private const int CurrentDirectory = -100;
    private const int DoNotFollowLinks = 0x100;
    private const int CloseOnExec = 0x80000;
    private const uint BasicStats = 0x7ff;

    public static uint UserId => geteuid();

    public static bool IsRoot => UserId == 0;

    /// <summary>False when there is no such process, or it is not ours to signal.</summary>
    public static bool Signal(int processId, int signal) => kill(processId, signal) == 0;

    /// <summary>True while a process of that number exists, whoever owns it.</summary>
    public static bool Exists(int processId) =>
        kill(processId, 0) == 0 || Marshal.GetLastPInvokeError() != NoSuchProcess;

    /// <summary>Gives a file, or a link itself, to a user.</summary>
    public static void Give(string path, uint userId, uint groupId)
    {
        if (lchown(Bytes(path), userId, groupId) != 0)
        {
            throw new IOException($"Cannot give {path} to user {userId}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    /// <summary>Makes a directory that only its maker may enter; false when something of that name is there.</summary>
    public static bool MakePrivateDirectory(string path)
    {
        if (mkdir(Bytes(path), 0x1C0) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() == AlreadyExists
            ? false
            : throw new IOException($"Cannot make {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Whose a path is, and its type and mode; a link is not followed. Null when nothing is there.</summary>
    public static PathOwner? OwnerOf(string path)
    {
        // struct statx is the same on every architecture: uid at byte 20, gid at 24, mode at 28.
        var buffer = new byte[256];

        return statx(CurrentDirectory, Bytes(path), DoNotFollowLinks, BasicStats, buffer) == 0
            ? new PathOwner(
                BitConverter.ToUInt32(buffer, 20),
                BitConverter.ToUInt32(buffer, 24),
                BitConverter.ToUInt16(buffer, 28)
            )
            : null;
    }

    /// <summary>The path without links, or <paramref name="path"/> where it cannot be resolved.</summary>
    public static string RealPath(string path)
    {
        var resolved = new byte[4096];
        return realpath(Bytes(path), resolved) == 0
            ? path
            : Encoding.UTF8.GetString(resolved, 0, Array.IndexOf(resolved, (byte)0));
    }

    /// <summary>Has a directory's names written to the disk: a file that was renamed into it is there after a loss of power.</summary>
    public static void SyncDirectory(string path)
    {
        var directory = open(Bytes(path), CloseOnExec);
        if (directory < 0)
        {
            throw new IOException($"Cannot open {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var isWritten = fsync(directory) == 0;
        var message = Marshal.GetLastPInvokeErrorMessage();
        _ = close(directory);
        if (!isWritten)
        {
            throw new IOException($"Cannot write {path} to the disk: {message}");
        }
    }

    private static byte[] Bytes(string path) => Encoding.UTF8.GetBytes(path + '\0');

    [DllImport("libc", SetLastError = true)]
    private static extern uint geteuid();

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int processId, int signal);

    [DllImport("libc", SetLastError = true)]
    private static extern int lchown(byte[] path, uint userId, uint groupId);

    [DllImport("libc", SetLastError = true)]
    private static extern int mkdir(byte[] path, uint mode);

    [DllImport("libc", SetLastError = true)]
    private static extern int statx(int directory, byte[] path, int flags, uint mask, [Out] byte[] buffer);

    [DllImport("libc", SetLastError = true)]
    private static extern nint realpath(byte[] path, [Out] byte[] resolved);

    [DllImport("libc", SetLastError = true)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fsync(int file);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int file);
}

/// <summary>What <c>lstat</c> says about a path.</summary>
internal readonly record struct PathOwner(uint UserId, uint GroupId, ushort Mode)
{
    public bool IsDirectory => (Mode & 0xF000) == 0x4000;

    /// <summary>True when group and others have no right at all.</summary>
    public bool IsPrivate => (Mode & 0x3F) == 0;

    /// <summary>True when a user who is neither owner nor of the group may pass through the directory.</summary>
    public bool OthersMayPass => (Mode & 1) != 0;
}
