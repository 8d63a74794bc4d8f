using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Audit.Chain;

/// <summary>
/// What links entries: SHA-256 over every stored field, each with its length ahead of it, so that no two entries have the same bytes,
/// and over the hash of the entry before. Described in docs/audit.md, so that others can check it.
/// </summary>
internal static class EntryHash
{
    public const int Length = 32;

    /// <summary>What stands before the first entry of a chain.</summary>
    public static byte[] Genesis => new byte[Length];

    private static ReadOnlySpan<byte> EntryMark => "chancery-audit-entry-v1"u8;

    private static ReadOnlySpan<byte> PeopleMark => "chancery-audit-people-v1"u8;

    /// <summary>The hash that an entry must have, with the given one before it.</summary>
    public static byte[] Of(AuditEntry entry, ReadOnlySpan<byte> previous)
    {
        using var hash = new FieldHash(EntryMark);
        hash.Add(entry.TenantId);
        hash.Add(entry.Seq);
        hash.Add(entry.EntryId);
        hash.Add(Microseconds(entry.At));
        hash.Add(entry.Action);
        hash.Add(entry.Outcome);
        hash.Add((long?)entry.Status);
        hash.Add(entry.Reason);
        hash.Add(entry.ActorKind);
        hash.Add(entry.ActorId);
        hash.Add(entry.CredentialKind);
        hash.Add(entry.CredentialId);
        hash.Add(entry.SubjectKind);
        hash.Add(entry.SubjectId);
        hash.Add(entry.TraceId);
        hash.Add((long?)entry.Repeats);
        hash.Add(entry.Details);
        hash.Add(entry.PeopleId);
        hash.Add(entry.PeopleHash);
        hash.Add(previous);
        return hash.Finish();
    }

    /// <summary>The hash of what is beside the chain; without the salt nobody can try names out against it.</summary>
    public static byte[] OfPeople(ReadOnlySpan<byte> salt, Guid person, string name, string email, string address)
    {
        using var hash = new FieldHash(PeopleMark);
        hash.Add(salt);
        hash.Add(person);
        hash.Add(name);
        hash.Add(email);
        hash.Add(address);
        return hash.Finish();
    }

    private static long Microseconds(DateTimeOffset at) =>
        (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>Fields as bytes: a length of four bytes, big-endian, and the bytes; -1 for what is not there.</summary>
    private sealed class FieldHash : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public FieldHash(ReadOnlySpan<byte> mark) => Add(mark);

        public void Add(string? text) => Add(text is null ? null : Encoding.UTF8.GetBytes(text));

        public void Add(Guid? id) => Add(id?.ToByteArray(bigEndian: true));

        public void Add(long? number)
        {
            if (number is not { } value)
            {
                Add((byte[]?)null);
                return;
            }

            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteInt64BigEndian(bytes, value);
            Add(bytes);
        }

        public void Add(byte[]? bytes)
        {
            if (bytes is null)
            {
                AppendLength(-1);
                return;
            }

            Add(bytes.AsSpan());
        }

        public void Add(ReadOnlySpan<byte> bytes)
        {
            AppendLength(bytes.Length);
            _hash.AppendData(bytes);
        }

        public byte[] Finish() => _hash.GetHashAndReset();

        public void Dispose() => _hash.Dispose();

        private void AppendLength(int length)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bytes, length);
            _hash.AppendData(bytes);
        }
    }
}
