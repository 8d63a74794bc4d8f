using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Chancery.Models;

/// <summary>Sends one request to an endpoint and turns every way it can fail into a <see cref="ModelException"/>.</summary>
internal sealed class ModelTransport(HttpClient http, ModelEndpoint endpoint, TimeProvider time)
{
    /// <summary>An error body is only read to be classified; a page of a proxy can be long.</summary>
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>Returns once the headers of a successful answer are there.</summary>
    public async Task<HttpResponseMessage> PostAsync<T>(
        string path,
        T body,
        JsonTypeInfo<T> type,
        string model,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Route(path));
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (!string.IsNullOrEmpty(endpoint.ApiKey))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", endpoint.ApiKey);

        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception exception) when (IsBroken(exception, cancellationToken))
        {
            throw Broken(model, exception);
        }

        if (response.IsSuccessStatusCode)
            return response;

        using (response)
            throw await RefusedAsync(response, model, cancellationToken);
    }

    public static ModelException Broken(string model, Exception? exception = null) =>
        new(ModelFailure.Transient, null, null, model, exception);

    /// <summary>Whether this is a fault of the connection or of its content, and not the caller leaving.</summary>
    public static bool IsBroken(Exception exception, CancellationToken cancellationToken) =>
        exception switch
        {
            OperationCanceledException => !cancellationToken.IsCancellationRequested,
            HttpRequestException or IOException or JsonException or InvalidOperationException => true,
            _ => false,
        };

    /// <summary>An error that came inside a successful answer.</summary>
    public static ModelException Reported(JsonElement error, string model)
    {
        var (code, type, message) = Read(error);
        int? status = int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
        var kind = (ByWords(code, type, message), status) switch
        {
            ({ } named, _) => named,
            (null, { } known) => ByStatus(known),
            _ => ModelFailure.Transient,
        };
        return new ModelException(kind, status, null, model);
    }

    private async Task<ModelException> RefusedAsync(
        HttpResponseMessage response,
        string model,
        CancellationToken cancellationToken
    )
    {
        var status = (int)response.StatusCode;
        var kind = ByStatus(status);
        if (kind is ModelFailure.Client)
            kind = await RefineAsync(response, cancellationToken) ?? kind;

        return new ModelException(kind, status, RetryAfter(response), model);
    }

    /// <summary>A 400 may mean that the prompt is too long, or that a filter refused it: only the body says.</summary>
    private static async Task<ModelFailure?> RefineAsync(
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var buffer = new byte[MaxErrorBytes];
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            using var json = JsonDocument.Parse(buffer.AsMemory(0, read));
            var root = json.RootElement;
            if (root.ValueKind is not JsonValueKind.Object)
                return null;

            var (code, type, message) = Read(root.TryGetProperty("error", out var error) ? error : root);
            return ByWords(code, type, message) is ModelFailure.Context or ModelFailure.Policy
                ? ByWords(code, type, message)
                : null;
        }
        catch (Exception exception) when (IsBroken(exception, cancellationToken))
        {
            return null;
        }
    }

    private static (string Code, string Type, string Message) Read(JsonElement error)
    {
        return error.ValueKind switch
        {
            JsonValueKind.String => ("", "", error.GetString()!),
            JsonValueKind.Object => (Text("code"), Text("type"), Text("message")),
            _ => ("", "", ""),
        };

        string Text(string name) =>
            error.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
                ? value.ToString()
                : "";
    }

    private static ModelFailure? ByWords(string code, string type, string message)
    {
        if (Has("content_filter") || Has("content_policy") || Has("ResponsibleAI"))
            return ModelFailure.Policy;
        if (Has("context_length") || Has("context length") || Has("context window") || Has("exceed_context_size"))
            return ModelFailure.Context;
        if (Names("rate_limit") || Names("insufficient_quota") || Names("too_many_requests"))
            return ModelFailure.Rate;
        if (Names("invalid_api_key") || Names("authentication") || Names("permission"))
            return ModelFailure.Key;
        if (Names("invalid_request") || Names("not_found"))
            return ModelFailure.Client;
        if (Names("server_error") || Names("overloaded") || Names("timeout"))
            return ModelFailure.Transient;
        return null;

        bool Names(string word) =>
            code.Contains(word, StringComparison.OrdinalIgnoreCase)
            || type.Contains(word, StringComparison.OrdinalIgnoreCase);
        bool Has(string word) => Names(word) || message.Contains(word, StringComparison.OrdinalIgnoreCase);
    }

    private static ModelFailure ByStatus(int status) =>
        status switch
        {
            401 or 402 or 403 => ModelFailure.Key,
            429 => ModelFailure.Rate,
            408 or >= 500 => ModelFailure.Transient,
            >= 400 => ModelFailure.Client,
            _ => ModelFailure.Transient,
        };

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        foreach (var name in (ReadOnlySpan<string>)["retry-after-ms", "x-ms-retry-after-ms"])
        {
            if (
                response.Headers.TryGetValues(name, out var values)
                && double.TryParse(values.First(), CultureInfo.InvariantCulture, out var milliseconds)
                && milliseconds is >= 0 and < int.MaxValue
            )
                return TimeSpan.FromMilliseconds(milliseconds);
        }

        return response.Headers.RetryAfter switch
        {
            { Delta: { } wait } => wait,
            { Date: { } date } => date > time.GetUtcNow() ? date - time.GetUtcNow() : TimeSpan.Zero,
            _ => null,
        };
    }
}
