using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Chancery.Documents;
using Chancery.Server.Platform.Engines;

namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>
/// Where the reader's child is started from: beside the server, or, where its user cannot pass (root's home is closed to
/// others), from a copy that everybody may read.
/// </summary>
/// <param name="copies">Directory of the copies; root's alone to write.</param>
internal sealed class ReaderProgram(string copies = "/var/lib/chancery/readers")
{
    private const UnixFileMode Readable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Passable =
        Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const string Executable = "chancery";

    /// <summary>Copies what has to be copied; some 10 MB once for each build, 100 MB more where .NET itself is out of reach.</summary>
    /// <exception cref="IOException">The copy cannot be made, for example because the disk is full.</exception>
    public ReaderOptions Place()
    {
        var program = AppContext.BaseDirectory.TrimEnd('/');
        var runtime = ReaderOptions.OwnRuntimeRoot;
        return new ReaderOptions
        {
            ChildCommand =
            [
                Path.Combine(IsOpen(program) ? program : CopyOf(program, ProgramFiles(program)), Executable),
                "read",
            ],
            RuntimeRoot = IsOpen(runtime) ? runtime : CopyOf(runtime, RuntimeFiles(runtime)),
        };
    }

    /// <summary>Makes, or finds, a readable copy of some files of a directory.</summary>
    internal string CopyOf(string directory, IReadOnlyList<string> files)
    {
        // Other builds of the same place go; copies of other places are other installations'.
        var family = Hash(directory);
        var target = Path.Combine(copies, $"{family}-{Hash(string.Join('\n', files.Select(Stamp)))}");
        if (Directory.Exists(target))
        {
            return target;
        }

        MakeDirectory(copies);
        foreach (var outdated in Directory.EnumerateDirectories(copies, family + "-*"))
        {
            Directory.Delete(outdated, recursive: true);
        }

        var making = Path.Combine(copies, $"making-{Guid.CreateVersion7():n}");
        foreach (var file in files)
        {
            var copy = Path.Combine(making, Path.GetRelativePath(directory, file));
            MakeDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
            File.SetUnixFileMode(
                copy,
                File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute) ? Passable : Readable
            );
        }

        Directory.Move(making, target);
        return target;
    }

    private static bool IsOpen(string directory) =>
        !Posix.IsRoot || EngineLayout.FirstClosedAncestor(Path.Combine(directory, Executable)) is null;

    private static List<string> ProgramFiles(string directory) =>
        [
            .. Directory
                .EnumerateFiles(directory)
                .Where(file => Path.GetExtension(file) is ".dll" or ".json" || Path.GetFileName(file) is Executable)
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>The host and the two frameworks that run right now, and no other version of them.</summary>
    private static List<string> RuntimeFiles(string root)
    {
        string[] directories =
        [
            Path.Combine(root, "host"),
            RuntimeEnvironment.GetRuntimeDirectory(),
            Path.GetDirectoryName(typeof(WebApplication).Assembly.Location)!,
        ];
        return
        [
            .. directories
                .SelectMany(directory => Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static void MakeDirectory(string directory)
    {
        if (Directory.Exists(directory))
        {
            return;
        }

        MakeDirectory(Path.GetDirectoryName(directory)!);
        Directory.CreateDirectory(directory);
        File.SetUnixFileMode(directory, Passable);
    }

    private static string Stamp(string path)
    {
        var file = new FileInfo(path);
        return string.Create(CultureInfo.InvariantCulture, $"{path} {file.Length} {file.LastWriteTimeUtc.Ticks}");
    }

    private static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
