using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Knowledge.Tags;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Platform.Telemetry.Ratings;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Upgrade.Pipeline;
using Chancery.Server.Upgrade.Storing;
using Chancery.Server.Upgrade.Telemetry;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Upgrade;

/// <summary><c>POST /api/v1/upgrade</c>: a rough prompt, made better; and what was made for you before.</summary>
internal static class UpgradeEndpoints
{
    internal const int MostPrompt = 10_000;
    internal const int MostMessages = 200;
    internal const int MostMessage = 50_000;
    private const int MostComment = 2000;

    /// <summary>Something that was said before.</summary>
    public sealed record MessageRequest(
        [Required]
        [property: OneOf("UpgradeRole", HistoryRole.User, HistoryRole.Assistant, HistoryRole.System)]
            string Role,
        [Required(AllowEmptyStrings = true), StringLength(MostMessage)] string Content
    );

    /// <summary>Which parts work; all of them when left out.</summary>
    /// <param name="EnableSummarization">A long history is summed up by a model; else its newest messages are told.</param>
    /// <param name="EnableRag">Passages of your documents are looked for.</param>
    /// <param name="EnablePiiRedaction">No model is shown personal data: placeholders stand for it, and the result has it again.</param>
    /// <param name="EnableFallback">Where no model answers, an earlier result of the same request is given, or the prompt itself; else a problem.</param>
    public sealed record OptionsRequest(
        bool? EnableSummarization = null,
        bool? EnableRag = null,
        bool? EnablePiiRedaction = null,
        bool? EnableFallback = null
    );

    /// <summary>Where passages are looked for; left out: in everything that you may read.</summary>
    public sealed record ScopeRequest(
        [MaxLength(100)] Guid[]? Documents = null,
        [MaxLength(50)] Guid[]? Collections = null,
        [MaxLength(TagNames.MaxTags)] string[]? Tags = null
    );

    /// <param name="UserPrompt">The rough prompt; 1 to 10,000 characters.</param>
    /// <param name="ConversationHistory">What was said before it, oldest first.</param>
    /// <param name="Model">One of <c>GET /api/v1/models</c>; left out, the default. With <c>extractive</c> it is put together of a template.</param>
    public sealed record Request(
        [Required, StringLength(MostPrompt, MinimumLength = 1)] string UserPrompt,
        [MaxLength(MostMessages)] MessageRequest[]? ConversationHistory = null,
        OptionsRequest? Options = null,
        ScopeRequest? Sources = null,
        [StringLength(200)] string? Model = null
    );

    /// <param name="Rating">up or down.</param>
    public sealed record FeedbackRequest(
        [Required] [property: OneOf("UpgradeRating", "up", "down")] string Rating,
        [StringLength(MostComment)] string? Comment = null
    );

    private static readonly RouteExample OneUpgrade = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "upgrade" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = Group(routes, "/api/v1");
        Describe(group.MapPost("/upgrade", UpgradeAsync), "UpgradePrompt")
            .WithExample(
                new RouteExample
                {
                    Body =
                        """{"user_prompt":"write to ada@example.com what the document says of the canary word of this organisation","model":"extractive"}""",
                    ShowsContent = true,
                }
            );
        group
            .MapGet("/upgrades", ListAsync)
            .WithName("ListUpgrades")
            .WithSummary("List the prompts that you had upgraded, newest first")
            .WithDescription("Yours only. They are erased as conversations are (`RETENTION_DAYS`).")
            .WithExample(new RouteExample { Query = "limit=10", ShowsContent = true })
            .ProducesValidationProblem();
        group
            .MapGet("/upgrades/{id:guid}", GetAsync)
            .WithName("GetUpgrade")
            .WithSummary("Read a prompt that you had upgraded")
            .WithDescription("What was made from a document that you may not read any more is left out.")
            .WithExample(OneUpgrade with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapDelete("/upgrades/{id:guid}", DeleteAsync)
            .Audited("upgrade.deleted")
            .WithName("DeleteUpgrade")
            .WithSummary("Erase a prompt that you had upgraded")
            .WithDescription("It cannot be brought back.")
            .WithExample(OneUpgrade)
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapPut("/upgrades/{id:guid}/feedback", RateAsync)
            .NotAudited("It says how good an upgrade was.")
            .WithName("RateUpgrade")
            .WithSummary("Give an upgrade thumbs up or down, with a comment")
            .WithDescription(
                "The last one counts. While a new version of the instructions is rolled out, it goes by them."
            )
            .WithExample(OneUpgrade with { Body = """{"rating":"up","comment":"Just what I meant."}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapDelete("/upgrades/{id:guid}/feedback", UnrateAsync)
            .NotAudited("It says how good an upgrade was.")
            .WithName("UnrateUpgrade")
            .WithSummary("Take your thumbs and your comment back")
            .WithExample(OneUpgrade)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>What needs a caller who may ask, at the root of a version of the API.</summary>
    internal static RouteGroupBuilder Group(IEndpointRouteBuilder routes, string at)
    {
        var group = routes.MapGroup(at).WithTags("Upgrade").RequirePermission(Permission.Ask);
        group.ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden);
        return group;
    }

    /// <summary>The same under another path, for older clients.</summary>
    internal static RouteHandlerBuilder Describe(RouteHandlerBuilder route, string name) =>
        route
            .WithCost(RouteCost.Upgrade)
            .Audited("prompt.upgraded")
            .WithName(name)
            .WithSummary("Have a rough prompt improved")
            .WithDescription(
                "Takes personal data out, sums a long history up, looks for passages of your documents, and has the prompt written anew; then personal "
                    + "data is put back in. `components` tells what each of these did and took. What you send is never an instruction to the model. "
                    + "Where no model answers, an earlier result of the same request stands in, else the prompt itself: `outcome` and `reason` say "
                    + "so. Without a model a template puts the prompt together with what was found."
            )
            .TakesIdempotencyKey()
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status502BadGateway)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    internal static async Task<Results<Ok<UpgradeView>, ProblemHttpResult>> UpgradeAsync(
        Request request,
        Principal principal,
        HttpContext http,
        UpgradePipeline pipeline,
        CancellationToken cancellationToken
    )
    {
        if (
            string.IsNullOrWhiteSpace(request.UserPrompt) || request.UserPrompt.Contains('\0', StringComparison.Ordinal)
        )
        {
            return Problem.Invalid("user_prompt", "Say what the prompt is to be, in words without the character NUL.");
        }

        var said = request.ConversationHistory ?? [];
        for (var i = 0; i < said.Length; i++)
        {
            var where = string.Create(CultureInfo.InvariantCulture, $"conversation_history[{i}]");
            if (said[i] is not { Role: var role, Content: { } content } || !HistoryRole.Has(role))
            {
                return Problem.Invalid($"{where}.role", "It is user, assistant or system.");
            }

            if (content.Contains('\0', StringComparison.Ordinal))
            {
                return Problem.Invalid($"{where}.content", "The character NUL is no text.");
            }
        }

        var (tags, wrong) = TagNames.Clean(request.Sources?.Tags ?? []);
        if (wrong is not null)
        {
            return Problem.Invalid("sources.tags", wrong);
        }

        var options = request.Options ?? new OptionsRequest();
        var wish = new UpgradeWish(
            request.UserPrompt,
            [.. said.Select(message => new HistoryMessage(message.Role, message.Content))],
            new UpgradeSwitches(
                options.EnableSummarization ?? true,
                options.EnableRag ?? true,
                options.EnablePiiRedaction ?? true,
                options.EnableFallback ?? true
            ),
            request.Model,
            request.Sources?.Documents,
            request.Sources?.Collections,
            tags.Length == 0 ? null : tags,
            CacheFreshness.Of(http.Request)
        );
        var (upgrade, problem) = await pipeline.RunAsync(principal, wish, cancellationToken);
        return problem is not null ? problem : TypedResults.Ok(upgrade!);
    }

    private static async Task<Results<Ok<Listing<UpgradeSummary>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        UpgradeStore upgrades,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        [Description("`next_cursor` of the page before.")] string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        var found = await upgrades.ListAsync(principal, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(found, limit, upgrade => upgrade, upgrade => upgrade.Id));
    }

    private static async Task<Results<Ok<UpgradeView>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        UpgradeStore upgrades,
        CancellationToken cancellationToken
    ) => await upgrades.FindAsync(principal, id, cancellationToken) is { } found ? TypedResults.Ok(found) : Missing();

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        UpgradeStore upgrades,
        CancellationToken cancellationToken
    ) => await upgrades.DeleteAsync(principal, id, cancellationToken) ? TypedResults.NoContent() : Missing();

    private static async Task<Results<Ok<UpgradeView>, ProblemHttpResult>> RateAsync(
        Guid id,
        FeedbackRequest request,
        Principal principal,
        UpgradeStore upgrades,
        PromptUses uses,
        UpgradeMeter meter,
        RatingExport export,
        CancellationToken cancellationToken
    )
    {
        if (request.Rating is not ("up" or "down"))
        {
            return Problem.Invalid("rating", "It is up or down.");
        }

        if (request.Comment?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return Problem.Invalid("comment", "The character NUL is no text.");
        }

        var isGood = request.Rating == "up";
        if (await upgrades.RateAsync(principal, id, isGood, request.Comment, cancellationToken) is not { } rated)
        {
            return Missing();
        }

        meter.Rated(isGood);
        export.Tell(id, rated.Trace, isGood, request.Comment);
        if (rated.Run is { } run)
        {
            await uses.RateAsync(principal, rated.PromptId, run, isGood, cancellationToken);
        }

        return await upgrades.FindAsync(principal, id, cancellationToken) is { } found
            ? TypedResults.Ok(found)
            : Missing();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> UnrateAsync(
        Guid id,
        Principal principal,
        UpgradeStore upgrades,
        PromptUses uses,
        RatingExport export,
        CancellationToken cancellationToken
    )
    {
        if (await upgrades.RateAsync(principal, id, null, null, cancellationToken) is not { } rated)
        {
            return Missing();
        }

        export.Tell(id, rated.Trace, null, null);
        if (rated.Run is { } run)
        {
            await uses.RateAsync(principal, run, isGood: null, cancellationToken);
        }

        return TypedResults.NoContent();
    }

    private static ProblemHttpResult Missing() => Problem.NotFound("upgrade");
}
