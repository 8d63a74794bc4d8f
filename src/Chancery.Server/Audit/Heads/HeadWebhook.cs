using System.Globalization;
using System.Text;
using Chancery.Server.Platform.Http;

namespace Chancery.Server.Audit.Heads;

/// <summary>What became of a head that was sent.</summary>
internal enum HeadDelivery
{
    /// <summary>Any status of 2xx.</summary>
    Taken,

    /// <summary>Another status.</summary>
    Refused,

    /// <summary>Nobody was there, or said anything in time.</summary>
    Unanswered,
}

/// <summary>Sends heads to where the operator wants them, until they are taken; sometimes twice. Safe for concurrent use.</summary>
internal sealed class HeadWebhook(AuditSettings settings, OperatorHttp http, ILogger<HeadWebhook> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public bool IsOn => settings.HeadsWebhook is not null;

    public async Task<HeadDelivery> SendAsync(SignedHead head, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            using var content = new StringContent(HeadLine.Of(head).ToJson(), Encoding.UTF8, "application/json");
            using var answer = await http.Client.PostAsync(settings.HeadsWebhook, content, limit.Token);
            if (answer.IsSuccessStatusCode)
            {
                return HeadDelivery.Taken;
            }

            Log.HeadNotSent(logger, ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture));
            return HeadDelivery.Refused;
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            // Not the message: it may hold the address, and that a secret.
            Log.HeadNotSent(logger, exception.GetType().Name);
            return HeadDelivery.Unanswered;
        }
    }
}
