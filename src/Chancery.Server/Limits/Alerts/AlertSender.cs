using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Http;

namespace Chancery.Server.Limits.Alerts;

/// <summary>Sends alerts to the addresses that they are wanted at. Safe for concurrent use.</summary>
internal sealed class AlertSender(
    WebhookStore webhooks,
    AlertSettings settings,
    OperatorHttp operators,
    GuardedHttp guarded,
    TimeProvider time
)
{
    private const long MostAnswerBytes = 64 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>To the operator's address.</summary>
    /// <returns>Why it did not arrive; null when it did, or is wanted nowhere any more.</returns>
    public async Task<string?> ToOperatorAsync(JsonElement alert, CancellationToken cancellationToken)
    {
        if (settings.Webhook is not { } address)
        {
            return null;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        using var content = new ByteArrayContent(Body(alert));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var answer = await operators.Client.PostAsync(address, content, patience.Token);
            return answer.IsSuccessStatusCode ? null : Status((int)answer.StatusCode);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            return "no answer";
        }
    }

    /// <summary>To the organisation's own address, signed; what came of it can be read beside the address.</summary>
    /// <returns>Why it did not arrive; null when it did, or is wanted nowhere any more.</returns>
    public async Task<string?> ToOrganisationAsync(
        TenantId tenant,
        JsonElement alert,
        CancellationToken cancellationToken
    )
    {
        if (await webhooks.FindAsync(tenant, cancellationToken) is not { } webhook)
        {
            return null;
        }

        // One that came with an archive was checked by nobody here.
        var (address, refused) = guarded.Rules.Check(webhook.Url);
        if (address is null)
        {
            await webhooks.SentAsync(tenant, $"{refused}", cancellationToken);
            return $"{refused}";
        }

        var body = Body(alert);
        var secret = await webhooks.SecretOfAsync(tenant, webhook, cancellationToken);
        var request = new GuardedRequest(address, "*/*", MostAnswerBytes)
        {
            Post = new GuardedPost(
                body,
                new Dictionary<string, string>
                {
                    [WebhookSecret.SignatureHeader] = WebhookSecret.Sign(secret, time.GetUtcNow(), body),
                }
            ),
        };
        string? failure;
        try
        {
            await using var answer = await guarded.GetAsync(request, cancellationToken);
            failure = (int)answer.Status is >= 200 and < 300 ? null : Status((int)answer.Status);
        }
        catch (GuardedHttpException exception)
        {
            failure = exception.Failure.ToString();
        }

        await webhooks.SentAsync(tenant, failure, cancellationToken);
        return failure;
    }

    private static byte[] Body(JsonElement alert) => JsonSerializer.SerializeToUtf8Bytes(alert);

    private static string Status(int status) => $"status {status.ToString(CultureInfo.InvariantCulture)}";
}
