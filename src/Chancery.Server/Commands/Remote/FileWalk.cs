using Chancery.Server.Platform.Engines;

namespace Chancery.Server.Commands.Remote;

/// <summary>A file to upload, or one that cannot be, with the reason.</summary>
/// <param name="Path">As a person would name it: below what was typed.</param>
/// <param name="FullPath">Absolute.</param>
/// <param name="IsNamed">Typed by itself, not found in a directory.</param>
/// <param name="Fault">Null for a file that can be tried.</param>
/// <param name="IsHarmless">Whether a fault is nobody's mistake: nothing is missing because of it.</param>
internal sealed record FoundFile(string Path, string FullPath, bool IsNamed, string? Fault, bool IsHarmless = false);

/// <summary>Finds the files below what was typed, in an order that is the same each time. Nothing odd ends it.</summary>
internal sealed class FileWalk(Globs include, Globs exclude)
{
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);

    public IEnumerable<FoundFile> Run(IEnumerable<string> typed)
    {
        foreach (var name in typed)
        {
            var full = Path.GetFullPath(name);
            if (Directory.Exists(full))
            {
                foreach (var file in Below(new DirectoryInfo(full), name.TrimEnd('/'), ""))
                {
                    yield return file;
                }
            }
            else if (!File.Exists(full))
            {
                yield return new FoundFile(name, full, true, "there is no such file");
            }
            else if (_files.Add(Posix.RealPath(full)))
            {
                yield return new FoundFile(name, full, true, FaultOf(new FileInfo(full)));
            }
        }
    }

    private IEnumerable<FoundFile> Below(DirectoryInfo directory, string shown, string relative)
    {
        var real = Posix.RealPath(directory.FullName);
        if (!_directories.Add(real))
        {
            yield return new FoundFile(
                shown,
                directory.FullName,
                false,
                "a link to a directory that is read already",
                IsHarmless: true
            );
            yield break;
        }

        var (entries, fault) = Entries(directory);
        if (fault is not null)
        {
            yield return new FoundFile(shown, directory.FullName, false, fault);
        }

        foreach (var entry in entries)
        {
            var below = relative.Length == 0 ? entry.Name : $"{relative}/{entry.Name}";
            var name = $"{shown}/{entry.Name}";
            if (entry.Name.StartsWith('.') || exclude.Match(below))
            {
                continue;
            }

            if (Directory.Exists(entry.FullName))
            {
                foreach (var file in Below(new DirectoryInfo(entry.FullName), name, below))
                {
                    yield return file;
                }

                continue;
            }

            if (!include.IsEmpty && !include.Match(below))
            {
                continue;
            }

            if (!File.Exists(entry.FullName))
            {
                yield return new FoundFile(
                    name,
                    entry.FullName,
                    false,
                        // What is no UTF-8 comes with replacement characters, and is then not found under that name.
                        entry.Name.Contains('\uFFFD')
                            ? "its name is not UTF-8: rename it"
                        : entry.LinkTarget is not null ? "it is a link to nothing"
                        : "it vanished"
                );
            }
            else if (_files.Add(Posix.RealPath(entry.FullName)))
            {
                yield return new FoundFile(name, entry.FullName, false, FaultOf(new FileInfo(entry.FullName)));
            }
        }
    }

    private static (IReadOnlyList<FileSystemInfo> Entries, string? Fault) Entries(DirectoryInfo directory)
    {
        try
        {
            return (
                [.. directory.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal)],
                null
            );
        }
        catch (UnauthorizedAccessException)
        {
            return ([], "the directory may not be read");
        }
        catch (IOException exception)
        {
            return ([], $"the directory cannot be read: {exception.Message}");
        }
    }

    // Reading a pipe or a device would wait for ever.
    private static string? FaultOf(FileInfo file)
    {
        try
        {
            var mode = Posix.OwnerOf(Posix.RealPath(file.FullName))?.Mode & 0xF000;
            return mode switch
            {
                null or 0x8000 => null,
                0xA000 => "it is a link to nothing",
                _ => "it is a pipe, a socket or a device",
            };
        }
        catch (IOException exception)
        {
            return exception.Message;
        }
    }
}
