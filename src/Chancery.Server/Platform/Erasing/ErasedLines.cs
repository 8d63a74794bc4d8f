using System.Text;

namespace Chancery.Server.Platform.Erasing;

/// <summary>Takes lines out of files.</summary>
internal static class ErasedLines
{
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
            if (words.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase)))
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

    /// <summary>Writes the file anew without such lines; leaves it alone where it has none.</summary>
    public static Remains TakeOut(string path, IReadOnlyList<string> words)
    {
        var part = path + ".new";
        Remains gone;
        using (var from = File.OpenRead(path))
        using (
            var to = new FileStream(
                part,
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = File.GetUnixFileMode(path),
                }
            )
        )
        {
            gone = Copy(from, to, words);
        }

        if (gone.Count == 0)
        {
            File.Delete(part);
            return gone;
        }

        File.Move(part, path, overwrite: true);
        return gone;
    }
}
