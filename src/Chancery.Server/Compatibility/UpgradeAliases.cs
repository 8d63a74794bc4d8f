using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Chancery.Server.Access;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Upgrade;
using Chancery.Server.Upgrade.Pipeline;
using Chancery.Server.Upgrade.Storing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Compatibility;

/// <summary><c>/api/upgrade</c>, with the names that older clients write. It answers what <c>POST /api/v1/upgrade</c> does.</summary>
internal static class UpgradeAliases
{
    public sealed record LegacyMessage(
        [Required]
        [property: OneOf("UpgradeRole", HistoryRole.User, HistoryRole.Assistant, HistoryRole.System)]
            string Role,
        [Required(AllowEmptyStrings = true), StringLength(UpgradeEndpoints.MostMessage)] string Content
    );

    /// <summary>Which parts work; all of them when left out.</summary>
    public sealed record LegacyOptions(
        [property: JsonPropertyName("enableSummarization")] bool? EnableSummarization = null,
        [property: JsonPropertyName("enableRAG")] bool? EnableRag = null,
        [property: JsonPropertyName("enablePIIRedaction")] bool? EnablePiiRedaction = null
    );

    /// <param name="UserPrompt">The rough prompt; 1 to 10,000 characters.</param>
    /// <param name="ConversationHistory">What was said before it, oldest first.</param>
    /// <param name="UserId">Your own id, as your credential says it; it may be left out.</param>
    public sealed record LegacyPrompt(
        [property: JsonPropertyName("userPrompt")]
        [Required, StringLength(UpgradeEndpoints.MostPrompt, MinimumLength = 1)]
            string UserPrompt,
        [property: JsonPropertyName("conversationHistory")]
        [MaxLength(UpgradeEndpoints.MostMessages)]
            LegacyMessage[]? ConversationHistory = null,
        [property: JsonPropertyName("userId")] string? UserId = null,
        LegacyOptions? Options = null
    );

    public static void Map(IEndpointRouteBuilder routes) =>
        UpgradeEndpoints
            .Describe(UpgradeEndpoints.Group(routes, "/api").MapPost("/upgrade", UpgradeAsync), "UpgradePromptAlias")
            .WithExample(
                new RouteExample
                {
                    Body =
                        """{"userPrompt":"write what the document says of the canary word of this organisation","options":{"enableRAG":true}}""",
                    ShowsContent = true,
                }
            )
            .TakesOwnIdsOnly()
            .WithMetadata(new ObsoleteAttribute());

    private static Task<Results<Ok<UpgradeView>, ProblemHttpResult>> UpgradeAsync(
        LegacyPrompt body,
        Principal principal,
        HttpContext http,
        UpgradePipeline pipeline,
        CancellationToken cancellationToken
    ) =>
        UpgradeEndpoints.UpgradeAsync(
            new UpgradeEndpoints.Request(
                body.UserPrompt,
                body.ConversationHistory is { } said
                    ?
                    [
                        .. said.Select(message => new UpgradeEndpoints.MessageRequest(
                            message?.Role!,
                            message?.Content!
                        )),
                    ]
                    : null,
                new UpgradeEndpoints.OptionsRequest(
                    body.Options?.EnableSummarization,
                    body.Options?.EnableRag,
                    body.Options?.EnablePiiRedaction
                )
            ),
            principal,
            http,
            pipeline,
            cancellationToken
        );
}
