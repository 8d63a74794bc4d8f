using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Chancery.Server.Platform.Secrets;

namespace Chancery.Server.Platform.Backup;

/// <summary>An archive whose every digest was checked.</summary>
/// <param name="Bytes">Of the file.</param>
/// <param name="IsSigned">Whether a master key was there to prove who made it, and did.</param>
public sealed record VerifiedBackup(BackupHeader Header, BackupManifest Manifest, long Bytes, bool IsSigned);

/// <summary>Reads archives, which are somebody's files: nothing in them is believed before it was checked.</summary>
public sealed partial class BackupReader : IAsyncDisposable
{
    private const long LargestText = 64 * 1024 * 1024;
    private const int MostFaults = 20;

    private readonly FileStream _file;

    private BackupReader(FileStream file, string path, BackupHeader header)
    {
        _file = file;
        Path = path;
        Header = header;
    }

    public string Path { get; }

    public BackupHeader Header { get; }

    /// <summary>Opens an archive and reads its header.</summary>
    /// <exception cref="BackupException">It is none, or one of a newer format.</exception>
    public static async Task<BackupReader> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
        {
            throw new BackupException($"{path} is a directory: name the archive in it.");
        }

        FileStream file;
        try
        {
            file = new FileStream(
                path,
                new FileStreamOptions
                {
                    Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
                    BufferSize = 256 * 1024,
                }
            );
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BackupException($"There is no file {path}.", exception);
        }

        try
        {
            return new BackupReader(file, path, await HeaderAsync(file, path, cancellationToken));
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>The keys of this archive, if <paramref name="masterKey"/> is its master key.</summary>
    internal BackupKeys? KeysOf(MasterKey masterKey)
    {
        var keys = new BackupKeys(masterKey, Header.Salt);
        if (keys.Check == Header.KeyCheck)
        {
            return keys;
        }

        keys.Dispose();
        return null;
    }

    /// <summary>The master key that the operator had put in; null when there is none.</summary>
    public async Task<MasterKey?> MasterKeyAsync(CancellationToken cancellationToken)
    {
        if (!Header.HoldsMasterKey)
        {
            return null;
        }

        await foreach (var (name, content) in MembersAsync(cancellationToken))
        {
            if (name == BackupFormat.MasterKey)
            {
                return MasterKey.Parse(Encoding.ASCII.GetString(await AllAsync(content, cancellationToken)));
            }
        }

        return null;
    }

    /// <summary>Reads all of it and checks every digest, that nothing is missing, and the signature where there is a key.</summary>
    /// <exception cref="BackupException">What is wrong with it, member by member.</exception>
    internal async Task<VerifiedBackup> VerifyAsync(
        BackupKeys? keys,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await CheckAsync(keys, progress, cancellationToken);
        }
        catch (Exception exception) when (exception is EndOfStreamException or InvalidDataException)
        {
            throw Damaged(
                $"it was cut off, or is damaged, at byte {Math.Min(_file.Position, _file.Length)} of {_file.Length}",
                exception
            );
        }
    }

    private async Task<VerifiedBackup> CheckAsync(
        BackupKeys? keys,
        IProgress<BackupProgress> progress,
        CancellationToken cancellationToken
    )
    {
        using var seen = new MemberList(System.IO.Path.GetTempPath());
        byte[]? manifestText = null;
        string? signature = null;
        var listSha256 = "";
        var faults = new List<string>();
        long parts = 0;
        long blobs = 0;
        await foreach (var (name, content) in MembersAsync(cancellationToken))
        {
            progress.Report(new BackupProgress("Checking", _file.Position, _file.Length, "bytes"));
            switch (name)
            {
                case BackupFormat.Members:
                    await using (var hashing = new HashingStream(content))
                    {
                        await CompareAsync(hashing, seen.Rewound(), faults, cancellationToken);
                        await hashing.CopyToAsync(Stream.Null, cancellationToken);
                        listSha256 = Convert.ToHexStringLower(hashing.Sha256);
                    }

                    break;
                case BackupFormat.Manifest:
                    manifestText = await AllAsync(content, cancellationToken);
                    break;
                case BackupFormat.Signature:
                    signature = Encoding.ASCII.GetString(await AllAsync(content, cancellationToken));
                    break;
                default:
                    await using (var hashing = new HashingStream(content))
                    {
                        await hashing.CopyToAsync(Stream.Null, 256 * 1024, cancellationToken);
                        seen.Add(name, content.Length, hashing.Sha256);
                    }

                    parts += name.StartsWith(BackupFormat.Database, StringComparison.Ordinal) ? 1 : 0;
                    blobs += name.StartsWith(BackupFormat.Blobs, StringComparison.Ordinal) ? 1 : 0;
                    break;
            }
        }

        if (manifestText is null || signature is null)
        {
            throw Damaged("it was cut off: its manifest, which is written last, is missing");
        }

        var manifest = Parse<BackupManifest>(manifestText, BackupFormat.Manifest);
        if (faults.Count > 0)
        {
            throw Damaged(string.Join("; ", faults));
        }

        if (
            manifest.MembersSha256 != listSha256
            || manifest.MembersSha256 != seen.Sha256
            || (manifest.Members, manifest.DatabaseParts, manifest.Blobs) != (seen.Count, parts, blobs)
        )
        {
            throw Damaged("its members are not those that the manifest names");
        }

        if (keys is not null && !keys.IsSigned(manifestText, signature))
        {
            throw Damaged("its manifest was changed: the signature does not fit");
        }

        return new VerifiedBackup(Header, manifest, _file.Length, keys is not null);
    }

    /// <summary>Each member from the first on; the content is read before the next one is asked for.</summary>
    internal async IAsyncEnumerable<(string Name, Stream Content)> MembersAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        _file.Position = 0;
        await using var tar = new TarReader(_file, leaveOpen: true);
        while (await NextAsync(tar, cancellationToken) is { } entry)
        {
            if (entry.EntryType != TarEntryType.RegularFile || !Names().IsMatch(entry.Name))
            {
                throw Damaged($"it holds \"{Printable(entry.Name)}\", which no backup has");
            }

            yield return (entry.Name, entry.DataStream ?? Stream.Null);
        }
    }

    internal static async Task<byte[]> AllAsync(Stream content, CancellationToken cancellationToken)
    {
        if (content.Length > LargestText)
        {
            throw new BackupException("The archive is damaged: a member is larger than it can be.");
        }

        var bytes = new byte[content.Length];
        await content.ReadExactlyAsync(bytes, cancellationToken);
        return bytes;
    }

    public ValueTask DisposeAsync() => _file.DisposeAsync();

    private static async Task<BackupHeader> HeaderAsync(
        FileStream file,
        string path,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await using var tar = new TarReader(file, leaveOpen: true);
            var entry = await tar.GetNextEntryAsync(copyData: false, cancellationToken);
            if (entry is { Name: BackupFormat.Header, DataStream: { } content })
            {
                var text = await AllAsync(content, cancellationToken);
                // The format alone is promised to stay readable.
                var format = JsonSerializer.Deserialize<JsonElement>(text).GetProperty("format").GetInt32();
                return format <= BackupFormat.Current
                    ? JsonSerializer.Deserialize<BackupHeader>(text, BackupFormat.Json)
                        ?? throw new JsonException("The header is empty.")
                    : throw new BackupException(
                        $"{path} was made by a newer Chancery (archive format {format}; this version reads {BackupFormat.Current}). "
                            + "Use that version, or a newer one."
                    );
            }
        }
        catch (Exception exception)
            when (exception
                    is InvalidDataException
                        or EndOfStreamException
                        or JsonException
                        or KeyNotFoundException
                        or InvalidOperationException
                        or FormatException
            )
        {
            throw new BackupException($"{path} is not a backup of Chancery, or its beginning is damaged.", exception);
        }

        throw new BackupException($"{path} is not a backup of Chancery.");
    }

    private async Task<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellationToken)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception exception)
            when (exception is InvalidDataException or EndOfStreamException or FormatException or ArgumentException)
        {
            throw Damaged(
                $"it was cut off, or is damaged, at byte {Math.Min(_file.Position, _file.Length)} of {_file.Length}",
                exception
            );
        }
    }

    /// <summary>Finds the members whose lines differ, and where one is missing or too much.</summary>
    private static async Task CompareAsync(
        Stream listed,
        Stream found,
        List<string> faults,
        CancellationToken cancellationToken
    )
    {
        using var expected = new StreamReader(listed, Encoding.UTF8, false, 64 * 1024, leaveOpen: true);
        using var actual = new StreamReader(found, Encoding.UTF8, false, 64 * 1024, leaveOpen: true);
        while (faults.Count < MostFaults)
        {
            var want = await expected.ReadLineAsync(cancellationToken);
            var have = await actual.ReadLineAsync(cancellationToken);
            if (want == have)
            {
                if (want is null)
                {
                    return;
                }

                continue;
            }

            if (want is null || have is null || NameIn(want) != NameIn(have))
            {
                faults.Add(want is null ? $"{NameIn(have!)} is too much" : $"{Printable(NameIn(want))} is missing");
                return;
            }

            faults.Add($"{NameIn(have)} does not have the digest that it was written with");
        }

        faults.Add("and more");
    }

    private static string NameIn(string line) => line[(line.LastIndexOf(' ') + 1)..];

    private T Parse<T>(byte[] text, string name)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, BackupFormat.Json) ?? throw new JsonException("It is empty.");
        }
        catch (JsonException exception)
        {
            throw Damaged($"{name} cannot be read", exception);
        }
    }

    internal BackupException Damaged(string what, Exception? inner = null) =>
        new($"{Path} is damaged: {what}. Take another copy of this backup, or another backup.", inner);

    private static string Printable(string text) =>
        new([.. text.Take(200).Select(letter => char.IsControl(letter) ? '?' : letter)]);

    [GeneratedRegex(
        @"\A(header\.json|database/[0-9]{8}|blobs/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{64}|keys/master\.key|members\.txt|manifest\.json|manifest\.mac)\z"
    )]
    private static partial Regex Names();
}
