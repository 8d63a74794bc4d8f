using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>Reads a sealed archive, which is somebody's file: nothing in it is believed before it was checked.</summary>
/// <param name="file">The sealed archive, seekable: it is read twice.</param>
internal sealed partial class ArchiveReader(Stream file, ArchiveSeal seal)
{
    private const long LargestText = 16 * 1024 * 1024;

    // The writer ends a part with the row that fills it.
    private const long LargestPart = ArchiveFormat.PartBytes + ArchiveFormat.LargestRow;

    // A part of the shortest rows that any table has is far below: more would only fill the memory.
    private const int MostRows = 100_000;

    // PostgreSQL has no wider tables.
    private const int MostColumns = 1600;

    /// <summary>Reads all of it and checks that it is whole, in its order, and what its last member says of it.</summary>
    /// <exception cref="ArchiveException">It is not; or a newer version made it.</exception>
    public async Task<(ArchiveHeader Header, ArchiveManifest Manifest)> VerifyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await CheckAsync(cancellationToken);
        }
        catch (Exception broken)
            when (broken is EndOfStreamException or InvalidDataException or JsonException or FormatException)
        {
            throw Damaged("it is not put together as one", broken);
        }
    }

    /// <summary>Each member from the first on; the content is read before the next one is asked for.</summary>
    public async IAsyncEnumerable<(string Name, Stream Content)> MembersAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        file.Position = ArchiveSeal.HeaderBytes;
        await using var plain = new UnsealingStream(file, seal);
        await using var tar = new TarReader(plain, leaveOpen: true);
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken) is { } entry)
        {
            if (entry.EntryType != TarEntryType.RegularFile || !Names().IsMatch(entry.Name))
            {
                throw Damaged("it holds something that no archive of an organisation has");
            }

            yield return (entry.Name, entry.DataStream ?? Stream.Null);
        }

        // To the very end: only the last segment proves that nothing is missing.
        await plain.CopyToAsync(Stream.Null, cancellationToken);
    }

    /// <summary>The rows of a part, each as its values.</summary>
    /// <param name="width">How many values a row has: one with more or fewer is refused before the next is read.</param>
    /// <exception cref="ArchiveException">A row is of another width, or there are more than any export writes.</exception>
    public static async Task<IReadOnlyList<(ReadOnlyMemory<byte> Line, string?[] Values)>> RowsAsync(
        Stream content,
        int width,
        CancellationToken cancellationToken
    )
    {
        var all = await AllAsync(content, LargestPart, cancellationToken);
        var rows = new List<(ReadOnlyMemory<byte>, string?[])>();
        ReadOnlyMemory<byte> rest = all;
        while (rest.Length > 0)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            if (end < 0)
            {
                throw new InvalidDataException("A line has no end.");
            }

            if (rows.Count == MostRows)
            {
                throw Damaged("a part of it has more rows than any that is written");
            }

            rows.Add((rest[..(end + 1)], ValuesOf(rest.Span[..end], width)));
            rest = rest[(end + 1)..];
        }

        return rows;
    }

    // By hand: a line of a million values is refused at the first that is too many.
    private static string?[] ValuesOf(ReadOnlySpan<byte> line, int width)
    {
        var json = new Utf8JsonReader(line);
        var values = new string?[width];
        var count = 0;
        if (!json.Read() || json.TokenType != JsonTokenType.StartArray)
        {
            throw new InvalidDataException("A line has no values.");
        }

        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (count == width)
            {
                throw OfAnotherWidth();
            }

            try
            {
                values[count++] = json.TokenType is JsonTokenType.String or JsonTokenType.Null
                    ? json.GetString()
                    : throw new InvalidDataException("A value is no text.");
            }
            catch (InvalidOperationException broken)
            {
                throw new InvalidDataException("A value is no text.", broken);
            }
        }

        // Reads to the end of the line: what follows the values is refused.
        return !json.Read() && count == width ? values : throw OfAnotherWidth();
    }

    private static ArchiveException OfAnotherWidth() => Damaged("a row of it has more or fewer values than columns");

    private static int WidthOf(ArchiveHeader header, string table) =>
        header.Tables.FirstOrDefault(one => one.Name == table)?.Columns.Count
        ?? throw Damaged("it holds a table that it does not name");

    /// <summary>The table that a part is of; null for another member.</summary>
    public static string? TableOf(string member) =>
        member.StartsWith(ArchiveFormat.Tables, StringComparison.Ordinal) ? member.Split('/')[1] : null;

    private async Task<(ArchiveHeader Header, ArchiveManifest Manifest)> CheckAsync(CancellationToken cancellationToken)
    {
        ArchiveHeader? header = null;
        ArchiveManifest? manifest = null;
        var (files, fileBytes) = (0L, 0L);
        using var tables = new Tables();
        await foreach (var (name, content) in MembersAsync(cancellationToken))
        {
            if (manifest is not null || (header is null) != (name == ArchiveFormat.Header))
            {
                throw Damaged("its members are not in their order");
            }

            if (name == ArchiveFormat.Header)
            {
                header = HeaderOf(await AllAsync(content, LargestText, cancellationToken));
            }
            else if (name == ArchiveFormat.Manifest)
            {
                manifest = JsonSerializer.Deserialize<ArchiveManifest>(
                    await AllAsync(content, LargestText, cancellationToken),
                    ArchiveFormat.Json
                );
            }
            else if (TableOf(name) is { } table)
            {
                tables.Add(table, await RowsAsync(content, WidthOf(header!, table), cancellationToken));
            }
            else if (tables.HaveBegun)
            {
                throw Damaged("its members are not in their order");
            }
            else
            {
                var size = content.Length;
                var sha256 = await SHA256.HashDataAsync(content, cancellationToken);
                if (name != ArchiveFormat.Files + Convert.ToHexStringLower(sha256))
                {
                    throw Damaged("a file in it is not the one that it is called");
                }

                files++;
                fileBytes += size;
            }
        }

        if (header is null || manifest is null)
        {
            throw Damaged("it was cut off");
        }

        if ((manifest.Files, manifest.FileBytes) != (files, fileBytes) || !tables.AreThoseOf(header, manifest.Tables))
        {
            throw Damaged("it does not hold what it says it does");
        }

        return (header, manifest);
    }

    private static ArchiveHeader HeaderOf(byte[] text)
    {
        // Ahead of the rest, which a newer format may have otherwise.
        using (var read = JsonDocument.Parse(text))
        {
            if (read.RootElement.GetProperty("format").GetInt32() > ArchiveFormat.Current)
            {
                throw new ArchiveException(
                    ArchiveFault.TooNew,
                    "A newer version made the archive: update this installation first."
                );
            }
        }

        var header = JsonSerializer.Deserialize<ArchiveHeader>(text, ArchiveFormat.Json)!;
        var names = header.Tables.Select(table => table.Name).ToList();
        if (
            header.TenantId == Guid.Empty
            || names.Distinct().Count() != names.Count
            || names.FirstOrDefault() != ArchiveFormat.People
            || !header.Tables[0].Columns.SequenceEqual(ArchiveFormat.PeopleColumns)
            || header.Tables.Any(table => table.Columns.Count > MostColumns)
        )
        {
            throw Damaged("it does not begin as one");
        }

        return header;
    }

    private static async Task<byte[]> AllAsync(Stream content, long most, CancellationToken cancellationToken)
    {
        if (content.Length > most)
        {
            throw Damaged("a part of it is larger than any that is written");
        }

        var all = new byte[content.Length];
        await content.ReadExactlyAsync(all, cancellationToken);
        return all;
    }

    internal static ArchiveException Damaged(string why, Exception? inner = null) =>
        new(ArchiveFault.Damaged, $"This is not a whole archive of an organisation: {why}.", inner);

    [GeneratedRegex(@"^(header\.json|manifest\.json|files/[0-9a-f]{64}|tables/[a-z_]{1,63}/[0-9]{8}\.jsonl)$")]
    private static partial Regex Names();

    /// <summary>Counts and hashes what tables hold, in the order in which they come.</summary>
    private sealed class Tables : IDisposable
    {
        private readonly List<ArchivedTable> _seen = [];
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private string? _name;
        private long _rows;

        public bool HaveBegun => _name is not null;

        public void Add(string name, IReadOnlyList<(ReadOnlyMemory<byte> Line, string?[] Values)> rows)
        {
            if (name != _name)
            {
                Close();
                _name = name;
            }

            foreach (var (line, _) in rows)
            {
                _hash.AppendData(line.Span);
                _rows++;
            }
        }

        public bool AreThoseOf(ArchiveHeader header, IReadOnlyList<ArchivedTable> said)
        {
            Close();
            var empty = Convert.ToHexStringLower(SHA256.HashData([]));
            return said.Select(table => table.Name).SequenceEqual(header.Tables.Select(table => table.Name))
                && said.Where(table => table.Rows > 0).SequenceEqual(_seen)
                && said.All(table => table.Rows > 0 || (table.Rows == 0 && table.Sha256 == empty));
        }

        public void Dispose() => _hash.Dispose();

        private void Close()
        {
            if (_name is not null)
            {
                _seen.Add(new ArchivedTable(_name, _rows, Convert.ToHexStringLower(_hash.GetHashAndReset())));
            }

            (_name, _rows) = (null, 0);
        }
    }
}
