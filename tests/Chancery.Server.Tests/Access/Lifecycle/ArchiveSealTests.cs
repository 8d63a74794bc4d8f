using System.Security.Cryptography;
using Chancery.Server.Access.Lifecycle.Archiving;

namespace Chancery.Server.Tests.Access.Lifecycle;

public sealed class ArchiveSealTests
{
    private const string Passphrase = "a passphrase with ümlauts";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(ArchiveSeal.SegmentBytes)]
    [InlineData((3 * ArchiveSeal.SegmentBytes) + 17)]
    public async Task What_was_sealed_comes_back_byte_by_byte(int size)
    {
        var plain = RandomNumberGenerator.GetBytes(size);

        var archive = await SealedAsync(plain);

        Assert.Equal(plain, await OpenedAsync(archive, Passphrase));
    }

    [Fact]
    public async Task Nothing_that_was_cut_off_anywhere_opens()
    {
        var archive = await SealedAsync(RandomNumberGenerator.GetBytes((4 * ArchiveSeal.SegmentBytes) + 99));
        int[] ends =
        [
            .. Enumerable.Range(0, 20).Select(part => archive.Length * part / 20),
            archive.Length - 1,
            // On the edge of a segment.
            ArchiveSeal.HeaderBytes + (2 * (ArchiveSeal.SegmentBytes + ArchiveSeal.TagBytes)),
        ];

        foreach (var end in ends)
        {
            var refused = await Assert.ThrowsAsync<ArchiveException>(() => OpenedAsync(archive[..end], Passphrase));
            Assert.Equal(ArchiveFault.Damaged, refused.Fault);
        }
    }

    [Fact]
    public async Task Nothing_opens_of_which_a_bit_was_changed()
    {
        var archive = await SealedAsync(RandomNumberGenerator.GetBytes(2 * ArchiveSeal.SegmentBytes));
        for (var part = 0; part < 20; part++)
        {
            var changed = archive.ToArray();
            var at = archive.Length * part / 20;
            changed[at] ^= 4;

            var refused = await Assert.ThrowsAsync<ArchiveException>(() => OpenedAsync(changed, Passphrase));

            Assert.Contains(
                refused.Fault,
                new[] { ArchiveFault.Damaged, ArchiveFault.WrongPassphrase, ArchiveFault.TooNew }
            );
        }
    }

    [Fact]
    public async Task Another_passphrase_is_told_as_such()
    {
        var archive = await SealedAsync([1]);

        var refused = await Assert.ThrowsAsync<ArchiveException>(() => OpenedAsync(archive, "another passphrase"));

        Assert.Equal(ArchiveFault.WrongPassphrase, refused.Fault);
    }

    private static async Task<byte[]> SealedAsync(byte[] plain)
    {
        using var target = new MemoryStream();
        using var seal = ArchiveSeal.ForWriting(Passphrase);
        await target.WriteAsync(seal.Header, Cancel);
        await using var sealing = new SealingStream(target, seal);
        await sealing.WriteAsync(plain, Cancel);
        await sealing.FinishAsync(Cancel);
        return target.ToArray();
    }

    private static async Task<byte[]> OpenedAsync(byte[] archive, string passphrase)
    {
        using var seal = ArchiveSeal.Open(
            archive.AsSpan(0, Math.Min(archive.Length, ArchiveSeal.HeaderBytes)),
            passphrase
        );
        using var source = new MemoryStream(archive, ArchiveSeal.HeaderBytes, archive.Length - ArchiveSeal.HeaderBytes);
        await using var unsealing = new UnsealingStream(source, seal);
        using var plain = new MemoryStream();
        await unsealing.CopyToAsync(plain, Cancel);
        return plain.ToArray();
    }
}
