using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Chancery.Client;

/// <summary>What goes with an uploaded file. What is null stays as the server, or the document, has it.</summary>
public sealed record UploadFields
{
    public string? Title { get; init; }

    public IReadOnlyList<string>? Tags { get; init; }

    public Guid? CollectionId { get; init; }

    /// <summary>False: store only.</summary>
    public bool? Process { get; init; }
}

public partial class ChanceryClient
{
    /// <summary>Uploads a file as a new document, or as a new version of <paramref name="replaces"/>.</summary>
    /// <param name="content">Read once, from where it stands; stays the caller's.</param>
    /// <param name="idempotencyKey">The same key with the same file again gives the same document.</param>
    /// <exception cref="ChanceryException">The server refused it.</exception>
    /// <exception cref="HttpRequestException">The connection failed. Upload again with the same key.</exception>
    public async Task<DocumentView> UploadFileAsync(
        Stream content,
        string fileName,
        UploadFields fields,
        Guid? replaces = null,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default
    )
    {
        using var form = FormOf(content, fileName, fields);
        return await SendAsync<DocumentView>(
            replaces is null ? HttpMethod.Post : HttpMethod.Put,
            replaces is null ? "api/v1/docs" : $"api/v1/docs/{replaces}",
            form,
            idempotencyKey,
            cancellationToken
        );
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method,
        string path,
        MultipartFormDataContent form,
        string? idempotencyKey,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = form;
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        using var response = await _httpClient.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken
        );
        return response.IsSuccessStatusCode
            ? (await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken))!
            : throw await ChanceryException.FromAsync(response, cancellationToken);
    }

    private static MultipartFormDataContent FormOf(Stream content, string fileName, UploadFields fields)
    {
        var form = new MultipartFormDataContent();
        // Before the file: the server reads the form in its order.
        Add(form, "title", fields.Title);
        Add(form, "tags", fields.Tags is null ? null : string.Join(',', fields.Tags));
        Add(form, "collection_id", fields.CollectionId?.ToString());
        Add(form, "process", fields.Process is false ? "false" : null);
        var file = new StreamContent(content);
        file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        // Linux allows names with quotes and control characters. The form of RFC 8187 takes them all, the plain one does not.
        file.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data")
        {
            Name = "\"file\"",
            FileName = "\"file\"",
            FileNameStar = fileName,
        };
        form.Add(file);
        return form;
    }

    private static void Add(MultipartFormDataContent form, string name, string? value)
    {
        if (value is not null)
        {
            form.Add(new StringContent(value), name);
        }
    }
}
