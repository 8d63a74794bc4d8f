using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Evaluation.Rollouts;

/// <summary>Which units (conversations, users or tenants) a rollout has reached: the same ones at every look, and more at every stage.</summary>
public static class RolloutAssignment
{
    public const int Buckets = 10_000;

    /// <summary>
    /// The unit's bucket, 0 to 9,999, the same on every machine and in every version: the first 8 bytes, big-endian, of SHA-256 over the
    /// rollout's 16 bytes (in the order that its text shows) and the unit's UTF-8, modulo 10,000. Another rollout deals anew, so that the
    /// same people are not always first.
    /// </summary>
    public static int BucketOf(Guid rolloutId, string unitId)
    {
        ArgumentNullException.ThrowIfNull(unitId);
        var input = new byte[16 + Encoding.UTF8.GetByteCount(unitId)];
        rolloutId.TryWriteBytes(input, bigEndian: true, out _);
        Encoding.UTF8.GetBytes(unitId, input.AsSpan(16));

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(hash) % Buckets);
    }

    /// <summary>Whether the unit gets the new version at this exposure.</summary>
    /// <param name="exposure">Share of units that get it, in hundredths of a percent, 0 to 10,000.</param>
    public static bool IsTreated(Guid rolloutId, string unitId, int exposure) => BucketOf(rolloutId, unitId) < exposure;
}
