namespace Chancery.Documents;

/// <summary>A member of an archive, as its central directory has it.</summary>
/// <param name="Name">With forward slashes and none at its start.</param>
/// <param name="Flags">The general purpose bits.</param>
/// <param name="Method">0 stored, 8 deflated; others are not read.</param>
/// <param name="Offset">Of its local header, from the archive's first byte.</param>
internal sealed record ZipMember(string Name, int Flags, int Method, uint Crc, long CompressedBytes, long Offset)
{
    public bool IsEncrypted => (Flags & 1) != 0;
}
