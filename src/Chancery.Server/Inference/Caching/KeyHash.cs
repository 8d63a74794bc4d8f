using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Inference.Caching;

/// <summary>
/// SHA-256 over fields that each say their name and their length: no two lists of fields run together into the same bytes. Nothing
/// and an empty text are different. Not safe for concurrent use.
/// </summary>
internal sealed class KeyHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public KeyHash Add(string name, string? value)
    {
        if (value is null)
        {
            return Absent(name);
        }

        return Add(name, Encoding.UTF8.GetBytes(value));
    }

    public KeyHash Add(string name, ReadOnlySpan<byte> value)
    {
        Append(Encoding.UTF8.GetBytes(name));
        Append(value);
        return this;
    }

    public KeyHash Add(string name, long? value)
    {
        if (value is not { } number)
        {
            return Absent(name);
        }

        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return Add(name, bytes);
    }

    /// <summary>By its bits: 0.1 as a float and as a double are different questions.</summary>
    public KeyHash Add(string name, float? value) =>
        Add(name, value is { } number ? BitConverter.SingleToInt32Bits(number) : (long?)null);

    public KeyHash Add(string name, Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        return Add(name, bytes);
    }

    public string End() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();

    private KeyHash Absent(string name)
    {
        Append(Encoding.UTF8.GetBytes(name));
        Span<byte> length = stackalloc byte[sizeof(int)];
        // No value has this length.
        BinaryPrimitives.WriteInt32LittleEndian(length, -1);
        _hash.AppendData(length);
        return this;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        _hash.AppendData(length);
        _hash.AppendData(bytes);
    }
}
