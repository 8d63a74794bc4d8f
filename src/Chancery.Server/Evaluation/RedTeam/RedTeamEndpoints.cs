using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Evaluation.RedTeam;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Runs;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Prompts.Storing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary><c>/api/v1/eval/red-team</c>: attacks on the product, and what became of them.</summary>
internal static class RedTeamEndpoints
{
    private const int MostCases = 1_000;

    /// <param name="Classes">Only attacks of these classes; left out, all.</param>
    /// <param name="Limit">At most so many cases, the same of each class as far as there are.</param>
    /// <param name="Model">One of <c>GET /api/v1/models</c>; left out, the default.</param>
    /// <param name="PromptVersion">Of the product's prompt that the target follows (`answer`, `prompt-upgrade`, `contract-draft`, `reasoning`), whatever is rolled out, or of `prompt`; left out, the one in production.</param>
    /// <param name="CostCapUsd">In dollars: no further case is tried once it is reached.</param>
    /// <param name="Cases">Cases of one's own, in place of those that come with the product; what can show nothing of the target is left out.</param>
    /// <param name="Target">What is attacked. answer: answers to documents; upgrade: upgrades of prompts; draft: drafts of contracts; prompt: a version of a prompt of your own; reasoning: `POST /api/v1/reasoning`.</param>
    /// <param name="Prompt">Of the target prompt: which one.</param>
    /// <param name="Variable">Of the target prompt: which of its variables the attacks fill; left out, the only one that has no default.</param>
    public sealed record StartRequest(
        [MaxLength(9)] string[]? Classes = null,
        [Range(1, MostCases)] int? Limit = null,
        [StringLength(200)] string? Model = null,
        [Range(1, int.MaxValue)] int? PromptVersion = null,
        [Range(0.000001, 4_000_000d)] decimal? CostCapUsd = null,
        [MinLength(1), MaxLength(MostCases)] RedTeamCase[]? Cases = null,
        [property: OneOf(typeof(RedTeamTarget))] string Target = RedTeamTarget.Answer,
        Guid? Prompt = null,
        [StringLength(50)] string? Variable = null
    );

    private static readonly RouteExample OneRun = new()
    {
        Path = new Dictionary<string, string> { ["id"] = "red_team_run" },
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = EvalRoutes.Readable(routes);
        reading
            .MapGet("/red-team", ListAsync)
            .WithName("ListRedTeamRuns")
            .WithSummary("List red-team runs, newest first")
            .WithExample(new RouteExample { Query = "limit=50" })
            .ProducesValidationProblem();
        reading
            .MapGet("/red-team/{id:guid}", GetAsync)
            .WithName("GetRedTeamRun")
            .WithSummary("Show a red-team run: how far it is, and what it came to so far")
            .WithExample(OneRun)
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapGet("/red-team/{id:guid}/results", ResultsAsync)
            .WithName("ListRedTeamResults")
            .WithSummary("List what became of each case, in their order")
            .WithDescription("While the run goes on, those that were tried. Answers are those that reached the asker.")
            .WithExample(OneRun with { ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapGet("/red-team/{id:guid}/report", ReportAsync)
            .WithName("GetRedTeamReport")
            .WithSummary("The report of a red-team run as Markdown")
            .WithDescription("As text/markdown. The same as JSON stands in `report` of the run.")
            .Produces<Stream>(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .WithExample(OneRun)
            .ProducesProblem(StatusCodes.Status404NotFound);

        var writing = EvalRoutes.Writable(routes);
        writing
            .MapPost("/red-team", StartAsync)
            .WithCost(RouteCost.Costly)
            .Audited("red_team_run.started")
            .WithName("StartRedTeamRun")
            .WithSummary("Attack the product, and see what comes out")
            .WithDescription(
                "The run goes on in the background, as whoever started it, with documents that are laid out for it and taken away afterwards. "
                    + "Watch it by `GET /api/v1/eval/red-team/{id}`."
            )
            .TakesIdempotencyKey()
            .WithExample(new RouteExample { Body = """{"classes":["exfiltration"],"limit":1,"model":"extractive"}""" })
            .ProducesValidationProblem();
        writing
            .MapPost("/red-team/{id:guid}/cancel", CancelAsync)
            .Audited("red_team_run.cancelled")
            .WithName("CancelRedTeamRun")
            .WithSummary("End a red-team run; its results so far stay")
            .WithDescription(
                "The case that is being tried is the last one, and its documents are taken away. A run that has ended stays as it is."
            )
            .WithExample(OneRun)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listing<RedTeamRun>>, ProblemHttpResult>> ListAsync(
        Principal principal,
        RedTeamStore runs,
        CancellationToken cancellationToken,
        [Range(1, 100)] int limit = Listing.DefaultLimit,
        string? cursor = null
    )
    {
        if (!Listing.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        var found = await runs.ListAsync(principal, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Listing.Of(found, limit, run => run, run => run.Id));
    }

    private static async Task<Results<Ok<RedTeamRun>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        RedTeamStore runs,
        CancellationToken cancellationToken
    ) => await FindAsync(id, principal, runs, cancellationToken) is { } run ? TypedResults.Ok(run) : Missing();

    private static async Task<Results<Ok<Listing<RedTeamResult>>, ProblemHttpResult>> ResultsAsync(
        Guid id,
        Principal principal,
        RedTeamStore runs,
        CancellationToken cancellationToken,
        [Range(1, 500)] int limit = 100,
        [FromQuery, Description("`next_cursor` of the page before.")] string? cursor = null,
        [
            FromQuery(Name = "class"),
            Description("Only cases of this class; left out, all."),
            OneOf(typeof(RedTeamClass))
        ]
            string? ofClass = null,
        [FromQuery, Description("Only cases that ended so; left out, all."), OneOf(typeof(RedTeamOutcome))]
            string? outcome = null
    )
    {
        if (ofClass is not null && RedTeamClass.Find(ofClass) is null)
        {
            return Problem.Invalid("class", $"It is one of {RedTeamClass.Names}.");
        }

        if (outcome is not null && !RedTeamOutcome.All.Contains(outcome))
        {
            return Problem.Invalid("outcome", $"It is one of {string.Join(", ", RedTeamOutcome.All)}.");
        }

        if (!NumberCursor.TryParse(cursor, out var after))
        {
            return Problem.Invalid("cursor", "Use next_cursor of the page before.");
        }

        if (await runs.FindAsync(principal, id, cancellationToken) is null)
        {
            return Missing();
        }

        var found = await runs.ResultsAsync(principal, id, ofClass, outcome, after, limit + 1, cancellationToken);
        return TypedResults.Ok(NumberCursor.Page(found, limit, result => result.Number));
    }

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> ReportAsync(
        Guid id,
        Principal principal,
        RedTeamStore runs,
        CancellationToken cancellationToken
    )
    {
        if (await runs.FindAsync(principal, id, cancellationToken) is not var (run, report))
        {
            return Missing();
        }

        var text = report.ToMarkdown(
            $"Red team, {run.CreatedAt:yyyy-MM-dd}",
            $"run {run.Id}: {run.State}, {run.Asked} of {run.Total} cases",
            $"attacked: {run.Target}{(run.PromptVersion is { } number ? $", version {number} of its prompt" : "")}",
            $"release: {run.ServerVersion ?? "not known"}",
            $"model: {run.Model ?? "the default"}",
            string.Create(CultureInfo.InvariantCulture, $"cost: {run.CostUsd:0.00####} dollars")
        );
        if (await runs.FindFormerAsync(principal, id, cancellationToken) is var (then, was))
        {
            text += report.CompareToMarkdown(
                was,
                $"Beside release {then.ServerVersion} (run {then.Id} of {then.CreatedAt:yyyy-MM-dd})"
            );
        }

        return TypedResults.Text(text, "text/markdown; charset=utf-8");
    }

    private static async Task<Results<Created<RedTeamRun>, ProblemHttpResult>> StartAsync(
        StartRequest request,
        Principal principal,
        RedTeamStore runs,
        RunModels models,
        PromptStore prompts,
        AttackedWriting writing,
        CancellationToken cancellationToken
    )
    {
        if (!RedTeamHandler.MayTry(principal))
        {
            return Problem.Forbidden(Permission.Ask);
        }

        var target = new AttackTarget(
            request.Target,
            request.Model,
            request.Prompt,
            request.PromptVersion,
            request.Variable
        );
        if (!RedTeamHandler.MayRead(principal, target))
        {
            return Problem.Forbidden(Permission.PromptsRead);
        }

        if (Refused(principal, target) is { } refusal)
        {
            return refusal;
        }

        if (
            target is { PromptVersion: { } version, AskedPrompt: { } followed }
            && await prompts.FindVersionAsync(principal, followed, version, cancellationToken) is null
        )
        {
            return Problem.Invalid(
                "prompt_version",
                target.Kind == RedTeamTarget.Answer
                    ? "The prompt for answers has no such version."
                    : "What is attacked follows no prompt with such a version."
            );
        }

        var rules = await writing.RulesOfAsync(principal, target, cancellationToken);
        var (cases, wrong) = Choose(request, target, rules);
        if (cases is null)
        {
            return wrong!;
        }

        var (chosen, problem) = await models.ChooseAsync(
            principal,
            target.Asked,
            judging: null,
            RunModels.Fields.OfAttacks,
            cancellationToken
        );
        if (chosen is null)
        {
            return problem!;
        }

        NanoDollars? cap = request.CostCapUsd is { } dollars ? NanoDollars.OfDollars(dollars) : null;
        var isWhole = request.Cases is null && cases.Count == target.Shipped(rules).Count;
        var run = new NewRedTeamRun(RunStarter.Of(principal), target, cases, isWhole, cap);
        var made = await runs.CreateAsync(principal.Tenant, run, cancellationToken);
        return TypedResults.Created($"/api/v1/eval/red-team/{made.Id}", made);
    }

    private static async Task<Results<Ok<RedTeamRun>, ProblemHttpResult>> CancelAsync(
        Guid id,
        Principal principal,
        RedTeamStore runs,
        CancellationToken cancellationToken
    )
    {
        await runs.CancelAsync(principal, id, cancellationToken);
        return await FindAsync(id, principal, runs, cancellationToken) is { } run ? TypedResults.Ok(run) : Missing();
    }

    /// <summary>With what it came to so far, and what the release before came to; null where there is none.</summary>
    private static async Task<RedTeamRun?> FindAsync(
        Guid id,
        Principal principal,
        RedTeamStore runs,
        CancellationToken cancellationToken
    )
    {
        if (await runs.FindAsync(principal, id, cancellationToken) is not var (run, report))
        {
            return null;
        }

        return run with
        {
            Report = RedTeamClassView.Of(report),
            Former = await runs.FindFormerAsync(principal, id, cancellationToken) is var (then, was)
                ? RedTeamFormer.Of(then, was, report)
                : null,
        };
    }

    private static ProblemHttpResult? Refused(Principal principal, AttackTarget target) =>
        !RedTeamTarget.All.Contains(target.Kind)
            ? Problem.Invalid("target", $"It is one of {string.Join(", ", RedTeamTarget.All)}.")
        : target.Kind == RedTeamTarget.Prompt && (target.Prompt is null || target.PromptVersion is null)
            ? Problem.Invalid("prompt", "Name the prompt and, in prompt_version, its version.")
        : target.Kind != RedTeamTarget.Prompt && (target.Prompt is not null || target.Variable is not null)
            ? Problem.Invalid("prompt", "Only the target prompt names a prompt and its variable.")
        : RunEndpoints.CheckTarget(principal, target.Asked, "target");

    private static (IReadOnlyList<AttackCase>? Cases, ProblemHttpResult? Problem) Choose(
        StartRequest request,
        AttackTarget target,
        string rules
    )
    {
        var classes = (request.Classes ?? []).Select(RedTeamClass.Find).ToList();
        if (classes.Contains(null))
        {
            return (null, Problem.Invalid("classes", $"They are {RedTeamClass.Names}."));
        }

        IReadOnlyList<AttackCase> cases = ShippedAttacks.All;
        if (request.Cases is { } own)
        {
            var read = new List<AttackCase>(own.Length);
            for (var i = 0; i < own.Length; i++)
            {
                if (own[i] is null || own[i].Read() is not { Case: { } one })
                {
                    return (null, Problem.Invalid($"cases[{i}]", own[i]?.Read().Problem ?? "It is null."));
                }

                read.Add(one);
            }

            if (read.DistinctBy(one => one.Id).Count() < read.Count)
            {
                return (null, Problem.Invalid("cases", "Two cases have the same id."));
            }

            cases = read;
        }

        // The same of each class, attacks and harmless cases alike.
        var chosen = cases
            .Where(one => target.Takes(one, rules) && (classes.Count == 0 || classes.Contains(one.Class)))
            .GroupBy(one => (one.Class, one.IsBenign))
            .SelectMany(group => group.Select((one, index) => (Case: one, Index: index)))
            .OrderBy(one => one.Index)
            .ThenBy(one => one.Case.Class)
            .ThenBy(one => one.Case.IsBenign)
            .Take(request.Limit ?? MostCases)
            .Select(one => one.Case)
            .ToList();
        return chosen.Count > 0
            ? (chosen, null)
            : (
                null,
                Problem.Invalid(
                    request.Cases is null ? "classes" : "cases",
                    "There is no case of them that could show anything of the target."
                )
            );
    }

    private static ProblemHttpResult Missing() => Problem.NotFound("red-team run");
}
