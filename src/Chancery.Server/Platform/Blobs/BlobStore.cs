using System.Security.Cryptography;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Erasing;

namespace Chancery.Server.Platform.Blobs;

/// <summary>What storing a file can end in, apart from a fault.</summary>
public abstract record BlobOutcome
{
    private BlobOutcome() { }

    /// <param name="Sha256">Of the plaintext: the file's name within its tenant.</param>
    public sealed record Stored(byte[] Sha256, long Size) : BlobOutcome;

    public sealed record TooLarge : BlobOutcome;

    /// <summary>The disk, or the quota, is full.</summary>
    public sealed record NoSpace : BlobOutcome;
}

/// <summary>
/// Files by tenant and SHA-256, encrypted with the tenant's data key, under <c>blobs/</c> in the data directory. Two
/// tenants never share one, whatever is in it. Safe for concurrent use, and between processes on one directory.
/// </summary>
public sealed class BlobStore(Storage storage, IDataKeys keys)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _root = Path.Combine(storage.DataDirectory, "blobs");

    /// <summary>Stores a file; nothing of it stays unless the outcome is <see cref="BlobOutcome.Stored"/>.</summary>
    /// <param name="head">The file's first bytes, already read.</param>
    /// <param name="rest">What follows them, read to its end.</param>
    /// <param name="maxBytes">Largest file, head included.</param>
    public async Task<BlobOutcome> WriteAsync(
        TenantId tenant,
        ReadOnlyMemory<byte> head,
        Stream rest,
        long maxBytes,
        CancellationToken cancellationToken
    ) =>
        await WriteAsync(
            tenant,
            await keys.GetAsync(tenant, cancellationToken),
            head,
            rest,
            maxBytes,
            cancellationToken
        );

    /// <summary>The same under a key that is not stored yet: of a tenant that is just coming in.</summary>
    internal async Task<BlobOutcome> WriteAsync(
        TenantId tenant,
        byte[] key,
        ReadOnlyMemory<byte> head,
        Stream rest,
        long maxBytes,
        CancellationToken cancellationToken
    )
    {
        var temporary = Path.Combine(TemporaryDirectory(tenant), Guid.CreateVersion7().ToString("n"));
        try
        {
            MakeDirectory(tenant, TemporaryName);
            using var format = BlobFormat.ForWriting(key, tenant);
            byte[] sha256;
            long size;
            await using (var file = Create(temporary))
            {
                var sealing = new SealingWriter(file, format, maxBytes);
                if (!await sealing.CopyAsync(head, rest, cancellationToken))
                {
                    return new BlobOutcome.TooLarge();
                }

                (sha256, size) = await sealing.FinishAsync(cancellationToken);
                file.Flush(flushToDisk: true);
            }

            var path = PathOf(tenant, sha256);
            MakeDirectory(tenant, Path.GetFileName(Path.GetDirectoryName(path)!));
            // Also over an equal file: its time is then new, and the sweep leaves it alone for another day.
            File.Move(temporary, path, overwrite: true);
            return new BlobOutcome.Stored(sha256, size);
        }
        catch (IOException exception) when (IsNoSpace(exception))
        {
            return new BlobOutcome.NoSpace();
        }
        finally
        {
            // Gone already when the file was stored.
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }

    /// <summary>The file's plaintext, seekable; the caller disposes it.</summary>
    /// <exception cref="FileNotFoundException">The tenant has no such file.</exception>
    /// <exception cref="CryptographicException">It was tampered with, or is damaged. Also thrown while reading.</exception>
    public async Task<Stream> OpenAsync(TenantId tenant, byte[] sha256, CancellationToken cancellationToken)
    {
        var key = await keys.GetAsync(tenant, cancellationToken);
        var file = new FileStream(
            PathOf(tenant, sha256),
            new FileStreamOptions { Options = FileOptions.Asynchronous, BufferSize = 0 }
        );
        try
        {
            var header = new byte[BlobFormat.HeaderBytes];
            if (await file.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken) < 44)
            {
                throw new CryptographicException("This is not a stored file.");
            }

            var (format, length) = BlobFormat.Open(header, key, tenant, sha256);
            return new BlobReadStream(file, format, length);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>Removes every file of a tenant that is not, or no longer, here.</summary>
    internal void RemoveAllOf(TenantId tenant)
    {
        var directory = Path.Combine(_root, tenant.ToString());
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public bool Exists(TenantId tenant, byte[] sha256) => File.Exists(PathOf(tenant, sha256));

    /// <summary>Everything of the tenant that was last written before <paramref name="cutoff"/>; half-written files have no name.</summary>
    internal IEnumerable<(string Path, byte[]? Sha256)> WrittenBefore(TenantId tenant, DateTimeOffset cutoff)
    {
        var directory = new DirectoryInfo(Path.Combine(_root, tenant.ToString()));
        if (!directory.Exists)
        {
            yield break;
        }

        foreach (var file in directory.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (file.LastWriteTimeUtc < cutoff.UtcDateTime)
            {
                var isTemporary = file.Directory?.Name == TemporaryName;
                yield return (file.FullName, isTemporary ? null : Convert.FromHexString(file.Name));
            }
        }
    }

    /// <summary>Removes everything of the tenant, half-written files too.</summary>
    internal Remains EraseAll(TenantId tenant, CancellationToken cancellationToken)
    {
        var directory = new DirectoryInfo(Path.Combine(_root, tenant.ToString()));
        if (!directory.Exists)
        {
            return default;
        }

        var (files, bytes) = (0L, 0L);
        foreach (var file in directory.EnumerateFiles("*", SearchOption.AllDirectories))
        {
            cancellationToken.ThrowIfCancellationRequested();
            bytes += file.Length;
            files++;
            file.Delete();
        }

        directory.Delete(recursive: true);
        return new Remains(files, bytes);
    }

    /// <summary>Whether a fault means that there is no room left: ENOSPC (28) or EDQUOT (122).</summary>
    internal static bool IsNoSpace(IOException exception) =>
        exception.HResult is 28 or 122 or unchecked((int)0x80070070);

    private const string TemporaryName = "tmp";

    private static FileStream Create(string path) =>
        new(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                UnixCreateMode = Private,
                Options = FileOptions.Asynchronous,
                BufferSize = 0,
            }
        );

    // One by one: directories above the one that is asked for would be open to everybody.
    private void MakeDirectory(TenantId tenant, string name)
    {
        var ofTenant = Path.Combine(_root, tenant.ToString());
        foreach (var path in new[] { _root, ofTenant, Path.Combine(ofTenant, name) })
        {
            Directory.CreateDirectory(path, Private | UnixFileMode.UserExecute);
        }
    }

    private string TemporaryDirectory(TenantId tenant) => Path.Combine(_root, tenant.ToString(), TemporaryName);

    private string PathOf(TenantId tenant, byte[] sha256)
    {
        var name = Convert.ToHexStringLower(sha256);
        return Path.Combine(_root, tenant.ToString(), name[..2], name);
    }
}
