using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Passes a chat completion on to an OpenAI-compatible endpoint as it is, and its answer back: what neither side of us knows of
/// arrives all the same. One attempt per call. Safe for concurrent use.
/// </summary>
/// <param name="http">Given and owned by the caller, with its own rules for addresses and timeouts.</param>
/// <param name="endpoint">Where the model is.</param>
/// <param name="time">Reads the dates of <c>Retry-After</c>; the system's clock when <see langword="null"/>.</param>
/// <seealso href="https://platform.openai.com/docs/api-reference/chat"/>
public sealed class OpenAIRelay(HttpClient http, ModelEndpoint endpoint, TimeProvider? time = null)
{
    private const string Path = "chat/completions";

    // A whole answer, images and log probabilities included; more is no answer.
    private const int MostAnswerBytes = 64 * 1024 * 1024;

    private readonly ModelTransport _transport = new(http, endpoint, time ?? TimeProvider.System);

    /// <summary>The answer in one part, or event by event.</summary>
    /// <param name="body">A request that names the model as the endpoint knows it.</param>
    /// <param name="isStreamed">Whether <paramref name="body"/> asks for a stream.</param>
    /// <exception cref="ModelException">
    /// The endpoint refused, broke off, reported an error inside its answer, or ended without a finish reason.
    /// </exception>
    public IAsyncEnumerable<RelayPart> AskAsync(
        ReadOnlyMemory<byte> body,
        bool isStreamed,
        CancellationToken cancellationToken
    ) => isStreamed ? StreamAsync(body, cancellationToken) : WholeAsync(body, cancellationToken);

    private async IAsyncEnumerable<RelayPart> WholeAsync(
        ReadOnlyMemory<byte> body,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        RelayPart part;
        using var response = await _transport.PostAsync(Path, body, endpoint.Model, cancellationToken);
        try
        {
            await response.Content.LoadIntoBufferAsync(MostAnswerBytes, cancellationToken);
            var json = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            part = RelayScan.Read(json, endpoint.Model);
        }
        catch (Exception exception) when (ModelTransport.IsBroken(exception, cancellationToken))
        {
            throw ModelTransport.Broken(endpoint.Model, exception);
        }

        yield return part.FinishReason is not null
            ? part
            : throw ModelTransport.Broken(endpoint.Model, usage: part.Usage);
    }

    private async IAsyncEnumerable<RelayPart> StreamAsync(
        ReadOnlyMemory<byte> body,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var response = await _transport.PostAsync(Path, body, endpoint.Model, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var events = SseParser
            .Create(
                stream,
                (_, data) => data.SequenceEqual("[DONE]"u8) ? null : RelayScan.Read(data.ToArray(), endpoint.Model)
            )
            .EnumerateAsync(cancellationToken)
            .GetAsyncEnumerator(cancellationToken);

        UsageDetails? usage = null;
        var finished = false;
        while (await NextAsync(events, usage, cancellationToken) is { } part)
        {
            usage = part.Usage ?? usage;
            finished |= part.FinishReason is not null;
            yield return part;
        }

        if (!finished)
            throw ModelTransport.Broken(endpoint.Model, usage: usage);
    }

    /// <summary>The next event; <see langword="null"/> at <c>[DONE]</c> and at the end of the stream.</summary>
    private async ValueTask<RelayPart?> NextAsync(
        IAsyncEnumerator<SseItem<RelayPart?>> events,
        UsageDetails? usage,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await events.MoveNextAsync() ? events.Current.Data : null;
        }
        catch (Exception exception) when (ModelTransport.IsBroken(exception, cancellationToken))
        {
            throw ModelTransport.Broken(endpoint.Model, exception, usage);
        }
    }
}
