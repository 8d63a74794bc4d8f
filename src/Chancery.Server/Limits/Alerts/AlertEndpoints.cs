using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Limits.Quotas;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Limits.Alerts;

/// <summary><c>/api/v1/alerts/webhook</c>: where the organisation is told of limits, rollouts and evaluations.</summary>
internal static class AlertEndpoints
{
    private const string Path = "/alerts/webhook";

    /// <param name="Url">A public address.</param>
    public sealed record WebhookRequest([Required, MaxLength(GuardedAddress.MaxLength)] string Url);

    /// <param name="Url">Absent where none is set.</param>
    /// <param name="DeliveredAt">When something last arrived.</param>
    /// <param name="FailedAt">When something last did not, unless something arrived since.</param>
    /// <param name="Failure">Why.</param>
    public sealed record WebhookView(
        string? Url,
        DateTimeOffset? ChangedAt,
        DateTimeOffset? DeliveredAt,
        DateTimeOffset? FailedAt,
        string? Failure
    );

    /// <param name="Secret">Signs what is sent; it is not shown again.</param>
    public sealed record WebhookSecretView(string Url, string Secret);

    /// <param name="Failure">Why it did not arrive.</param>
    public sealed record Delivery(bool Delivered, string? Failure);

    public static void Map(IEndpointRouteBuilder routes)
    {
        Describe(routes.MapGet(Path, GetAsync), "GetAlertWebhook")
            .WithSummary("Where the organisation is told of limits, rollouts and evaluations")
            .WithExample(new RouteExample());
        Describe(routes.MapPut(Path, SetAsync), "SetAlertWebhook")
            .Audited("alert_webhook.set")
            .WithSummary("Have the organisation told at an address of yours")
            .WithDescription(
                "At 80 and at 100 percent of each quota of a month and of each budget, once; when a rollout goes back by itself or waits "
                    + "for a person; when a nightly evaluation fell or reached its cap. A POST of JSON, numbers and ids alone "
                    + "(`webhooks` of this description has each type), with "
                    + "`X-Chancery-Signature: t=SECONDS,v1=HEX`: the HMAC-SHA256, by the secret, of the seconds, a dot and the body. "
                    + "The secret is new with each call and shown once."
            )
            .WithExample(new RouteExample { Body = """{"url":"https://example.com/chancery"}""" })
            .ProducesValidationProblem();
        Describe(routes.MapDelete(Path, RemoveAsync), "RemoveAlertWebhook")
            .Audited("alert_webhook.removed")
            .WithSummary("Have the organisation told nowhere")
            .WithExample(new RouteExample());
        Describe(routes.MapPost(Path + "/test", TestAsync), "TestAlertWebhook")
            .Audited("alert_webhook.tested")
            .WithSummary("Send an alert of the type limit.test, and see whether it arrives")
            .WithExample(new RouteExample());
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder route, string name) =>
        route
            .WithName(name)
            .RequirePermission(Permission.OrganizationManage)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

    private static async Task<Ok<WebhookView>> GetAsync(
        Principal principal,
        WebhookStore webhooks,
        CancellationToken cancellationToken
    )
    {
        var row = await webhooks.FindAsync(principal.Tenant, cancellationToken);
        return TypedResults.Ok(
            new WebhookView(row?.Url, row?.ChangedAt, row?.DeliveredAt, row?.FailedAt, row?.Failure)
        );
    }

    private static async Task<Results<Ok<WebhookSecretView>, ProblemHttpResult>> SetAsync(
        WebhookRequest request,
        Principal principal,
        WebhookStore webhooks,
        GuardedHttp guarded,
        CancellationToken cancellationToken
    )
    {
        if (guarded.Rules.Check(request.Url) is not { Address: { } url })
        {
            return Problem.Invalid(
                "url",
                "A public address that begins with https:// or http://, at the usual port, without a user name."
            );
        }

        return TypedResults.Ok(
            new WebhookSecretView(url.AbsoluteUri, await webhooks.SetAsync(principal, url, cancellationToken))
        );
    }

    private static async Task<NoContent> RemoveAsync(
        Principal principal,
        WebhookStore webhooks,
        CancellationToken cancellationToken
    )
    {
        await webhooks.RemoveAsync(principal.Tenant, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<Delivery>> TestAsync(
        Principal principal,
        WebhookStore webhooks,
        AlertSender sender,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (await webhooks.FindAsync(principal.Tenant, cancellationToken) is null)
        {
            return TypedResults.Ok(new Delivery(Delivered: false, "No address is set."));
        }

        var now = time.GetUtcNow();
        var month = QuotaMonth.Of(now);
        var alert = new LimitAlert(
            LimitAlert.Test,
            principal.Tenant.Value,
            LimitNames.TokensPerMonth.Name,
            LimitOverride.OfTenant,
            principal.Tenant.Value,
            "month",
            month,
            80,
            Most: 100,
            Used: 80,
            QuotaMonth.EndOf(month),
            now
        );
        var failure = await sender.ToOrganisationAsync(principal.Tenant, AlertQueue.BodyOf(alert), cancellationToken);
        return TypedResults.Ok(new Delivery(failure is null, failure));
    }
}
