using System.Text;
using Chancery.Search.Engine.Segments;

namespace Chancery.Search.Engine.Snapshots;

/// <summary>The attributes of all documents in a snapshot.</summary>
internal static class DocumentSection
{
    public static byte[] ToBytes(Generation generation)
    {
        var documents = new Dictionary<Guid, IndexedDocument>();
        foreach (var view in generation.Texts.Concat<SegmentView>(generation.Vectors))
        {
            foreach (var document in view.Documents)
                documents[document.Id] = document;
        }

        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(documents.Count);
        foreach (var document in documents.Values)
        {
            writer.Write(document.Id.ToByteArray());
            writer.Write(document.CollectionId.ToByteArray());
            writer.Write(document.Date.UtcTicks);
            writer.Write(document.Tags.Count);
            foreach (var tag in document.Tags)
                writer.Write(tag);
            writer.Write(document.Readers?.Count ?? -1);
            foreach (var reader in document.Readers ?? [])
                writer.Write(reader.ToByteArray());
        }

        writer.Flush();
        return stream.ToArray();
    }

    public static Dictionary<Guid, IndexedDocument> Of(ReadOnlySpan<byte> bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes.ToArray()), Encoding.UTF8);
        var count = reader.ReadInt32();
        var documents = new Dictionary<Guid, IndexedDocument>(count);
        for (; count > 0; count--)
        {
            var id = Id();
            documents[id] = new IndexedDocument(id)
            {
                CollectionId = Id(),
                Date = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero),
                Tags = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadString())],
                Readers = reader.ReadInt32() is var readers and >= 0
                    ? [.. Enumerable.Range(0, readers).Select(_ => Id())]
                    : null,
            };
        }

        return documents;

        Guid Id() => new(reader.ReadBytes(16));
    }
}
