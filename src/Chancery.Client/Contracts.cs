using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Chancery.Client;

public partial class ChanceryClient
{
    /// <summary>Drafts a contract and tells how it goes. Leaving does not end it; <see cref="CancelContractOperationAsync(Guid, CancellationToken)"/> does.</summary>
    /// <param name="idempotencyKey">The same key with the same draft again makes no second contract.</param>
    /// <exception cref="ChanceryException">The server refused, before the first event.</exception>
    /// <exception cref="HttpRequestException">The connection failed.</exception>
    public IAsyncEnumerable<ContractEvent> DraftContractAsync(
        DraftRequest draft,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default
    ) => BeginAsync("api/v1/contracts", draft with { Stream = true }, null, idempotencyKey, cancellationToken);

    /// <summary>Changes a contract as asked and tells how it goes. Leaving does not end it.</summary>
    /// <param name="ifMatch">The revision to start from; null for the latest.</param>
    /// <inheritdoc cref="DraftContractAsync" path="/exception"/>
    public IAsyncEnumerable<ContractEvent> ReviseContractAsync(
        Guid id,
        RevisionReviseRequest change,
        string? ifMatch = null,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default
    ) =>
        BeginAsync(
            $"api/v1/contracts/{id}/revisions",
            change with
            {
                Stream = true,
            },
            ifMatch,
            idempotencyKey,
            cancellationToken
        );

    /// <summary>What happened to an operation and what happens, until it ends.</summary>
    /// <param name="lastEventId">Only what came after this one; null for all.</param>
    /// <exception cref="ChanceryException">There is none of yours with this id.</exception>
    public async IAsyncEnumerable<ContractEvent> WatchContractOperationAsync(
        Guid operation,
        string? lastEventId = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri($"api/v1/contract-operations/{operation}/events", UriKind.Relative)
        );
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        await foreach (var item in ReadAsync(request, cancellationToken))
        {
            if (ContractEventOf(item) is { } happened)
            {
                yield return happened;
            }
        }
    }

    /// <summary>Makes a contract of a file, or the next revisions of <paramref name="into"/>.</summary>
    /// <param name="content">Read once, from where it stands; stays the caller's.</param>
    /// <exception cref="ChanceryException">The server refused it.</exception>
    /// <exception cref="HttpRequestException">The connection failed.</exception>
    public async Task<ImportResponse> ImportContractFileAsync(
        Stream content,
        string fileName,
        UploadFields fields,
        Guid? into = null,
        string? idempotencyKey = null,
        CancellationToken cancellationToken = default
    )
    {
        using var form = FormOf(content, fileName, fields);
        return await SendAsync<ImportResponse>(
            HttpMethod.Post,
            into is null ? "api/v1/contracts/import" : $"api/v1/contracts/{into}/import",
            form,
            idempotencyKey,
            cancellationToken
        );
    }

    private async IAsyncEnumerable<ContractEvent> BeginAsync<T>(
        string path,
        T body,
        string? ifMatch,
        string? idempotencyKey,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Content = JsonContent.Create(body, options: Json);
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{ifMatch}\"");
        }

        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        Guid? operation = null;
        await foreach (var item in ReadAsync(request, cancellationToken, OperationOf))
        {
            if (operation is { } began)
            {
                operation = null;
                yield return new ContractEvent.Began(began);
            }

            if (ContractEventOf(item) is { } happened)
            {
                yield return happened;
            }
        }

        void OperationOf(HttpResponseMessage response) =>
            operation =
                response.Headers.TryGetValues("X-Operation-Id", out var values)
                && Guid.TryParse(values.FirstOrDefault(), out var id)
                    ? id
                    : null;
    }

    private static ContractEvent? ContractEventOf(SseItem<string> item)
    {
        ContractEvent? happened = item.EventType switch
        {
            "sources" => new ContractEvent.Found(Parse<FoundSources>(item.Data).Sources),
            "outline" => new ContractEvent.Outlined(Parse<DraftedOutline>(item.Data)),
            "clause" => new ContractEvent.Written(Parse<DraftedClause>(item.Data)),
            "note" => new ContractEvent.Noted(Parse<OperationNote>(item.Data).Text),
            "done" => new ContractEvent.Done(Parse<OperationResult>(item.Data)),
            "error" => new ContractEvent.Broken(Parse<Problem>(item.Data)),
            // A ping, or what a later server may send.
            _ => null,
        };
        return happened is null ? null : happened with { Id = item.EventId };
    }
}
