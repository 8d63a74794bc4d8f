using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Prompts.Gates;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Prompts.Editing;

/// <summary>Versions of a prompt, and labels that point at them.</summary>
internal static class PromptVersionEndpoints
{
    private const int MostWhy = 2000;

    /// <param name="Items">Newest first.</param>
    public sealed record ListResponse(IReadOnlyList<PromptVersionView> Items, string? NextCursor);

    /// <param name="Expected">The newest version that you saw: where another came since, nothing is stored.</param>
    /// <param name="Why">For the history.</param>
    public sealed record AddRequest(
        [Required] PromptContent Content,
        [Range(1, int.MaxValue)] int? Expected = null,
        [StringLength(MostWhy)] string? Why = null
    );

    /// <param name="Version">Where it shall point.</param>
    /// <param name="Expected">Where it pointed when you looked: where it was moved since, it stays.</param>
    /// <param name="SkipGate">Of production: whether it may move without passing the prompt's gate; then <c>why</c> has to say why.</param>
    public sealed record MoveRequest(
        [Range(1, int.MaxValue)] int Version,
        [Range(1, int.MaxValue)] int? Expected = null,
        [StringLength(MostWhy)] string? Why = null,
        bool SkipGate = false
    );

    /// <param name="Items">Newest first.</param>
    public sealed record MovesResponse(IReadOnlyList<LabelMove> Items, string? NextCursor);

    private static readonly RouteExample OneVersion = new()
    {
        Path = new Dictionary<string, string>(PromptRoutes.One) { ["number"] = "1" },
        ShowsContent = true,
    };

    private static RouteExample Labelled(string label) =>
        new() { Path = new Dictionary<string, string>(PromptRoutes.One) { ["label"] = label } };

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = PromptRoutes.Readable(routes);
        reading
            .MapGet("/{id:guid}/versions", ListAsync)
            .WithName("ListPromptVersions")
            .WithSummary("List what a prompt said, newest first")
            .WithExample(PromptRoutes.OnePrompt with { ShowsContent = true })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapGet("/{id:guid}/versions/{number:int}", GetAsync)
            .WithName("GetPromptVersion")
            .WithSummary("Show what a prompt said at one version")
            .WithExample(OneVersion)
            .ProducesProblem(StatusCodes.Status404NotFound);
        reading
            .MapGet("/{id:guid}/labels", MovesAsync)
            .WithName("ListLabelMoves")
            .WithSummary("List how a prompt's labels were moved, by whom and why, newest first")
            .WithExample(PromptRoutes.OnePrompt)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

        var writing = PromptRoutes.Writable(routes);
        writing
            .MapPost("/{id:guid}/versions", AddAsync)
            .Audited("prompt.version_added")
            .WithName("AddPromptVersion")
            .WithSummary("Write a new version; nobody gets it until a label or a rollout says so")
            .WithDescription("A version that says the same as an earlier one is that one: 200, and nothing is stored.")
            .TakesIdempotencyKey()
            .WithExample(
                PromptRoutes.OnePrompt with
                {
                    Body =
                        """{"content":{"system":"You write for a newsletter: {unique}.","text":"Sum up the week."},"why":"Shorter"}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        writing
            .MapPut("/{id:guid}/labels/{label}", MoveAsync)
            .Audited("prompt.label_moved")
            .WithName("MoveLabel")
            .WithSummary("Point a label at a version")
            .WithDescription("production is what everybody gets: moving it takes the permission `prompts:publish`.")
            .WithExample(Labelled("staging") with { Body = """{"version":1}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        writing
            .MapDelete("/{id:guid}/labels/{label}", RemoveAsync)
            .Audited("prompt.label_removed")
            .WithName("RemoveLabel")
            .WithSummary("Take a label away; production stays")
            .WithExample(
                new RouteExample
                {
                    Path = new Dictionary<string, string> { ["id"] = "labelled_prompt", ["label"] = "staging" },
                }
            )
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    /// <summary>The problem to answer a version with that cannot be used; null for one that can.</summary>
    /// <param name="shipped">Which of the product's own it is a version of; null for one of the organisation's.</param>
    public static ProblemHttpResult? Refuse(PromptContent content, ShippedPrompt? shipped) =>
        PromptText.FaultsOf(content, shipped) is { Count: > 0 } faults
            ? Problem.Invalid(faults.ToDictionary(fault => $"content.{fault.Key}", fault => fault.Value))
            : null;

    private static async Task<Results<Ok<ListResponse>, ProblemHttpResult>> ListAsync(
        Guid id,
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken,
        [Range(1, 200)] int limit = 50,
        [Description("next_cursor of the page before."), Range(1, int.MaxValue)] int? cursor = null
    )
    {
        if (await prompts.FindAsync(principal, id, cancellationToken) is null)
        {
            return Problem.NotFound("prompt");
        }

        var found = await prompts.VersionsAsync(principal, id, cursor, limit + 1, cancellationToken);
        var items = found.Take(limit).ToArray();
        return TypedResults.Ok(
            new ListResponse(
                items,
                found.Count > limit ? items[^1].Number.ToString(CultureInfo.InvariantCulture) : null
            )
        );
    }

    private static async Task<Results<Ok<PromptVersionView>, ProblemHttpResult>> GetAsync(
        Guid id,
        [Description("The number of the version, from 1.")] int number,
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken
    ) =>
        await prompts.FindVersionAsync(principal, id, number, cancellationToken) is { } found
            ? TypedResults.Ok(found)
            : Problem.NotFound("version");

    private static async Task<Results<Ok<PromptVersionView>, Created<PromptVersionView>, ProblemHttpResult>> AddAsync(
        Guid id,
        AddRequest request,
        Principal principal,
        PromptStore prompts,
        ShippedPrompts shipped,
        CancellationToken cancellationToken
    )
    {
        if (Refuse(request.Content, shipped.Find(id)) is { } refused)
        {
            return refused;
        }

        if (
            await prompts.AddVersionAsync(
                principal,
                id,
                request.Content,
                request.Why,
                principal.Name,
                request.Expected,
                cancellationToken
            )
            is not var (version, isNew, isStale)
        )
        {
            return Problem.NotFound("prompt");
        }

        return isStale
                ? Problem.Conflict(
                    "prompt-changed",
                    "The prompt was changed meanwhile",
                    $"Version {version.Number} is the newest. Look at it, and send yours again with expected {version.Number}."
                )
            : isNew ? TypedResults.Created($"/api/v1/prompts/{id}/versions/{version.Number}", version)
            : TypedResults.Ok(version);
    }

    private static async Task<Results<Ok<PromptLabelView>, ProblemHttpResult>> MoveAsync(
        Guid id,
        [
            Description("Lower-case letters, digits and dashes; production is the one that everybody gets."),
            StringLength(40)
        ]
            string label,
        MoveRequest request,
        Principal principal,
        HttpContext http,
        LabelStore labels,
        GateKeeper gate,
        CancellationToken cancellationToken
    )
    {
        if (!PromptLabel.IsName(label))
        {
            return Problem.Invalid("label", "It has lower-case letters, digits and dashes, and begins with a letter.");
        }

        if (label == PromptLabel.Production && !principal.May(Permission.PromptsPublish))
        {
            return Problem.Forbidden(Permission.PromptsPublish);
        }

        if (
            label == PromptLabel.Production
            && await gate.RefuseAsync(
                principal,
                id,
                request.Version,
                request.SkipGate,
                request.Why,
                http.Audit(),
                cancellationToken
            )
                is { } refused
        )
        {
            return refused;
        }

        http.Audit().Add("label", label).Add("version", request.Version.ToString(CultureInfo.InvariantCulture));
        var (outcome, version) = await labels.MoveAsync(
            principal,
            id,
            label,
            request.Version,
            request.Expected,
            request.Why,
            cancellationToken
        );
        return outcome switch
        {
            MoveOutcome.NoPrompt => Problem.NotFound("prompt"),
            MoveOutcome.NoVersion => Problem.NotFound("version"),
            MoveOutcome.Elsewhere => Problem.Conflict(
                "label-moved",
                "The label was moved meanwhile",
                version is { } now
                    ? $"It points at version {now}. Look again before you move it."
                    : "There is no such label any more. Look again before you move it."
            ),
            MoveOutcome.RollingOut => RollingOut(),
            _ => TypedResults.Ok(new PromptLabelView(label, version!.Value)),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        Guid id,
        [Description("As it is called."), StringLength(40)] string label,
        Principal principal,
        LabelStore labels,
        CancellationToken cancellationToken
    ) =>
        label == PromptLabel.Production
            ? Problem.Conflict(
                "label-needed",
                "production cannot be taken away",
                "It says which version everybody gets. Point it at another version instead."
            )
        : await labels.RemoveAsync(principal, id, label, cancellationToken) ? TypedResults.NoContent()
        : Problem.NotFound("label");

    private static async Task<Results<Ok<MovesResponse>, ProblemHttpResult>> MovesAsync(
        Guid id,
        Principal principal,
        PromptStore prompts,
        LabelStore labels,
        CancellationToken cancellationToken,
        [Description("Only this label."), StringLength(40)] string? label = null,
        [Range(1, 200)] int limit = 50
    ) =>
        await prompts.FindAsync(principal, id, cancellationToken) is null
            ? Problem.NotFound("prompt")
            : TypedResults.Ok(
                new MovesResponse(await labels.MovesAsync(principal, id, label, limit, cancellationToken), null)
            );

    internal static ProblemHttpResult RollingOut() =>
        Problem.Conflict(
            "rollout-running",
            "A rollout of this prompt is running",
            "It decides which version is in production. Roll it back, or let it end, first."
        );
}
