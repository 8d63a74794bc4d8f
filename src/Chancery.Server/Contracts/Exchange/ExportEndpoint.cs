using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Contracts.Markdown;
using Chancery.Contracts.Printing;
using Chancery.Contracts.Word;
using Chancery.Documents;
using Chancery.Server.Access;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Contracts.Commenting;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Knowledge.Upload;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Contracts.Exchange;

/// <summary><c>GET /api/v1/contracts/{id}/export</c>: a contract as a file, or a redline between two revisions.</summary>
internal static class ExportEndpoint
{
    private const string Docx = "docx";
    private const string Pdf = "pdf";
    private const string Markdown = "markdown";
    private const string Bundle = "bundle";

    public static void Map(IEndpointRouteBuilder routes) =>
        ContractRoutes
            .Readable(routes)
            .MapGet("/{id:guid}/export", HandleAsync)
            .WithCost(RouteCost.Costly)
            .AuditedWhenTold("contract.exported")
            .WithName("ExportContract")
            .WithSummary("Take a contract away as Word, PDF, Markdown, or a signed bundle of its whole history")
            .WithDescription(
                "`docx` with `from` holds real tracked changes from that revision to `revision`: accepting all gives the later text, rejecting all the earlier. "
                    + "`bundle` is a ZIP of every revision with what was asked and its hash, and a signature over all."
            )
            .WithExample(ContractRoutes.OneContract with { Query = "format=markdown" })
            .Produces<Stream>(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> HandleAsync(
        Guid id,
        [Description("docx, pdf, markdown or bundle.")] string format,
        Principal principal,
        HttpContext http,
        ContractStore contracts,
        CommentStore comments,
        ContractBundle bundle,
        CancellationToken cancellationToken,
        [Description("Which revision; left out, the latest."), Range(1, int.MaxValue)] int? revision = null,
        [Description("For docx: show the changes since this revision as tracked changes."), Range(1, int.MaxValue)]
            int? from = null,
        [FromQuery(Name = "with_comments"), Description("For docx: whether comments go along; they do when left out.")]
            bool? withComments = null
    )
    {
        if (format is not (Docx or Pdf or Markdown or Bundle))
        {
            return Problem.Invalid("format", "It is docx, pdf, markdown or bundle.");
        }

        if (from is not null && format != Docx)
        {
            return Problem.Invalid("from", "Tracked changes are for docx.");
        }

        if (await contracts.FindAsync(principal, id, revision, cancellationToken) is not { } contract)
        {
            return Problem.NotFound("revision");
        }

        http.Audit().On(id).Add("format", format).Add("revision", contract.Revision.Number).Add("from", from);
        var name = NameOf(contract, from);
        using var file = new MemoryStream();
        switch (format)
        {
            case Docx:
                IReadOnlyList<WordComment> remarks = withComments is false
                    ? []
                    : ToWord(await comments.ListAsync(principal, id, clause: null, cancellationToken));
                if (from is { } earlierNumber)
                {
                    if (await contracts.FindAsync(principal, id, earlierNumber, cancellationToken) is not { } earlier)
                    {
                        return Problem.NotFound("revision");
                    }

                    ContractRedline.Write(
                        earlier.Text,
                        contract.Text,
                        new RedlineOptions(contract.Revision.Author, contract.Revision.CreatedAt)
                        {
                            Comments = remarks,
                            Mark = RevisionMark.Of(id, contract.Revision.Number),
                        },
                        file
                    );
                }
                else
                {
                    ContractWordWriter.Write(
                        contract.Text,
                        new WordOptions
                        {
                            TableOfContents = true,
                            Author = contract.Revision.Author,
                            Created = contract.Revision.CreatedAt,
                            Comments = remarks,
                            Mark = RevisionMark.Of(id, contract.Revision.Number),
                        },
                        file
                    );
                }

                return TypedResults.File(file.ToArray(), MediaTypes.Word.Name, name + ".docx");
            case Pdf:
                ContractPdfWriter.Write(
                    contract.Text,
                    new PdfOptions { TableOfContents = true, Author = contract.Revision.Author },
                    file
                );
                return TypedResults.File(file.ToArray(), "application/pdf", name + ".pdf");
            case Markdown:
                return TypedResults.File(
                    System.Text.Encoding.UTF8.GetBytes(ContractMarkdownWriter.Write(contract.Text)),
                    "text/markdown",
                    name + ".md"
                );
            default:
                return TypedResults.File(
                    await bundle.WriteAsync(principal, contract, cancellationToken),
                    "application/zip",
                    name + ".zip"
                );
        }
    }

    private static string NameOf(StoredContract contract, int? from)
    {
        var title = FileNames.CleanText(contract.Text.Title);
        var safe = string.Concat(title.Select(c => Path.GetInvalidFileNameChars().Contains(c) || c == '"' ? ' ' : c))
            .Trim();
        var number = from is null ? $"r{contract.Revision.Number}" : $"r{from}-r{contract.Revision.Number}";
        return $"{(safe.Length is 0 ? "Contract" : safe[..Math.Min(safe.Length, 100)])} {number}";
    }

    private static IReadOnlyList<WordComment> ToWord(IReadOnlyList<ContractComment> comments)
    {
        var replies = comments
            .Where(comment => comment.ReplyTo is not null)
            .ToLookup(comment => comment.ReplyTo!.Value);
        return
        [
            .. comments
                .Where(comment => comment.ReplyTo is null && comment.ClauseId is not null)
                .Select(comment => new WordComment(
                    comment.ClauseId,
                    comment.Author,
                    comment.CreatedAt,
                    comment.Text,
                    [.. replies[comment.Id].Select(reply => new WordReply(reply.Author, reply.CreatedAt, reply.Text))],
                    comment.ResolvedAt is not null
                )),
        ];
    }
}
