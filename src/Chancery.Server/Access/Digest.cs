using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Access;

/// <summary>SHA-256 as a dictionary key: the caches never hold a credential itself.</summary>
internal readonly record struct Digest(UInt128 High, UInt128 Low)
{
    private const int MaxOnStack = 1024;

    public static Digest Of(string secret)
    {
        var count = Encoding.UTF8.GetByteCount(secret);
        var bytes = count <= MaxOnStack ? stackalloc byte[MaxOnStack] : new byte[count];
        bytes = bytes[..Encoding.UTF8.GetBytes(secret, bytes)];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return new Digest(
            BinaryPrimitives.ReadUInt128BigEndian(hash),
            BinaryPrimitives.ReadUInt128BigEndian(hash[16..])
        );
    }
}
