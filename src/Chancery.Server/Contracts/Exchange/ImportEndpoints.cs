using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Contracts;
using Chancery.Contracts.Word;
using Chancery.Documents;
using Chancery.Server.Access;
using Chancery.Server.Access.Idempotency;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Reading;
using Chancery.Server.Contracts.Revising;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Blobs;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Exchange;

/// <summary>Contracts from files: a new one, or a new version of one that is there.</summary>
internal static class ImportEndpoints
{
    /// <param name="Warnings">What to look at, as sentences.</param>
    public sealed record ImportResponse(ContractView Contract, IReadOnlyList<string> Warnings);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = ContractRoutes.Writable(routes);
        Describe(
                group
                    .MapPost("/import", ImportAsync)
                    .Audited("contract.imported")
                    .WithName("ImportContract")
                    .WithSummary("Make a contract of a Word, PDF or text file")
                    .WithDescription(
                        "Multipart form data: `file`, and optionally `title` and `tags`. Numbers and headings become the tree of clauses. The tracked "
                            + "changes of a Word file become revisions, one for each author, and its comments comments."
                    )
            )
            .WithExample(
                new RouteExample { File = "SERVICE AGREEMENT\n\n1. Term\n\nThis {unique} runs for one year." }
            );
        Describe(
                group
                    .MapPost("/{id:guid}/import", ReimportAsync)
                    .Audited("contract.version_imported")
                    .WithName("ImportVersion")
                    .WithSummary("Take a file that came back as the next revisions of a contract")
                    .WithDescription(
                        "Clauses that the contract has already are recognised by their marks or words, so that the comparison shows what the other side changed. "
                            + "What changed here since the file was sent stays: both are merged, and where they conflict nothing is stored. "
                            + "Tracked changes of a Word file become revisions under their authors' names."
                    )
                    .ProducesProblem(StatusCodes.Status409Conflict)
            )
            .WithExample(
                ContractRoutes.OneContract with
                {
                    File = "SERVICE AGREEMENT\n\n1. Term\n\nThis {unique} runs for two years.",
                }
            );
    }

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder route) =>
        route
            .WithCost(RouteCost.Costly)
            .TakesIdempotencyKey()
            .DescribesUpload()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .ProducesProblem(StatusCodes.Status507InsufficientStorage);

    private static async Task<Results<Created<ImportResponse>, ProblemHttpResult>> ImportAsync(
        HttpRequest request,
        Principal principal,
        [AsParameters] Importing importing,
        CancellationToken cancellationToken
    )
    {
        var (file, read, problem) = await ReceiveAsync(request, principal, importing, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        var steps = read!
            .Steps.Select(
                (step, place) => (Text: Titled(step.Text, file!), Facts: FactsOf(principal, file!, step, place))
            )
            .ToArray();
        var id = await importing.Contracts.CreateAsync(
            principal,
            new NewContract(steps[^1].Text, TypeOf(steps[^1].Text), file!.Tags ?? [], Readers: null),
            steps,
            cancellationToken
        );
        await ImportedComments.AddAsync(principal, id, read.Comments, importing.Comments, cancellationToken);
        return await CreatedAsync(id, read.Warnings, principal, request, importing, cancellationToken);
    }

    private static async Task<Results<Created<ImportResponse>, ProblemHttpResult>> ReimportAsync(
        Guid id,
        HttpRequest request,
        Principal principal,
        [AsParameters] Importing importing,
        [
            FromQuery,
            Range(1, int.MaxValue),
            Description(
                "The revision that the file was made of. Left out: the one that the file names, as those do that were exported here; else the latest."
            )
        ]
            int? from,
        CancellationToken cancellationToken
    )
    {
        if (await importing.Contracts.FindAsync(principal, id, null, cancellationToken) is not { } latest)
        {
            return Problem.NotFound("contract");
        }

        var (file, read, problem) = await ReceiveAsync(request, principal, importing, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        var sent = (from ?? RevisionMark.NumberOf(read!.Mark, id)) is { } number
            ? await importing.Contracts.FindAsync(principal, id, number, cancellationToken)
            : latest;
        if (sent is null && from is not null)
        {
            return Problem.NotFound("revision");
        }

        var brought = ReturnedFile.Join((sent ?? latest).Text, latest.Text, read!.Steps);
        if (brought.Conflicts.Count > 0)
        {
            return AppendProblem.Of(new AppendOutcome.Conflicted(latest.Revision.Number, brought.Conflicts))!;
        }

        var newest = latest.Revision.Number;
        for (var place = 0; place < brought.Steps.Count; place++)
        {
            var (step, text) = brought.Steps[place];
            var facts = FactsOf(principal, file!, step, place) with { Base = newest };
            switch (await importing.Contracts.AppendAsync(principal, id, text, facts, cancellationToken))
            {
                case AppendOutcome.Appended appended:
                    newest = appended.Number;
                    break;
                case AppendOutcome.Unchanged:
                    break;
                case var refused:
                    return AppendProblem.Of(refused)!;
            }
        }

        var comments = await ImportedComments.AddAsync(
            principal,
            id,
            [
                .. read.Comments.Select(comment =>
                    comment with
                    {
                        Clause = comment.Clause is { } clause
                            ? brought.Clauses.GetValueOrDefault(clause, clause)
                            : null,
                    }
                ),
            ],
            importing.Comments,
            cancellationToken
        );
        return newest > latest.Revision.Number || comments > 0
            ? await CreatedAsync(id, read.Warnings, principal, request, importing, cancellationToken)
            : AppendProblem.Of(new AppendOutcome.Unchanged(newest))!;
    }

    private static async Task<(ReceivedFile? File, ReadFile? Read, ProblemHttpResult? Problem)> ReceiveAsync(
        HttpRequest request,
        Principal principal,
        Importing importing,
        CancellationToken cancellationToken
    )
    {
        var (file, problem) = await importing.Form.ReceiveAsync(request, principal.Tenant, cancellationToken);
        if (problem is not null)
        {
            return (null, null, problem);
        }

        try
        {
            await using var stored = await importing.Blobs.OpenAsync(principal.Tenant, file!.Sha256, cancellationToken);
            // The reader looks at lengths and goes back and forth, which what is stored encrypted cannot.
            using var content = new MemoryStream();
            await stored.CopyToAsync(content, cancellationToken);
            content.Position = 0;
            return (file, await importing.Files.ReadAsync(content, file.Type, file.Name, cancellationToken), null);
        }
        catch (DocumentUnreadableException unreadable)
        {
            return (
                null,
                null,
                unreadable.IsTransient
                    ? Problem.Unavailable(unreadable.Reason)
                    : Problem.Of(422, "unreadable-contract", "The file cannot be read as a contract", unreadable.Reason)
            );
        }
    }

    private static async Task<Created<ImportResponse>> CreatedAsync(
        Guid id,
        IReadOnlyList<string> warnings,
        Principal principal,
        HttpRequest request,
        Importing importing,
        CancellationToken cancellationToken
    )
    {
        var contract =
            await importing.Contracts.FindAsync(principal, id, null, cancellationToken)
            ?? throw new InvalidOperationException("What was just stored cannot be read.");
        request.HttpContext.Audit().On(id).Add("revision", contract.Revision.Number);
        request.HttpContext.Response.Headers.ETag = ContractEndpoints.TagOf(contract.Revision.Number);
        return TypedResults.Created($"/api/v1/contracts/{id}", new ImportResponse(ContractView.Of(contract), warnings));
    }

    private static ContractText Titled(ContractText text, ReceivedFile file) =>
        file.Title is { Length: > 0 } title ? text with { Title = title } : text;

    private static string TypeOf(ContractText text) =>
        Chancery
            .Contracts.Library.ClauseLibrary.Templates.FirstOrDefault(template =>
                template.Names.Any(name => text.Title.Contains(name, StringComparison.OrdinalIgnoreCase))
            )
            ?.Kind
        ?? "other";

    /// <summary>Who changed the words is named in the file; who brought it is known.</summary>
    private static RevisionFacts FactsOf(Principal principal, ReceivedFile file, ImportedRevision step, int place) =>
        new(
            RevisionSource.Imported,
            principal.UserId,
            step.Author is { Length: > 0 } author ? author : ContractDrafting.AuthorOf(principal),
            place == 0 ? null : place
        )
        {
            Note = step.Author is { Length: > 0 } named
                ? $"Tracked changes by {named} in {file.Name}, brought in by {ContractDrafting.AuthorOf(principal)}."
                : $"Read from {file.Name}.",
        };

    /// <summary>What importing needs, from the services.</summary>
    internal sealed record Importing(
        [FromServices] UploadForm Form,
        [FromServices] BlobStore Blobs,
        [FromServices] ContractFiles Files,
        [FromServices] ContractStore Contracts,
        [FromServices] Commenting.CommentStore Comments
    );
}
