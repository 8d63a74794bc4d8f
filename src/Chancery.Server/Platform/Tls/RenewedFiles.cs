using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Platform.Tls;

/// <summary>
/// What is read from files that somebody else renews, read again when they change: who renews them restarts nothing. Safe for
/// concurrent use.
/// </summary>
/// <remarks>
/// The contents are compared, not the times: platforms swap a whole directory under a link. Contents that cannot be used, as in
/// the middle of a renewal, leave what was there before in place.
/// </remarks>
internal sealed class RenewedFiles<T>
    where T : class
{
    private static readonly TimeSpan LookAtMostEvery = TimeSpan.FromSeconds(2);

    // Revocation lists of large authorities take some ten megabytes; a device file would never end.
    private const int MostBytes = 64 * 1024 * 1024;

    private readonly IReadOnlyList<string> _paths;
    private readonly Func<IReadOnlyList<byte[]>, T> _read;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private volatile T _current;
    private byte[] _seen;
    private byte[]? _refused;
    private long _lookedAt;

    /// <param name="paths">Looked up anew each time, links included.</param>
    /// <param name="read">Makes something of the contents, in the order of the paths, or throws as <see cref="IsUnusable"/> knows.</param>
    /// <exception cref="Exception">The files cannot be read, or what <paramref name="read"/> throws.</exception>
    public RenewedFiles(IReadOnlyList<string> paths, Func<IReadOnlyList<byte[]>, T> read, TimeProvider time)
    {
        (_paths, _read, _time) = (paths, read, time);
        var contents = Contents();
        (_current, _seen, _lookedAt) = (read(contents), Digest(contents), time.GetTimestamp());
    }

    /// <summary>Whether the files hold something else by now, which cannot be used.</summary>
    public bool IsStale => Volatile.Read(ref _refused) is not null;

    /// <summary>What is in use, after a look at the files where the last one was some seconds ago.</summary>
    /// <param name="renewed">Told once of new contents that are in use from now on.</param>
    /// <param name="refused">Told once of new contents that cannot be used.</param>
    public T Current(Action<T> renewed, Action<Exception> refused)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookAtMostEvery)
        {
            return _current;
        }

        // One looks; the others' handshakes do not wait for a disk.
        if (!_gate.TryEnter())
        {
            return _current;
        }

        try
        {
            if (_time.GetElapsedTime(_lookedAt) >= LookAtMostEvery)
            {
                Volatile.Write(ref _lookedAt, _time.GetTimestamp());
                LookAgain(renewed, refused);
            }

            return _current;
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Whether it says that files are missing, or hold something else than what is read from them.</summary>
    public static bool IsUnusable(Exception exception) =>
        exception
            is IOException
                or UnauthorizedAccessException
                or InvalidDataException
                or CryptographicException
                or AsnContentException
                or ArgumentException
                or FormatException;

    private void LookAgain(Action<T> renewed, Action<Exception> refused)
    {
        byte[]? found = null;
        try
        {
            var contents = Contents();
            found = Digest(contents);
            if (found.AsSpan().SequenceEqual(_seen))
            {
                Volatile.Write(ref _refused, null);
            }
            else if (_refused?.AsSpan().SequenceEqual(found) != true)
            {
                _current = _read(contents);
                _seen = found;
                Volatile.Write(ref _refused, null);
                renewed(_current);
            }
        }
        catch (Exception exception) when (IsUnusable(exception))
        {
            found ??= Encoding.UTF8.GetBytes(exception.Message);
            var isNew = _refused?.AsSpan().SequenceEqual(found) != true;
            Volatile.Write(ref _refused, found);
            if (isNew)
            {
                refused(exception);
            }
        }
    }

    private List<byte[]> Contents() => [.. _paths.Select(Content)];

    private static byte[] Content(string path)
    {
        using var file = File.OpenRead(path);
        using var content = new MemoryStream();
        var part = new byte[64 * 1024];
        while (file.Read(part) is > 0 and var read)
        {
            content.Write(part, 0, read);
            if (content.Length > MostBytes)
            {
                throw new InvalidDataException($"{path} holds more than {MostBytes / 1024 / 1024} MiB");
            }
        }

        return content.ToArray();
    }

    private static byte[] Digest(IEnumerable<byte[]> contents) =>
        SHA256.HashData([.. contents.SelectMany(SHA256.HashData)]);
}
