using System.Buffers.Binary;
using System.IO.Compression;

namespace Chancery.Documents;

/// <summary>
/// An archive that is not believed: what it says of sizes counts for nothing, members may not overlap or share a name, and
/// all that is inflated is counted. Archives inside it are never opened. Not for concurrent use.
/// </summary>
internal sealed class GuardedZip
{
    private const int LocalBytes = 30;
    private const int Stored = 0;
    private const int Deflated = 8;

    private readonly byte[] _content;
    private readonly Dictionary<string, (ZipMember Member, int Start)> _members = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _twice = new(StringComparer.OrdinalIgnoreCase);
    private readonly InflationBudget _budget = new();

    /// <exception cref="DocumentUnreadableException">It is incomplete, damaged, or made to do harm.</exception>
    public GuardedZip(byte[] content)
    {
        _content = content;
        var tail = Math.Max(0, content.Length - ZipDirectory.TailBytes);
        var (offset, bytes, shift) = ZipDirectory.Find(content.AsSpan(tail), tail) ?? throw Failures.IncompleteOffice();
        var members = ZipDirectory.Members(content.AsSpan((int)offset, (int)bytes), shift);
        var taken = offset;
        foreach (var member in members.OrderByDescending(member => member.Offset))
        {
            var start = StartOf(member);
            if (start + member.CompressedBytes > taken)
            {
                throw Failures.UnsafeOffice("holds parts that overlap");
            }

            taken = member.Offset;
            if (!_members.TryAdd(member.Name, (member, (int)start)))
            {
                _twice.Add(member.Name);
            }
        }
    }

    public IEnumerable<string> Names => _members.Keys;

    public bool Has(string name) => _members.ContainsKey(name);

    /// <summary>The member's content, inflated as it is read; null when there is none of that name.</summary>
    public Stream? Open(string name)
    {
        if (!_members.TryGetValue(name, out var found))
        {
            return null;
        }

        var (member, start) = found;
        if (_twice.Contains(name))
        {
            throw Failures.UnsafeOffice("holds two parts of one name");
        }

        if (member.IsEncrypted)
        {
            throw Failures.EncryptedOffice();
        }

        var packed = new MemoryStream(_content, start, (int)member.CompressedBytes, writable: false);
        Stream content = member.Method switch
        {
            Stored => packed,
            Deflated => new DeflateStream(packed, CompressionMode.Decompress),
            _ => throw Failures.UnsafeOffice("is compressed in a way"),
        };
        return new CountedStream(content, member, _budget);
    }

    private long StartOf(ZipMember member)
    {
        if (
            member.Offset > _content.Length - LocalBytes
            || !_content.AsSpan((int)member.Offset).StartsWith("PK\x03\x04"u8)
        )
        {
            throw Failures.DamagedOffice();
        }

        var local = _content.AsSpan((int)member.Offset);
        var start =
            member.Offset
            + LocalBytes
            + BinaryPrimitives.ReadUInt16LittleEndian(local[26..])
            + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        return start > _content.Length || member.CompressedBytes > _content.Length - start
            ? throw Failures.DamagedOffice()
            : start;
    }
}
