using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Platform.Backup;

/// <summary>
/// Digest, size and name of each member, a line each, in their order: the archive's own list, and the one that is made while
/// reading it. Kept in a file that vanishes with the process: an installation may have millions of members.
/// </summary>
internal sealed class MemberList : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly FileStream _file;

    public MemberList(string directory) =>
        _file = new FileStream(
            Path.Combine(directory, $".chancery-members-{Guid.CreateVersion7():n}"),
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }
        );

    public long Count { get; private set; }

    public string Sha256 => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Add(string name, long size, ReadOnlySpan<byte> sha256)
    {
        var line = Encoding.UTF8.GetBytes(LineOf(name, size, sha256) + "\n");
        _hash.AppendData(line);
        _file.Write(line);
        Count++;
    }

    /// <summary>The whole list, from its beginning.</summary>
    public Stream Rewound()
    {
        _file.Flush();
        _file.Position = 0;
        return _file;
    }

    public void Dispose()
    {
        _hash.Dispose();
        _file.Dispose();
    }

    /// <summary>As <c>sha256sum</c> would write it, with the size between.</summary>
    private static string LineOf(string name, long size, ReadOnlySpan<byte> sha256) =>
        string.Create(CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(sha256)} {size} {name}");
}
