using System.Buffers.Binary;
using System.Globalization;
using Chancery.Search.Engine.Dense;
using Chancery.Search.Engine.Lexical;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Snapshots;

/// <summary>Opens snapshots. All is checked before anything is mapped.</summary>
internal static class SnapshotReader
{
    private const int Piece = 1 << 20;

    public static SnapshotOpening Open(string path, SearchIndexOptions options, CancellationToken cancellationToken)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (Check(file, options, out var head, cancellationToken) is { } refused)
                return refused;
            var mapped = new MappedFile(file);
            file = null;
            return Read(mapped, head, options) is { } generation
                ? new SnapshotOpening.Opened(new SearchIndex(options, generation))
                : Refuse(SnapshotRefusal.Damaged, "Its columns do not belong together.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Refuse(SnapshotRefusal.Missing, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Refuse(SnapshotRefusal.Unreadable, exception.Message);
        }
        finally
        {
            file?.Dispose();
        }
    }

    private static SnapshotOpening.Refused Refuse(SnapshotRefusal reason, string detail) => new(reason, detail);

    private static SnapshotOpening.Refused? Check(
        FileStream file,
        SearchIndexOptions options,
        out SnapshotHead head,
        CancellationToken cancellationToken
    )
    {
        head = null!;
        var prelude = new byte[SnapshotHead.PreludeLength];
        if (file.ReadAtLeast(prelude, prelude.Length, throwOnEndOfStream: false) < prelude.Length)
            return Refuse(SnapshotRefusal.NotASnapshot, "It is too short.");
        if (!prelude.AsSpan().StartsWith(SnapshotHead.Magic))
            return Refuse(SnapshotRefusal.NotASnapshot, "It begins otherwise.");
        var version = BinaryPrimitives.ReadInt32LittleEndian(prelude.AsSpan(8));
        if (version != SnapshotHead.Version)
            return Refuse(SnapshotRefusal.OtherVersion, $"It is of version {version}, not {SnapshotHead.Version}.");

        var length = BinaryPrimitives.ReadInt32LittleEndian(prelude.AsSpan(12));
        if (length is <= SnapshotHead.PreludeLength + sizeof(uint) or > SnapshotHead.LongestHead)
            return Refuse(SnapshotRefusal.Damaged, "Its head has an impossible length.");
        var bytes = new byte[length];
        file.Position = 0;
        if (file.ReadAtLeast(bytes, length, throwOnEndOfStream: false) < length)
            return Refuse(SnapshotRefusal.Torn, "It ends within its head.");
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(length - sizeof(uint)));
        if (checksum != Crc32C.Of(bytes.AsSpan(..^sizeof(uint))))
            return Refuse(SnapshotRefusal.Damaged, "The checksum of its head is wrong.");

        head = SnapshotHead.Of(bytes);
        if (head.Owner != options.Owner)
            return Refuse(SnapshotRefusal.OtherOwner, $"It is of {head.Owner}, not of {options.Owner}.");
        if (head.Settings != SnapshotHead.SettingsOf(options))
            return Refuse(SnapshotRefusal.OtherSettings, $"It was made with: {head.Settings}.");
        if (file.Length != head.FileLength)
        {
            return Refuse(
                SnapshotRefusal.Torn,
                string.Create(CultureInfo.InvariantCulture, $"It has {file.Length} bytes of {head.FileLength}.")
            );
        }

        return CheckSections(file, head, cancellationToken);
    }

    private static SnapshotOpening.Refused? CheckSections(
        FileStream file,
        SnapshotHead head,
        CancellationToken cancellationToken
    )
    {
        var expected =
            (head.TextSegments * SnapshotHead.SectionsOfText)
            + (head.VectorSegments * SnapshotHead.SectionsOfVectors)
            + 1;
        if (head.Sections.Count != expected)
            return Refuse(SnapshotRefusal.Damaged, "It has too few or too many columns.");

        var buffer = new byte[Piece];
        foreach (var section in head.Sections)
        {
            if (section.Length < 0 || section.Offset < 0 || section.Offset + section.Length > head.FileLength)
                return Refuse(SnapshotRefusal.Damaged, "A column lies outside of it.");
            var checksum = Crc32C.Start;
            for (var at = 0; at < section.Length; )
            {
                cancellationToken.ThrowIfCancellationRequested();
                file.Position = section.Offset + at;
                var piece = buffer.AsSpan(0, Math.Min(Piece, section.Length - at));
                file.ReadExactly(piece);
                checksum = Crc32C.Add(checksum, piece);
                at += piece.Length;
            }

            if (~checksum != section.Checksum)
                return Refuse(SnapshotRefusal.Damaged, "The checksum of a column is wrong.");
        }

        return null;
    }

    /// <summary><see langword="null"/> when columns are not as long as their rows need.</summary>
    private static Generation? Read(MappedFile file, SnapshotHead head, SearchIndexOptions options)
    {
        var sections = new Queue<ReadOnlyMemory<byte>>(
            head.Sections.Select(section => file.Piece(section.Offset, section.Length))
        );
        var documents = DocumentSection.Of(sections.Last().Span);
        var texts = new List<TextView>();
        var vectors = new List<VectorView>();
        for (var i = 0; i < head.TextSegments; i++)
        {
            if (ReadTexts(sections, documents) is not { } view)
                return null;
            texts.Add(view);
        }

        for (var i = 0; i < head.VectorSegments; i++)
        {
            if (ReadVectors(sections, documents, new VectorLayout(options.Dimensions)) is not { } view)
                return null;
            vectors.Add(view);
        }

        return new Generation(head.Revision, texts, vectors);
    }

    private static TextView? ReadTexts(
        Queue<ReadOnlyMemory<byte>> sections,
        Dictionary<Guid, IndexedDocument> documents
    )
    {
        var rows = new RowTable(Next<Guid>(sections), Next<int>(sections), Next<Guid>(sections));
        var alive = Next<ulong>(sections).Span;
        var lengths = Next<int>(sections);
        var ordinals = Next<int>(sections);
        var terms = new TermDictionary(Next<uint>(sections), Next<byte>(sections), Next<TermEntry>(sections));
        var postings = new Postings(terms, Next<BlockEntry>(sections), Next<byte>(sections), Next<byte>(sections));
        var segment = new TextSegment(rows, lengths, ordinals, postings);
        return
            IsSound(rows, alive, documents)
            && lengths.Span.Length == rows.Count
            && ordinals.Span.Length == rows.Count
            && terms.Offsets.Span.Length == terms.Count + 1
            ? new TextView(segment, Bitmap.Of(alive, rows.Count), DocumentsOf(rows, documents))
            : null;
    }

    private static VectorView? ReadVectors(
        Queue<ReadOnlyMemory<byte>> sections,
        Dictionary<Guid, IndexedDocument> documents,
        VectorLayout layout
    )
    {
        var rows = new RowTable(Next<Guid>(sections), Next<int>(sections), Next<Guid>(sections));
        var alive = Next<ulong>(sections).Span;
        var segment = new VectorSegment(
            rows,
            layout,
            Next<sbyte>(sections),
            Next<float>(sections),
            Next<short>(sections),
            Next<ulong>(sections)
        );
        return IsSound(rows, alive, documents) && segment.IsSound()
            ? new VectorView(segment, Bitmap.Of(alive, rows.Count), DocumentsOf(rows, documents))
            : null;
    }

    private static bool IsSound(
        RowTable rows,
        ReadOnlySpan<ulong> alive,
        Dictionary<Guid, IndexedDocument> documents
    ) =>
        rows.IsSound()
        && alive.Length == (rows.Count + 63) / 64
        && rows.Documents.Span.ToArray().All(documents.ContainsKey);

    private static IndexedDocument[] DocumentsOf(RowTable rows, Dictionary<Guid, IndexedDocument> documents) =>
        [.. rows.Documents.Span.ToArray().Select(id => documents[id])];

    private static Section<T> Next<T>(Queue<ReadOnlyMemory<byte>> sections)
        where T : unmanaged => new(sections.Dequeue());
}
