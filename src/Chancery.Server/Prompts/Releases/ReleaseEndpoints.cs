using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Rollouts;
using Chancery.Server.Prompts.Templates;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Chancery.Server.Prompts.Releases;

/// <summary><c>/operator/prompts/releases</c>: the words that releases ship of the product's own prompts, and how they come to everybody.</summary>
internal static class ReleaseEndpoints
{
    /// <param name="Sha256">Of the words that this arm gets, in hexadecimal.</param>
    /// <param name="Content">The words.</param>
    /// <param name="Uses">In this stage, in all organisations.</param>
    /// <param name="Metrics">Over the whole rollout, likewise.</param>
    public sealed record PromptReleaseArm(
        string Sha256,
        PromptContent Content,
        long Uses,
        IReadOnlyList<ArmMetric> Metrics
    );

    /// <summary>The words that a release ships of one of the product's own prompts, and how they come to those who follow releases.</summary>
    /// <param name="Prompt">Its name.</param>
    /// <param name="State">first and at_once: everybody had them from the start; complete: everybody has them; rolled_back and killed: everybody has the former ones again.</param>
    /// <param name="Percent">Of units (conversations; what belongs to none is one by itself) that get them.</param>
    /// <param name="Stage">From 1.</param>
    /// <param name="Control">The former words; left out of the first.</param>
    /// <param name="Treatment">These words.</param>
    /// <param name="Waiting">What it waits for, while it runs.</param>
    /// <param name="PValue">That they are no worse, by the surest metric; valid at any look. Left out while nothing was compared.</param>
    /// <param name="FirstSeenAt">When a server first shipped them here.</param>
    /// <param name="ShippedAt">When a server that ships them started last.</param>
    /// <param name="BegunAt">When their rollout began, or began again.</param>
    /// <param name="EndedBy">The operator who ended it; left out where its own rule did.</param>
    /// <param name="Reason">Why it ended, or began again, in words.</param>
    public sealed record PromptReleaseView(
        Guid Id,
        Guid PromptId,
        string Prompt,
        [property: OneOf(
            "PromptReleaseState",
            ReleaseState.First,
            ReleaseState.AtOnce,
            ReleaseState.Running,
            ReleaseState.Complete,
            ReleaseState.RolledBack,
            ReleaseState.Killed
        )]
            string State,
        double Percent,
        int Stage,
        IReadOnlyList<RolloutStageView> Stages,
        PromptReleaseArm? Control,
        PromptReleaseArm Treatment,
        [property: OneOf(typeof(RolloutWaiting))] string? Waiting,
        double? PValue,
        DateTimeOffset FirstSeenAt,
        DateTimeOffset ShippedAt,
        DateTimeOffset BegunAt,
        DateTimeOffset? EndedAt,
        string? EndedBy,
        string? Reason
    );

    /// <param name="Why">For whoever looks later.</param>
    public sealed record ReleaseMoveRequest([Required, StringLength(2000, MinimumLength = 1)] string Why);

    /// <param name="Why">For whoever looks later.</param>
    /// <param name="Again">Whether words that were turned back may try again.</param>
    /// <param name="Stage">The stage that you saw it at; at another one by now it stays there. Left out, the one that it is at.</param>
    public sealed record ReleaseAdvanceRequest(
        [Required, StringLength(2000, MinimumLength = 1)] string Why,
        bool Again = false,
        [Range(1, 100)] int? Stage = null
    );

    public static void Map(IEndpointRouteBuilder all)
    {
        var routes = all.MapGroup("/operator/prompts/releases").WithTags("Operator").RequireOperator();
        routes
            .MapGet("", ListAsync)
            .WithName("ListPromptReleases")
            .WithSummary("How the words of releases come to everybody, newest first")
            .WithDescription(
                "For an operator's token. New words of the product's own prompts are given to few of those who follow releases, then to more; figures are sums over all organisations."
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized);
        routes
            .MapPost("/{id:guid}/rollback", TurnBackAsync)
            .Audited("installation.prompt_release_turned_back")
            .WithName("RollBackPromptRelease")
            .WithSummary("Give everybody the former words again")
            .WithDescription(
                "From its commit on, on all servers, whether it is being rolled out or everybody has it. It stays so until another release ships others, or you say otherwise. Words that later ones took the place of are nobody's: 409."
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        routes
            .MapPost("/{id:guid}/advance", AdvanceAsync)
            .Audited("installation.prompt_release_advanced")
            .WithName("AdvancePromptRelease")
            .WithSummary("Give the words of a release to more now")
            .WithDescription(
                "The next stage, whatever it waits for; say which one you saw, so that it goes on once. Words that were turned back begin again with the first stage, and without what was counted before, where you say `again`."
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Listing<PromptReleaseView>>, ProblemHttpResult>> ListAsync(
        NpgsqlDataSource source,
        ShippedPrompts shipped,
        CancellationToken cancellationToken,
        [Range(1, 100), Description("Most releases to answer.")] int limit = Listing.DefaultLimit,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "It is none of ours. Begin without one.");
        }

        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var releases = await ReleaseStore.ListAsync(transaction, after, limit + 1, cancellationToken);
        return TypedResults.Ok(
            new Listing<PromptReleaseView>(
                [.. releases.Take(limit).Select(release => Of(release, shipped))],
                releases.Count > limit ? releases[limit - 1].Id.ToString() : null
            )
        );
    }

    private static async Task<Results<Ok<PromptReleaseView>, ProblemHttpResult>> TurnBackAsync(
        Guid id,
        ReleaseMoveRequest request,
        HttpContext context,
        ReleaseSteps steps,
        ShippedPrompts shipped,
        CancellationToken cancellationToken
    ) =>
        Told(
            await steps.TurnBackAsync(id, NameOf(context), request.Why, cancellationToken),
            shipped,
            "There is nothing to turn back",
            "Nothing was before these words, everybody has the former ones again already, or later words took the place of these."
        );

    private static async Task<Results<Ok<PromptReleaseView>, ProblemHttpResult>> AdvanceAsync(
        Guid id,
        ReleaseAdvanceRequest request,
        HttpContext context,
        ReleaseSteps steps,
        ShippedPrompts shipped,
        CancellationToken cancellationToken
    ) =>
        Told(
            await steps.AdvanceAsync(
                id,
                NameOf(context),
                request.Why,
                request.Again,
                request.Stage - 1,
                cancellationToken
            ),
            shipped,
            "Everybody has these words already",
            "There is no stage left to go to."
        );

    private static Results<Ok<PromptReleaseView>, ProblemHttpResult> Told(
        (PromptRelease? Release, ReleaseFault Fault) moved,
        ShippedPrompts shipped,
        string title,
        string detail
    ) =>
        moved.Fault switch
        {
            ReleaseFault.NoRelease => Problem.NotFound("release"),
            ReleaseFault.Settled => Problem.Conflict("release-settled", title, detail),
            ReleaseFault.TurnedBack => Problem.Conflict(
                "turned-back-before",
                "These words were turned back",
                "Say again: true to let them try again."
            ),
            ReleaseFault.Moved => Problem.Conflict(
                "release-moved",
                "It is at another stage by now",
                $"It is at stage {moved.Release!.Progress.Stage + 1}. Look at it again."
            ),
            _ => TypedResults.Ok(Of(moved.Release!, shipped)),
        };

    private static string NameOf(HttpContext context) => context.Features.Get<OperatorVisit>()!.Name;

    private static PromptReleaseView Of(PromptRelease release, ShippedPrompts shipped) =>
        new(
            release.Id,
            release.PromptId,
            // One that this build does not ship any more has no name here.
            shipped.Find(release.PromptId)?.Name
                ?? release.PromptId.ToString(),
            release.State,
            release.Exposure / 100.0,
            release.Progress.Stage + 1,
            RolloutView.StagesOf(release.Plan),
            release is { FormerSha256: { } sha256, FormerContent: { } content }
                ? new PromptReleaseArm(
                    sha256,
                    PromptContent.Parse(content),
                    release.Progress.Control.Uses,
                    RolloutView.MetricsOf(release.Progress, seen => seen.Control)
                )
                : null,
            new PromptReleaseArm(
                release.Sha256,
                PromptContent.Parse(release.Content),
                release.Progress.Treatment.Uses,
                RolloutView.MetricsOf(release.Progress, seen => seen.Treatment)
            ),
            release.State == ReleaseState.Running ? RolloutWaiting.Of(release.Decision) : null,
            RolloutView.PValueOf(release.Progress),
            release.CreatedAt,
            release.ShippedAt,
            release.BegunAt,
            release.EndedAt,
            release.EndedBy,
            release.Reason
        );
}
