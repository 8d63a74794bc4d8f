using System.Security.Cryptography;
using System.Text;
using Chancery.Server.Platform.Streams;
using Microsoft.Net.Http.Headers;

namespace Chancery.Server.Access.Idempotency;

/// <summary>
/// SHA-256 of a request's content type and body, as it passes. The boundary of a multipart form is left out: clients make
/// a new one for each attempt, and the parts are what counts.
/// </summary>
internal sealed class BodyHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _boundary;

    // The end of what came so far, while it may be the beginning of a boundary.
    private byte[] _open = [];

    public BodyHash(string? contentType)
    {
        var boundary = "";
        var type = contentType ?? "";
        if (
            MediaTypeHeaderValue.TryParse(contentType, out var parsed)
            && parsed.MediaType.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase)
        )
        {
            boundary = HeaderUtilities.RemoveQuotes(parsed.Boundary).Value ?? "";
            type = parsed.MediaType.Value!;
        }

        _boundary = Encoding.UTF8.GetBytes(boundary);
        _hash.AppendData(Encoding.UTF8.GetBytes(type + "\n"));
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_boundary.Length == 0)
        {
            _hash.AppendData(bytes);
            return;
        }

        byte[] all = [.. _open, .. bytes];
        var rest = all.AsSpan();
        for (var at = rest.IndexOf(_boundary); at >= 0; at = rest.IndexOf(_boundary))
        {
            _hash.AppendData(rest[..at]);
            rest = rest[(at + _boundary.Length)..];
        }

        var kept = Math.Min(rest.Length, _boundary.Length - 1);
        _hash.AppendData(rest[..^kept]);
        _open = rest[^kept..].ToArray();
    }

    public byte[] Finish()
    {
        _hash.AppendData(_open);
        _open = [];
        return _hash.GetHashAndReset();
    }

    public void Dispose() => _hash.Dispose();
}

/// <summary>A request's body that is hashed by whoever reads it.</summary>
internal sealed class HashingBody(Stream body, BodyHash hash) : ReadOnceStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        hash.Append(buffer.Span[..read]);
        return read;
    }

    /// <summary>Reads what is left of it, for the hash.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await ReadAsync(buffer, cancellationToken) > 0) { }
    }
}
