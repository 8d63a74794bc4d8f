namespace Chancery.Documents.Tests;

public sealed class ExifOrientationTests
{
    private static readonly byte[] Big =
    [
        0xFF,
        0xD8,
        0xFF,
        0xE0,
        0,
        4,
        1,
        2,
        0xFF,
        0xE1,
        0,
        34,
        .. "Exif\0\0MM\0*\0\0\0\u0008\0\u0001\u0001\u0012\0\u0003\0\0\0\u0001\0\u0006\0\0\0\0\0\0"u8,
        0xFF,
        0xDA,
    ];

    private static readonly byte[] Little =
    [
        0xFF,
        0xD8,
        0xFF,
        0xE1,
        0,
        34,
        .. "Exif\0\0II*\0\u0008\0\0\0\u0001\0\u0012\u0001\u0003\0\u0001\0\0\0\u0008\0\0\0\0\0\0\0"u8,
        0xFF,
        0xDA,
    ];

    [Fact]
    public void Both_orders_of_bytes_are_read()
    {
        Assert.Equal(Turn.Up, ExifOrientation.Of(Big));
        Assert.Equal(Turn.Down, ExifOrientation.Of(Little));
        Assert.Equal(Turn.None, ExifOrientation.Of([0x89, .. "PNG"u8]));
    }

    [Fact]
    public void Whatever_bytes_are_wrong_or_missing_it_says_something()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var broken = (byte[])(i % 2 == 0 ? Big : Little).Clone();
            for (var flip = 0; flip <= i % 3; flip++)
            {
                broken[random.Next(2, broken.Length)] = (byte)random.Next(256);
            }

            Assert.True(Enum.IsDefined(ExifOrientation.Of(broken.AsSpan(0, random.Next(broken.Length + 1)))));
        }
    }
}
