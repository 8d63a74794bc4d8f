using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Contracts.Analysis;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Contracts.Reviewing;

/// <summary><c>/api/v1/playbooks</c>: an organisation's rules; and what a contract has against them.</summary>
internal static class PlaybookEndpoints
{
    private const int MostRules = 200;

    /// <param name="Items">By name.</param>
    public sealed record ListResponse(IReadOnlyList<PlaybookView> Items, string? NextCursor);

    /// <param name="Types">Which types of contract it is for; left out or empty: all.</param>
    public sealed record SaveRequest(
        [Required, StringLength(100, MinimumLength = 1)] string Name,
        [Required, MaxLength(MostRules)] PlaybookRule[] Rules,
        [StringLength(2000)] string? Description = null,
        [MaxLength(50)] string[]? Types = null
    );

    /// <param name="Findings">By playbook and rule; those of the checks that need no playbook are last.</param>
    public sealed record ReviewResponse(int Revision, IReadOnlyList<ReviewFinding> Findings);

    /// <param name="Playbook">Whose rule it is; left out for the checks that every contract gets.</param>
    /// <param name="Number">The clause's, as others name it.</param>
    public sealed record ReviewFinding(string? Playbook, string Number, Finding Finding);

    private static readonly RouteExample One = new() { Path = new Dictionary<string, string> { ["id"] = "playbook" } };

    private const string Rules =
        """[{"kind":"governing_law_one_of","id":"law","laws":["Germany","England and Wales"]}]""";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = ContractRoutes.Readable(routes, "/api/v1/playbooks");
        reading
            .MapGet("", ListAsync)
            .WithName("ListPlaybooks")
            .WithSummary("List playbooks by name")
            .WithExample(new RouteExample { ShowsContent = true });
        reading
            .MapGet("/{id:guid}", GetAsync)
            .WithName("GetPlaybook")
            .WithSummary("Show a playbook with its rules")
            .WithExample(One with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);

        var writing = ContractRoutes.Writable(routes, "/api/v1/playbooks");
        writing
            .MapPost("", CreateAsync)
            .Audited("playbook.created")
            .WithName("CreatePlaybook")
            .WithSummary("Write down what your contracts must say")
            .TakesIdempotencyKey()
            .WithExample(new RouteExample { Body = $$"""{"name":"{unique}","rules":{{Rules}}}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);
        writing
            .MapPut("/{id:guid}", ReplaceAsync)
            .Audited("playbook.changed")
            .WithName("ReplacePlaybook")
            .WithSummary("Change a playbook")
            .WithExample(One with { Body = $$"""{"name":"{unique}","rules":{{Rules}}}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        writing
            .MapDelete("/{id:guid}", DeleteAsync)
            .Audited("playbook.deleted")
            .WithName("DeletePlaybook")
            .WithSummary("Delete a playbook")
            .WithExample(One)
            .ProducesProblem(StatusCodes.Status404NotFound);

        ContractRoutes
            .Readable(routes)
            .MapGet("/{id:guid}/review", ReviewAsync)
            .WithCost(RouteCost.Costly)
            .WithName("ReviewContract")
            .WithSummary("Hold a contract against your playbooks, and look for contradictions")
            .WithDescription(
                "Each finding names its clause and place, and where there is one the edits that would mend it, as `POST /api/v1/contracts/{id}/edits` takes them. "
                    + "Without playbooks: terms that are not defined or not used, references that point nowhere, dates and amounts that contradict, blanks."
            )
            .WithExample(ContractRoutes.OneContract)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<ListResponse>> ListAsync(
        Principal principal,
        PlaybookStore playbooks,
        CancellationToken cancellationToken
    ) => TypedResults.Ok(new ListResponse(await playbooks.ListAsync(principal, cancellationToken), null));

    private static async Task<Results<Ok<PlaybookView>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        PlaybookStore playbooks,
        CancellationToken cancellationToken
    ) =>
        await playbooks.FindAsync(principal, id, cancellationToken) is { } playbook
            ? TypedResults.Ok(playbook)
            : Problem.NotFound("playbook");

    private static async Task<Results<Created<PlaybookView>, ProblemHttpResult>> CreateAsync(
        SaveRequest request,
        Principal principal,
        PlaybookStore playbooks,
        CancellationToken cancellationToken
    )
    {
        var (saved, problem) = await SaveAsync(Guid.CreateVersion7(), request, principal, playbooks, cancellationToken);
        return problem is not null ? problem : TypedResults.Created($"/api/v1/playbooks/{saved!.Id}", saved);
    }

    private static async Task<Results<Ok<PlaybookView>, ProblemHttpResult>> ReplaceAsync(
        Guid id,
        SaveRequest request,
        Principal principal,
        PlaybookStore playbooks,
        CancellationToken cancellationToken
    )
    {
        if (await playbooks.FindAsync(principal, id, cancellationToken) is null)
        {
            return Problem.NotFound("playbook");
        }

        var (saved, problem) = await SaveAsync(id, request, principal, playbooks, cancellationToken);
        return problem is not null ? problem : TypedResults.Ok(saved!);
    }

    private static async Task<(PlaybookView? Saved, ProblemHttpResult? Problem)> SaveAsync(
        Guid id,
        SaveRequest request,
        Principal principal,
        PlaybookStore playbooks,
        CancellationToken cancellationToken
    )
    {
        var name = DraftReader.Line(request.Name)!;
        if (name.Length == 0)
        {
            return (null, Problem.Invalid("name", "Give it a name."));
        }

        for (var i = 0; i < request.Rules.Length; i++)
        {
            if (request.Rules[i] is not { } rule || Playbook.FaultOf(rule) is not null)
            {
                return (
                    null,
                    Problem.Invalid(
                        $"rules[{i}]",
                        request.Rules[i] is { } wrong ? Playbook.FaultOf(wrong)! : "It is an object."
                    )
                );
            }
        }

        if (request.Rules.Select(rule => rule.Id).Distinct(StringComparer.Ordinal).Count() < request.Rules.Length)
        {
            return (null, Problem.Invalid("rules", "Each rule has an id of its own."));
        }

        var saved = await playbooks.SaveAsync(
            principal,
            id,
            name,
            DraftReader.Paragraphs(request.Description ?? ""),
            [.. (request.Types ?? []).Select(type => DraftReader.Line(type)!).Where(type => type.Length > 0)],
            request.Rules,
            cancellationToken
        );
        return saved is null
            ? (null, Problem.Conflict("name-taken", "There is a playbook of that name", "Choose another name."))
            : (saved, null);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        PlaybookStore playbooks,
        CancellationToken cancellationToken
    ) =>
        await playbooks.DeleteAsync(principal, id, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("playbook");

    private static async Task<Results<Ok<ReviewResponse>, ProblemHttpResult>> ReviewAsync(
        Guid id,
        Principal principal,
        ContractStore contracts,
        PlaybookStore playbooks,
        CancellationToken cancellationToken,
        [Description("Only this playbook; left out, all that are for the contract's type.")] Guid? playbook = null
    )
    {
        if (await contracts.FindAsync(principal, id, null, cancellationToken) is not { } contract)
        {
            return Problem.NotFound("contract");
        }

        IReadOnlyList<PlaybookView> used;
        if (playbook is { } one)
        {
            if (await playbooks.FindAsync(principal, one, cancellationToken) is not { } named)
            {
                return Problem.NotFound("playbook");
            }

            used = [named];
        }
        else
        {
            used =
            [
                .. (await playbooks.ListAsync(principal, cancellationToken)).Where(candidate =>
                    candidate.Types.Count == 0 || candidate.Types.Contains(contract.Summary.Type)
                ),
            ];
        }

        var numbers = Chancery.Contracts.ClauseNumbers.Of(contract.Text);
        return TypedResults.Ok(
            new ReviewResponse(
                contract.Revision.Number,
                [
                    .. used.SelectMany(book =>
                        Playbook.Review(contract.Text, book.Rules).Select(finding => Of(book.Name, finding))
                    ),
                    .. ContractChecks.Run(contract.Text).Select(finding => Of(null, finding)),
                ]
            )
        );

        ReviewFinding Of(string? book, Finding finding) =>
            new(book, finding.ClauseId is { } clause ? numbers.ReferenceOf(clause) ?? "" : "", finding);
    }
}
