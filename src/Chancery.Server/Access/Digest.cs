using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Access;

/// <summary>SHA-256 as a dictionary key: the caches never hold a credential itself.</summary>
internal readonly record struct Digest(UInt128 High, UInt128 Low)
{
    public static Digest Of(string secret)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), hash);
        return new Digest(
            BinaryPrimitives.ReadUInt128BigEndian(hash),
            BinaryPrimitives.ReadUInt128BigEndian(hash[16..])
        );
    }
}
