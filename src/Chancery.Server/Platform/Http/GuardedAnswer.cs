using System.Net;
using System.Net.Http.Headers;

namespace Chancery.Server.Platform.Http;

/// <summary>What was fetched before, and how a server can say that it is still the same.</summary>
/// <param name="Address">That the validators came from; they are shown to no other.</param>
public sealed record Validators(Uri Address, string? ETag, DateTimeOffset? LastModified);

/// <param name="Accept">Media types, as in the header.</param>
/// <param name="MaxBytes">Largest body after decompression; also about the most that may come over the wire.</param>
public sealed record GuardedRequest(Uri Address, string Accept, long MaxBytes)
{
    public Validators? Validators { get; init; }

    /// <summary>What is sent there; null to fetch. A redirect is no answer to it: it would take it elsewhere.</summary>
    public GuardedPost? Post { get; init; }
}

/// <summary>What is sent to an address of a stranger's.</summary>
/// <param name="Body">JSON, unless <see cref="MediaType"/> says otherwise.</param>
/// <param name="Headers">Beside the type.</param>
public sealed record GuardedPost(ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string> Headers)
{
    public string MediaType { get; init; } = "application/json";
}

/// <summary>The last answer of a fetch, redirects followed. Dispose it: that ends the connection.</summary>
public sealed class GuardedAnswer : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly IDisposable[] _resources;

    internal GuardedAnswer(Uri address, HttpResponseMessage response, Stream body, params IDisposable[] resources)
    {
        Address = address;
        Body = body;
        _response = response;
        _resources = resources;
    }

    /// <summary>Where the redirects led.</summary>
    public Uri Address { get; }

    public HttpStatusCode Status => _response.StatusCode;

    public HttpContentHeaders Headers => _response.Content.Headers;

    public EntityTagHeaderValue? ETag => _response.Headers.ETag;

    /// <summary>Where a redirect leads, as it stands in the header.</summary>
    internal string? Location =>
        _response.Headers.NonValidated.TryGetValues("Location", out var values) ? values.FirstOrDefault() : null;

    /// <summary>Decompressed. Reading throws <see cref="GuardedHttpException"/> when it is too long, too slow or breaks off.</summary>
    public Stream Body { get; }

    public async ValueTask DisposeAsync()
    {
        await Body.DisposeAsync();
        _response.Dispose();
        foreach (var resource in _resources)
        {
            resource.Dispose();
        }
    }
}
