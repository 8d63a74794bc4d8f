using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace Chancery.Server.Commands.Remote;

/// <summary>
/// Which document each file became, kept for each server and organisation, a line for each upload: a run that was cut off
/// loses at most the line it was writing. Safe for concurrent use, also by several commands at once.
/// </summary>
internal sealed class IngestJournal
{
    /// <param name="Path">Of the file, absolute.</param>
    /// <param name="Sha256">Of what was uploaded last.</param>
    public sealed record Entry(string Path, Guid Document, string Sha256);

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int WouldBlock = 11;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly string _path;
    private readonly Lock _gate = new();

    /// <param name="directory">Null: the one of the person who types.</param>
    public IngestJournal(string owner, string? directory = null)
    {
        directory ??= DefaultDirectory();
        Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
        _path = System.IO.Path.Combine(directory, $"ingest-{owner}.jsonl");
        if (!File.Exists(_path))
        {
            return;
        }

        using var lines = new StreamReader(
            new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
        );
        while (lines.ReadLine() is { } line)
        {
            if (Parse(line) is { } entry)
            {
                _entries[entry.Path] = entry;
            }
        }
    }

    public Entry? Of(string path) => _entries.GetValueOrDefault(path);

    /// <summary>Whether some other file became that document.</summary>
    public bool IsTaken(Guid document, string exceptPath) =>
        _entries.Values.Any(entry => entry.Document == document && entry.Path != exceptPath);

    public void Record(Entry entry)
    {
        if (_entries.TryGetValue(entry.Path, out var known) && known == entry)
        {
            return;
        }

        _entries[entry.Path] = entry;
        var line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(entry) + "\n");
        lock (_gate)
        {
            // Opened for each line and held by nobody else meanwhile: "append" is a place in the file that was looked up once.
            using var file = OpenAlone();
            file.Write(line);
        }
    }

    private FileStream OpenAlone()
    {
        while (true)
        {
            try
            {
                return new FileStream(
                    _path,
                    new FileStreamOptions
                    {
                        Mode = FileMode.Append,
                        Access = FileAccess.Write,
                        Share = FileShare.None,
                        UnixCreateMode = OwnerOnly,
                    }
                );
            }
            catch (IOException exception) when (exception.HResult == WouldBlock)
            {
                // Another command is reading it, or writes its line.
                Thread.Sleep(5);
            }
        }
    }

    private static Entry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry>(line);
        }
        catch (JsonException)
        {
            // The line that a run was writing when it was cut off.
            return null;
        }
    }

    private static string DefaultDirectory()
    {
        var home = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        return System.IO.Path.Combine(
            string.IsNullOrEmpty(home)
                ? System.IO.Path.Combine(
                    Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                    ".local",
                    "state"
                )
                : home,
            "chancery"
        );
    }
}
