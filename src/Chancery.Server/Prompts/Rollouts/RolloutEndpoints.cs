using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Evaluation.Rollouts;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Prompts.Editing;
using Chancery.Server.Prompts.Gates;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Prompts.Rollouts;

/// <summary>Rollouts of a prompt: begun, watched, moved on and turned back.</summary>
internal static class RolloutEndpoints
{
    private const int MostWhy = 2000;
    private const int MostStages = 20;

    /// <param name="Version">The version that shall come into production.</param>
    /// <param name="Unit">What gets the same version each time; left out, a conversation.</param>
    /// <param name="Policy">sequential: a test against the version in production that may be looked at at any time. daily_error_rate: under 5 % errors at midnight UTC it goes on, else it is rolled back.</param>
    /// <param name="Stages">Left out: 1, 5, 25, 50 and 100 %.</param>
    /// <param name="Again">Whether a version that was rolled back before may try again.</param>
    /// <param name="Why">For the history.</param>
    /// <param name="SkipGate">Whether it may begin without passing the prompt's gate; then <c>why</c> has to say why.</param>
    /// <param name="JudgeSample">
    /// Of the product's prompt <c>answer</c>: the share of the answers of the version which fewer have that a model judges by faithfulness, afterwards, and
    /// as many of the other one's. Left out: none. Not with <c>daily_error_rate</c>, which goes by errors alone.
    /// </param>
    /// <param name="JudgeCapUsd">What that may cost in a day (UTC), in dollars; it belongs to <c>judge_sample</c>.</param>
    public sealed record StartRequest(
        [Range(1, int.MaxValue)] int Version,
        [property: OneOf("RolloutUnit", RolloutUnit.Conversation, RolloutUnit.User, RolloutUnit.Organization)]
            string? Unit = null,
        [property: OneOf("RolloutPolicy", "sequential", "daily_error_rate")] string? Policy = null,
        [MaxLength(MostStages)] RolloutStageView[]? Stages = null,
        bool Again = false,
        [StringLength(MostWhy)] string? Why = null,
        bool SkipGate = false,
        [Range(0.0, 1.0)] double? JudgeSample = null,
        [Range(0.000001, 1_000_000d)] decimal? JudgeCapUsd = null
    );

    /// <param name="Why">For the history.</param>
    public sealed record StepRequest([StringLength(MostWhy)] string? Why = null);

    /// <param name="Production">The version that everybody gets now.</param>
    /// <param name="Rollout">The rollout that was ended; left out where none was running and production went back.</param>
    public sealed record RollbackResponse(int Production, RolloutView? Rollout);

    /// <param name="Items">Newest first.</param>
    public sealed record ListResponse(IReadOnlyList<RolloutView> Items, string? NextCursor);

    private static readonly RouteExample Rolling = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "rolling_prompt" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = PromptRoutes.Readable(routes);
        reading
            .MapGet("/{id:guid}/rollout", GetAsync)
            .WithName("GetRollout")
            .WithSummary("Show the rollout of a prompt that is running, or the last one: both arms with intervals")
            .WithExample(Rolling)
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapGet("/{id:guid}/rollouts", ListAsync)
            .WithName("ListRollouts")
            .WithSummary("List the rollouts of a prompt, newest first")
            .WithExample(Rolling)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

        var publishing = PromptRoutes.Published(routes);
        MapStart(publishing, "/{id:guid}/rollout", "StartRollout");
        publishing
            .MapPost("/{id:guid}/rollout/advance", AdvanceAsync)
            .Audited("prompt.rollout_advanced")
            .WithName("AdvanceRollout")
            .WithSummary("Give the new version to more, because you say so")
            .TakesIdempotencyKey()
            .WithExample(Rolling with { Body = """{"why":"{unique}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        MapRollback(publishing, "/{id:guid}/rollback", "RollBackPrompt");
    }

    /// <summary>Beginning one, under another path for older clients too.</summary>
    internal static RouteHandlerBuilder MapStart(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapPost(path, StartAsync)
            .Audited("prompt.rollout_started")
            .WithName(name)
            .WithSummary("Give a version to a few, and to more as long as it does no harm")
            .WithDescription(
                "The same units get it at each stage, and more at the next. Errors, answers that cannot be used, guards, latency, cost and thumbs are "
                    + "compared with the version in production, over the same time. Where it does harm, everybody gets the version in production "
                    + "again from that moment on."
            )
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "versioned_prompt" },
                    Body = """{"version":2,"why":"{unique}"}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    /// <summary>Turning back, likewise.</summary>
    internal static RouteHandlerBuilder MapRollback(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapPost(path, RollBackAsync)
            .Audited("prompt.rolled_back")
            .WithName(name)
            .WithSummary(
                "Turn the rollout back that is running; without one, go back to the older version that was in production before"
            )
            .TakesIdempotencyKey()
            .WithExample(Rolling with { Body = """{"why":"{unique}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<Results<Ok<RolloutView>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return await RolloutStore.ListAsync(session, id, null, 1, cancellationToken) is [var newest]
            ? TypedResults.Ok(
                RolloutView.Of(newest, await RolloutStore.EventsAsync(session, newest.Id, cancellationToken))
            )
            : Problem.NotFound("rollout");
    }

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Guid id,
        Principal principal,
        PromptStore prompts,
        TenantDatabase database,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = 20,
        [Description("next_cursor of the page before.")] Guid? cursor = null
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        if (await prompts.FindAsync(session, id, cancellationToken) is null)
        {
            return Problem.NotFound("prompt");
        }

        var found = await RolloutStore.ListAsync(session, id, cursor, limit + 1, cancellationToken);
        var items = new List<RolloutView>();
        foreach (var rollout in found.Take(limit))
        {
            items.Add(RolloutView.Of(rollout, await RolloutStore.EventsAsync(session, rollout.Id, cancellationToken)));
        }

        return TypedResults.Ok(new ListResponse(items, found.Count > limit ? items[^1].Id.ToString() : null));
    }

    private static async Task<Results<Created<RolloutView>, ProblemHttpResult>> StartAsync(
        Guid id,
        StartRequest request,
        Principal principal,
        HttpContext http,
        RolloutSteps steps,
        GateKeeper gate,
        ShippedPrompts shipped,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        var unit = request.Unit ?? RolloutUnit.Conversation;
        if (!RolloutUnit.IsOne(unit))
        {
            return Problem.Invalid("unit", "It is conversation, user or organization.");
        }

        if (request.Policy is not (null or "sequential" or "daily_error_rate"))
        {
            return Problem.Invalid("policy", "It is sequential or daily_error_rate.");
        }

        if (request.JudgeSample > 0 && shipped.Find(id) is not { IsJudged: true })
        {
            return Problem.Invalid("judge_sample", "Only answers are judged: those of the prompt called answer.");
        }

        if (request.JudgeSample > 0 && request.Policy == "daily_error_rate")
        {
            return Problem.Invalid(
                "judge_sample",
                "daily_error_rate goes by errors alone: what a judge says would be paid for and decide nothing. Leave it out, or take sequential."
            );
        }

        if (request.JudgeSample > 0 != request.JudgeCapUsd is not null)
        {
            return Problem.Invalid(
                "judge_cap_usd",
                "It is what judge_sample may cost in a day: the one needs the other."
            );
        }

        var plan = PlanOf(request);
        if (plan.Faults() is { Count: > 0 } faults)
        {
            return Problem.Invalid(new Dictionary<string, string[]> { ["stages"] = [.. faults] });
        }

        if (
            await gate.RefuseAsync(
                principal,
                id,
                request.Version,
                request.SkipGate,
                request.Why,
                http.Audit(),
                cancellationToken
            ) is
            { } refused
        )
        {
            return refused;
        }

        var (rollout, fault) = await steps.StartAsync(
            principal,
            id,
            request.Version,
            unit,
            plan,
            request.Again,
            request.Why,
            cancellationToken
        );
        return rollout is null
            ? ProblemOf(fault)
            : TypedResults.Created(
                $"/api/v1/prompts/{id}/rollout",
                await ViewAsync(principal, rollout, database, cancellationToken)
            );
    }

    private static async Task<Results<Ok<RolloutView>, ProblemHttpResult>> AdvanceAsync(
        Guid id,
        StepRequest request,
        Principal principal,
        RolloutSteps steps,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        var (rollout, fault) = await steps.AdvanceAsync(principal, id, request.Why, cancellationToken);
        return rollout is null
            ? ProblemOf(fault)
            : TypedResults.Ok(await ViewAsync(principal, rollout, database, cancellationToken));
    }

    private static async Task<Results<Ok<RollbackResponse>, ProblemHttpResult>> RollBackAsync(
        Guid id,
        StepRequest request,
        Principal principal,
        RolloutSteps steps,
        LabelStore labels,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        var (rollout, _) = await steps.TurnBackAsync(principal, id, request.Why, cancellationToken);
        if (rollout is not null)
        {
            return TypedResults.Ok(
                new RollbackResponse(rollout.Control, await ViewAsync(principal, rollout, database, cancellationToken))
            );
        }

        var (outcome, version) = await labels.StepBackAsync(principal, id, request.Why, cancellationToken);
        return outcome switch
        {
            MoveOutcome.Moved => TypedResults.Ok(new RollbackResponse(version!.Value, null)),
            MoveOutcome.NoPrompt => Problem.NotFound("prompt"),
            MoveOutcome.RollingOut => PromptVersionEndpoints.RollingOut(),
            _ => Problem.Conflict(
                "nothing-before",
                "There is nothing to go back to",
                "No rollout is running, and no older version was in production before this one."
            ),
        };
    }

    private static RolloutPlan PlanOf(StartRequest request)
    {
        var plan = RolloutPlan.Default with
        {
            Policy = request.Policy == "daily_error_rate" ? RolloutPolicy.DailyErrorRate : RolloutPolicy.Sequential,
            Stages = request.Stages is null
                ? RolloutPlan.Default.Stages
                :
                [
                    .. request.Stages.Select(stage => new RolloutStage(
                        (int)Math.Round(Math.Clamp(stage.Percent, 0, 1000) * 100),
                        stage.MinUses,
                        Hours(stage.MinHours),
                        Hours(stage.MaxHours)
                    )),
                ],
        };
        return request is { JudgeSample: > 0 and var sample, JudgeCapUsd: { } dollars }
            ? plan.Judged(sample, (long)(dollars * 1_000_000_000m))
            : plan;
    }

    private static TimeSpan Hours(double hours) =>
        double.IsFinite(hours) ? TimeSpan.FromHours(Math.Clamp(hours, -1, 24 * 365)) : TimeSpan.FromHours(-1);

    private static async Task<RolloutView> ViewAsync(
        Principal principal,
        Rollout rollout,
        TenantDatabase database,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        return RolloutView.Of(rollout, await RolloutStore.EventsAsync(session, rollout.Id, cancellationToken));
    }

    private static ProblemHttpResult ProblemOf(RolloutFault fault) =>
        fault switch
        {
            RolloutFault.NoPrompt => Problem.NotFound("prompt"),
            RolloutFault.NoVersion => Problem.NotFound("version"),
            RolloutFault.NotRunning => Problem.NotFound("rollout"),
            RolloutFault.Running => PromptVersionEndpoints.RollingOut(),
            RolloutFault.InProduction => Problem.Conflict(
                "in-production",
                "This version is in production already",
                "Everybody gets it. Name another version."
            ),
            _ => Problem.Conflict(
                "turned-back-before",
                "This version was rolled back before",
                "It did harm, or somebody thought so. Send again: true if it may try once more, or write a better version."
            ),
        };
}
