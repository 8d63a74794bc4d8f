using System.Text;

namespace Chancery.Server.Platform.Erasing;

/// <summary>Takes lines out of files.</summary>
internal static class ErasedLines
{
    /// <summary>What the name of a file that is being written anew ends in, behind the name of the file.</summary>
    public const string Part = ".new";

    /// <summary>Whether a line has one of <paramref name="words"/> in it, whatever the case.</summary>
    public static bool Are(Stream from, IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(from, Encoding.UTF8, leaveOpen: true);
        while (reader.ReadLine() is { } line)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Has(line, words))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Copies the lines that have none of <paramref name="words"/> in them, whatever the case, and answers how many were left out and
    /// how many bytes they had.
    /// </summary>
    public static Remains Copy(Stream from, Stream to, IReadOnlyList<string> words)
    {
        using var reader = new StreamReader(from, Encoding.UTF8, leaveOpen: true);
        using var writer = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        var (lines, bytes) = (0L, 0L);
        while (reader.ReadLine() is { } line)
        {
            if (Has(line, words))
            {
                lines++;
                bytes += Encoding.UTF8.GetByteCount(line) + 1;
            }
            else
            {
                writer.WriteLine(line);
            }
        }

        return new Remains(lines, bytes);
    }

    /// <summary>
    /// Writes the file anew without such lines; leaves it alone where it has none. What an earlier attempt left half written goes. Not
    /// for two at once over one file.
    /// </summary>
    public static Remains TakeOut(string path, IReadOnlyList<string> words, CancellationToken cancellationToken)
    {
        var part = path + Part;
        File.Delete(part);
        using var from = File.OpenRead(path);
        if (!Are(from, words, cancellationToken))
        {
            return default;
        }

        from.Position = 0;
        try
        {
            Remains gone;
            using (
                var to = new FileStream(
                    part,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = File.GetUnixFileMode(path),
                    }
                )
            )
            {
                gone = Copy(from, to, words);
            }

            File.Move(part, path, overwrite: true);
            return gone;
        }
        catch
        {
            // It has lines of others, whose own erasing would not find them there.
            File.Delete(part);
            throw;
        }
    }

    private static bool Has(string line, IReadOnlyList<string> words)
    {
        foreach (var word in words)
        {
            if (line.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
