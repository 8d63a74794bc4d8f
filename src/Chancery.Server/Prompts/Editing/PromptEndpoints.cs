using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Prompts.Releases;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Prompts.Editing;

/// <summary><c>/api/v1/prompts</c>: an organisation's prompts, and the product's own.</summary>
internal static class PromptEndpoints
{
    private const int MostName = 100;
    private const int MostDescription = 2000;

    /// <param name="Items">By name.</param>
    public sealed record ListResponse(IReadOnlyList<PromptSummary> Items, string? NextCursor);

    /// <param name="Version">The one in production.</param>
    /// <param name="Shipped">Of the product's own: what this release says, where the organisation has versions and none says it, or follows releases and does not have this one's words yet.</param>
    /// <param name="ShippedSha256">Of the product's own: SHA-256 of what this release says, in hexadecimal.</param>
    /// <param name="Release">Where the organisation follows releases: how this one's words stand that are rolled out, or were turned back. Version 1 says the former ones until everybody has them.</param>
    public sealed record PromptResponse(
        PromptSummary Prompt,
        PromptVersionView Version,
        PromptContent? Shipped = null,
        string? ShippedSha256 = null,
        ReleaseNotice? Release = null
    );

    /// <param name="Why">For the history.</param>
    public sealed record CreateRequest(
        [Required, StringLength(MostName, MinimumLength = 1)] string Name,
        [Required] PromptContent Content,
        [StringLength(MostDescription)] string? Description = null,
        [StringLength(2000)] string? Why = null
    );

    /// <summary>What is absent stays as it is.</summary>
    public sealed record ChangeRequest(
        [StringLength(MostName, MinimumLength = 1)] string? Name = null,
        [StringLength(MostDescription)] string? Description = null
    );

    public static void Map(IEndpointRouteBuilder routes)
    {
        var reading = PromptRoutes.Readable(routes);
        reading
            .MapGet("", ListAsync)
            .WithName("ListPrompts")
            .WithSummary("List prompts by name: yours, and the product's own")
            .WithExample(new RouteExample { ShowsContent = true })
            .ProducesValidationProblem();
        MapGet(reading, "/{id:guid}", "GetPrompt");

        var writing = PromptRoutes.Writable(routes);
        MapCreate(writing, "", "CreatePrompt");
        writing
            .MapPatch("/{id:guid}", ChangeAsync)
            .Audited("prompt.changed")
            .WithName("ChangePrompt")
            .WithSummary("Change a prompt's name or description")
            .WithDescription("What it says is changed by a new version. The product's own prompts keep their names.")
            .WithExample(PromptRoutes.OnePrompt with { Body = """{"description":"{unique}"}""" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        PromptRoutes
            .Published(routes)
            .MapDelete("/{id:guid}", DeleteAsync)
            .Audited("prompt.deleted")
            .WithName("DeletePrompt")
            .WithSummary("Delete a prompt with its versions, rollouts and uses")
            .WithDescription(
                "One of the product's own goes back to what was shipped. It cannot be brought back: export it first."
            )
            .WithExample(PromptRoutes.OnePrompt)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    /// <summary>Reading one, under another path for older clients too.</summary>
    internal static RouteHandlerBuilder MapGet(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapGet(path, GetAsync)
            .WithName(name)
            .WithSummary("Show a prompt and what it says in production")
            .WithExample(PromptRoutes.OnePrompt with { ShowsContent = true })
            .ProducesProblem(StatusCodes.Status404NotFound);

    /// <summary>Making one, likewise.</summary>
    internal static RouteHandlerBuilder MapCreate(IEndpointRouteBuilder routes, string path, string name) =>
        routes
            .MapPost(path, CreateAsync)
            .Audited("prompt.created")
            .WithName(name)
            .WithSummary("Write a prompt; its first version is in production at once")
            .TakesIdempotencyKey()
            .WithExample(
                new RouteExample
                {
                    Body =
                        """{"name":"{unique}","content":{"system":"You write for a newsletter.","text":"Sum up the week."}}""",
                }
            )
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<Ok<ListResponse>> ListAsync(
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken,
        [Description("A part of the name."), StringLength(MostName)] string? q = null
    )
    {
        var all = await prompts.ListAsync(principal, cancellationToken);
        return TypedResults.Ok(
            new ListResponse(
                [.. all.Where(prompt => q is null || prompt.Name.Contains(q, StringComparison.OrdinalIgnoreCase))],
                null
            )
        );
    }

    private static async Task<Results<Ok<PromptResponse>, ProblemHttpResult>> GetAsync(
        Guid id,
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken
    )
    {
        if (
            await prompts.FindAsync(principal, id, cancellationToken) is not { } found
            || await prompts.FindVersionAsync(principal, id, found.Production, cancellationToken) is not { } version
        )
        {
            return Problem.NotFound("prompt");
        }

        var (untaken, notice) = await prompts.FindUntakenAsync(principal, id, cancellationToken);
        return TypedResults.Ok(new PromptResponse(found, version, untaken, prompts.ShippedSha256(id), notice));
    }

    private static async Task<Results<Created<PromptResponse>, ProblemHttpResult>> CreateAsync(
        CreateRequest request,
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken
    )
    {
        if (NameOf(request.Name) is not { Length: > 0 } name)
        {
            return Problem.Invalid("name", "Give it a name of one line.");
        }

        if (PromptVersionEndpoints.Refuse(request.Content, null) is { } refused)
        {
            return refused;
        }

        var (made, fault) = await prompts.CreateAsync(
            principal,
            name,
            request.Description?.Trim() ?? "",
            request.Content,
            request.Why,
            principal.Name,
            cancellationToken
        );
        return fault switch
        {
            CreateFault.NameTaken => Taken(),
            CreateFault.TooMany => TooMany(),
            _ => TypedResults.Created(
                $"/api/v1/prompts/{made!.Id}",
                new PromptResponse(made, (await prompts.FindVersionAsync(principal, made.Id, 1, cancellationToken))!)
            ),
        };
    }

    private static async Task<Results<Ok<PromptSummary>, ProblemHttpResult>> ChangeAsync(
        Guid id,
        ChangeRequest request,
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken
    )
    {
        var name = NameOf(request.Name);
        if (name is { Length: 0 })
        {
            return Problem.Invalid("name", "Give it a name of one line.");
        }

        if (await prompts.FindAsync(principal, id, cancellationToken) is not { } found)
        {
            return Problem.NotFound("prompt");
        }

        if (found.IsShipped)
        {
            return Problem.Conflict(
                "shipped-prompt",
                "The product's own prompts keep their names",
                "Change what it says by a new version."
            );
        }

        var (changed, isTaken) = await prompts.ChangeAsync(
            principal,
            id,
            name,
            request.Description?.Trim(),
            cancellationToken
        );
        return isTaken ? Taken()
            : changed is null ? Problem.NotFound("prompt")
            : TypedResults.Ok(changed);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        Guid id,
        Principal principal,
        PromptStore prompts,
        CancellationToken cancellationToken
    ) =>
        await prompts.DeleteAsync(principal, id, cancellationToken)
            ? TypedResults.NoContent()
            : Problem.NotFound("prompt");

    internal static ProblemHttpResult TooMany() =>
        Problem.Conflict(
            "too-many-prompts",
            "There are as many prompts as there may be",
            $"An organisation has at most {PromptStore.Most}. Delete one that is not used."
        );

    private static ProblemHttpResult Taken() =>
        Problem.Conflict("name-taken", "There is a prompt of that name", "Choose another name.");

    /// <summary>Empty for what is no name: nothing, or more than a line.</summary>
    private static string? NameOf(string? name) =>
        name is null ? null
        : name.Any(char.IsControl) ? ""
        : name.Trim();
}
