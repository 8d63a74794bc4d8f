using System.Security.Cryptography;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Database;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Knowledge;

public sealed class BlobTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private BlobStore Blobs => chancery.Services.GetRequiredService<BlobStore>();

    [Theory]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(131_072)]
    [InlineData(300_001)]
    public async Task A_file_comes_back_as_it_went_in_from_any_place_in_it(int size)
    {
        var tenant = await TenantAsync();
        var content = RandomNumberGenerator.GetBytes(size);

        var stored = await StoreAsync(tenant, content);
        await using var read = await Blobs.OpenAsync(tenant, stored.Sha256, Cancel);
        var back = new byte[size];
        await read.ReadExactlyAsync(back, Cancel);
        read.Position = size / 3;
        var rest = new byte[size - (size / 3)];
        await read.ReadExactlyAsync(rest, Cancel);

        Assert.Equal(SHA256.HashData(content), stored.Sha256);
        Assert.Equal(size, read.Length);
        Assert.Equal(content, back);
        Assert.Equal(content[(size / 3)..], rest);
        Assert.Equal(0, await read.ReadAsync(new byte[1], Cancel));
    }

    [Fact]
    public async Task Nothing_readable_lies_on_the_disk_and_two_tenants_share_no_file()
    {
        var one = await TenantAsync();
        var other = await TenantAsync();
        var content = "The canary sings only at dawn."u8.ToArray();

        var stored = await StoreAsync(one, content);
        await StoreAsync(other, content);

        var mine = await File.ReadAllBytesAsync(PathOf(one, stored.Sha256), Cancel);
        var theirs = await File.ReadAllBytesAsync(PathOf(other, stored.Sha256), Cancel);
        Assert.Equal(-1, mine.AsSpan().IndexOf("canary"u8));
        Assert.NotEqual(mine, theirs);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(PathOf(one, stored.Sha256)));
    }

    [Theory]
    [InlineData("flip")]
    [InlineData("cut")]
    [InlineData("swap segments")]
    [InlineData("other tenant")]
    [InlineData("other name")]
    public async Task A_file_that_was_tampered_with_is_never_read(string damage)
    {
        var tenant = await TenantAsync();
        var stored = await StoreAsync(tenant, RandomNumberGenerator.GetBytes(200_000));
        var path = PathOf(tenant, stored.Sha256);
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        const int segment = 65_536 + 16;
        switch (damage)
        {
            case "flip":
                bytes[70_000] ^= 1;
                break;
            case "cut":
                bytes = bytes[..(44 + (2 * segment))];
                break;
            case "swap segments":
                var first = bytes[44..(44 + segment)];
                bytes.AsSpan(44 + segment, segment).CopyTo(bytes.AsSpan(44));
                first.CopyTo(bytes.AsSpan(44 + segment));
                break;
            case "other tenant":
                tenant = await TenantAsync();
                break;
            case "other name":
                stored = stored with { Sha256 = SHA256.HashData([1]) };
                break;
        }

        path = PathOf(tenant, stored.Sha256);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes, Cancel);

        var fault = await Record.ExceptionAsync(async () =>
        {
            await using var read = await Blobs.OpenAsync(tenant, stored.Sha256, Cancel);
            await read.CopyToAsync(Stream.Null, Cancel);
        });

        Assert.True(fault is CryptographicException or EndOfStreamException, $"{damage}: {fault}");
    }

    [Fact]
    public async Task A_file_over_the_limit_leaves_nothing_behind()
    {
        var tenant = await TenantAsync();
        using var rest = new MemoryStream(new byte[100_000]);

        var outcome = await Blobs.WriteAsync(tenant, new byte[10], rest, 100_009, Cancel);

        Assert.IsType<BlobOutcome.TooLarge>(outcome);
        Assert.Empty(FilesOf(tenant));
    }

    [Fact]
    public async Task A_broken_upload_leaves_nothing_behind()
    {
        var tenant = await TenantAsync();

        await Assert.ThrowsAsync<IOException>(() =>
            Blobs.WriteAsync(tenant, new byte[10], new BrokenStream(), 1_000_000, Cancel)
        );

        Assert.Empty(FilesOf(tenant));
    }

    [Fact]
    public async Task A_full_disk_is_told_apart_from_other_faults()
    {
        await using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.None, 0);

        var fault = await Assert.ThrowsAnyAsync<IOException>(() => full.WriteAsync(new byte[10], Cancel).AsTask());

        Assert.True(BlobStore.IsNoSpace(fault), $"{fault.HResult}");
        Assert.False(BlobStore.IsNoSpace(new IOException("Broken pipe", 32)));
    }

    [Fact]
    public async Task The_sweep_removes_what_nothing_points_to_after_a_day_and_nothing_else()
    {
        var user = await chancery.SignUpAsync();
        var tenant = new TenantId(user.TenantId);
        await user.UploadTextAsync("# Kept\n\nA document points to this.");
        var kept = FilesOf(tenant).Single();
        var young = await StoreAsync(tenant, [1]);
        var old = await StoreAsync(tenant, [2]);
        var yesterday = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-25);
        File.SetLastWriteTimeUtc(kept, yesterday);
        File.SetLastWriteTimeUtc(PathOf(tenant, old.Sha256), yesterday);

        var removed = await chancery.Services.GetRequiredService<BlobSweep>().RunAsync(tenant, Cancel);

        Assert.Equal(1, removed);
        Assert.Equal(new[] { kept, PathOf(tenant, young.Sha256) }.Order(), FilesOf(tenant).Order());
    }

    private async Task<TenantId> TenantAsync() => new((await chancery.SignUpAsync()).TenantId);

    private async Task<BlobOutcome.Stored> StoreAsync(TenantId tenant, byte[] content)
    {
        using var rest = new MemoryStream(content[(content.Length / 2)..]);
        var head = content.AsMemory(0, content.Length / 2);
        return Assert.IsType<BlobOutcome.Stored>(await Blobs.WriteAsync(tenant, head, rest, 1_000_000, Cancel));
    }

    private string PathOf(TenantId tenant, byte[] sha256)
    {
        var name = Convert.ToHexStringLower(sha256);
        return Path.Combine(chancery.Storage.DataDirectory, "blobs", tenant.ToString(), name[..2], name);
    }

    private string[] FilesOf(TenantId tenant) =>
        Directory.GetFiles(
            Path.Combine(chancery.Storage.DataDirectory, "blobs", tenant.ToString()),
            "*",
            SearchOption.AllDirectories
        );

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("The client went away.");
    }
}
