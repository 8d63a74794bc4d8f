using System.Diagnostics;
using Chancery.Server.Knowledge.Documents;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.Upload;

/// <summary>What the three routes that start ingestion answer.</summary>
internal static class UploadAnswers
{
    public static Results<Accepted<DocumentView>, Ok<DocumentView>, ProblemHttpResult> Of(UploadOutcome outcome) =>
        outcome switch
        {
            UploadOutcome.Accepted accepted => TypedResults.Accepted(
                $"/api/v1/docs/{accepted.Document.Id}",
                accepted.Document
            ),
            UploadOutcome.Unchanged unchanged => TypedResults.Ok(unchanged.Document),
            UploadOutcome.NotFound => Problem.NotFound("document"),
            UploadOutcome.NoSuchCollection => Problem.NotFound("collection"),
            UploadOutcome.IsDeleted => DocumentProblem.IsDeleted(),
            UploadOutcome.NoSource => Problem.Conflict(
                "no-source",
                "The document came from no address",
                "Upload its next version with PUT /api/v1/docs/{id}."
            ),
            UploadOutcome.Full full => full.Why.ToProblem(),
            UploadOutcome.FileGone => Problem.Unavailable("The file could not be kept. Send it again."),
            _ => throw new UnreachableException($"Unhandled outcome {outcome}."),
        };
}
