using System.Diagnostics;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Documents;

internal static class DocumentProblem
{
    public static ProblemHttpResult IsDeleted() =>
        Problem.Conflict("document-deleted", "The document is deleted", "Restore it first.");

    public static Results<Ok<DocumentView>, ProblemHttpResult> Answer(DocumentOutcome outcome) =>
        outcome switch
        {
            DocumentOutcome.Done done => TypedResults.Ok(done.Document),
            DocumentOutcome.NotFound => Problem.NotFound("document"),
            DocumentOutcome.NoSuchCollection => Problem.NotFound("collection"),
            DocumentOutcome.IsDeleted => IsDeleted(),
            DocumentOutcome.Full full => full.Why.ToProblem(),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };
}
