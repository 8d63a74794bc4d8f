using System.Collections.Concurrent;
using System.Text.Json;

namespace Chancery.Server.Commands.Remote;

/// <summary>
/// Which document each file became, kept for each server and organisation, a line for each upload: a run that was cut off
/// loses at most the line it was writing. Safe for concurrent use.
/// </summary>
internal sealed class IngestJournal : IDisposable
{
    /// <param name="Path">Of the file, absolute.</param>
    /// <param name="Sha256">Of what was uploaded last.</param>
    public sealed record Entry(string Path, Guid Document, string Sha256);

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly StreamWriter _writer;
    private readonly Lock _gate = new();

    public IngestJournal(string owner)
    {
        var directory = DefaultDirectory();
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(directory, ownerOnly | UnixFileMode.UserExecute);
        var path = System.IO.Path.Combine(directory, $"ingest-{owner}.jsonl");
        if (File.Exists(path))
        {
            foreach (var line in File.ReadLines(path))
            {
                if (Parse(line) is { } entry)
                {
                    _entries[entry.Path] = entry;
                }
            }
        }

        _writer = new StreamWriter(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                // Two commands at once add their lines beside each other.
                Share = FileShare.ReadWrite,
                UnixCreateMode = ownerOnly,
            }
        );
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
        lock (_gate)
        {
            _writer.WriteLine(JsonSerializer.Serialize(entry));
            _writer.Flush();
        }
    }

    public void Dispose() => _writer.Dispose();

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
