using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>Sends one request to an endpoint and turns every way it can fail into a <see cref="ModelException"/>.</summary>
internal sealed class ModelTransport(HttpClient http, ModelEndpoint endpoint, TimeProvider time)
{
    /// <summary>An error body is only read to be classified; a page of a proxy can be long.</summary>
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>A refusal is known by its status: what explains it is not waited for long.</summary>
    private static readonly TimeSpan MaxErrorWait = TimeSpan.FromSeconds(2);

    /// <summary>Returns once the headers of a successful answer are there.</summary>
    public Task<HttpResponseMessage> PostAsync<T>(
        string path,
        T body,
        JsonTypeInfo<T> type,
        string model,
        CancellationToken cancellationToken
    ) => PostAsync(path, JsonSerializer.SerializeToUtf8Bytes(body, type), model, cancellationToken);

    /// <inheritdoc cref="PostAsync{T}"/>
    /// <param name="json">The body as it goes over the wire.</param>
    public async Task<HttpResponseMessage> PostAsync(
        string path,
        ReadOnlyMemory<byte> json,
        string model,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Route(path));
        request.Content = new ReadOnlyMemoryContent(json);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        Authorise(request, model);

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

    public static ModelException Broken(string model, Exception? exception = null, UsageDetails? usage = null) =>
        new(ModelFailure.Transient, null, null, model, exception) { Usage = usage };

    /// <summary>Whether this is a fault of the connection or of its content, and not the caller leaving.</summary>
    public static bool IsBroken(Exception exception, CancellationToken cancellationToken) =>
        exception switch
        {
            OperationCanceledException => !cancellationToken.IsCancellationRequested,
            HttpRequestException or IOException or JsonException or InvalidOperationException => true,
            _ => false,
        };

    /// <summary>An error that came inside a successful answer.</summary>
    public static ModelException Reported(JsonElement error, string model, UsageDetails? usage = null)
    {
        var told = ProviderError.Read(error);
        var kind = told.Kind ?? (told.Status is { } known ? KindOf(known) : ModelFailure.Transient);
        return new ModelException(kind, told.Status, told.RetryDelay, model)
        {
            Usage = usage,
            ProviderCode = told.Name,
        };
    }

    /// <summary>What a status means where nothing says more.</summary>
    public static ModelFailure KindOf(int status) =>
        status switch
        {
            401 or 402 or 403 => ModelFailure.Key,
            429 => ModelFailure.Rate,
            408 or >= 500 => ModelFailure.Transient,
            >= 400 => ModelFailure.Client,
            _ => ModelFailure.Transient,
        };

    /// <summary>How long the endpoint asks to wait, in any of the four ways; never negative.</summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
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

    /// <summary>The failure that a status other than success means. Reads a little of the body, for as long as it is quick.</summary>
    public async Task<ModelException> RefusedAsync(
        HttpResponseMessage response,
        string model,
        CancellationToken cancellationToken
    )
    {
        var status = (int)response.StatusCode;
        var told = await ReadErrorAsync(response, cancellationToken);
        return new ModelException(Refine(status, told), status, RetryAfter(response, time) ?? told?.RetryDelay, model)
        {
            ProviderCode = told?.Name,
        };
    }

    /// <summary>
    /// A 400 may mean that the prompt is too long, that a filter refused it, or that the key is none; a 403 that a filter
    /// refused; a 413 that the account's rate is too small for it: only the body says.
    /// </summary>
    private static ModelFailure Refine(int status, ProviderError? told) =>
        (KindOf(status), told?.Kind) switch
        {
            (ModelFailure.Client, ModelFailure.Context or ModelFailure.Policy or ModelFailure.Key) => told!
                .Value
                .Kind!
                .Value,
            (ModelFailure.Client, ModelFailure.Rate) when status == 413 => ModelFailure.Rate,
            (ModelFailure.Key, ModelFailure.Policy) => ModelFailure.Policy,
            var (kind, _) => kind,
        };

    private async Task<ProviderError?> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var tooLong = new CancellationTokenSource(MaxErrorWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(tooLong.Token, cancellationToken);
        try
        {
            var buffer = new byte[MaxErrorBytes];
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, either.Token);
            using var json = JsonDocument.Parse(buffer.AsMemory(0, read));
            return ProviderError.Read(json.RootElement);
        }
        catch (Exception exception) when (IsBroken(exception, cancellationToken))
        {
            return null;
        }
    }

    private void Authorise(HttpRequestMessage request, string model)
    {
        if (endpoint.Protocol is ModelProtocol.Anthropic)
            request.Headers.Add("anthropic-version", "2023-06-01");
        if (string.IsNullOrEmpty(endpoint.ApiKey))
            return;
        // A header cannot hold it, so that no endpoint can have given it.
        if (endpoint.ApiKey.Any(c => c is <= ' ' or > '~'))
            throw new ModelException(ModelFailure.Key, null, null, model);

        switch (endpoint.Protocol)
        {
            case ModelProtocol.Anthropic:
                request.Headers.TryAddWithoutValidation("x-api-key", endpoint.ApiKey);
                break;
            case ModelProtocol.Gemini:
                request.Headers.TryAddWithoutValidation("x-goog-api-key", endpoint.ApiKey);
                break;
            default:
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", endpoint.ApiKey);
                break;
        }
    }
}
