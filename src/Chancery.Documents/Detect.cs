namespace Chancery.Documents;

public static partial class MediaTypes
{
    public static partial MediaType Detect(ReadOnlySpan<byte> head, string? fileName) =>
        throw new NotSupportedException();
}
