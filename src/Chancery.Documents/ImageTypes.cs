namespace Chancery.Documents;

/// <summary>Images of pages that are read by recognising their text.</summary>
internal static class ImageTypes
{
    public static readonly MediaType Png = new("image/png", "a PNG image", true);
    public static readonly MediaType Jpeg = new("image/jpeg", "a JPEG image", true);
    public static readonly MediaType Tiff = new("image/tiff", "a TIFF image", true);

    public static IReadOnlyList<MediaType> All { get; } = [Png, Jpeg, Tiff];
}
