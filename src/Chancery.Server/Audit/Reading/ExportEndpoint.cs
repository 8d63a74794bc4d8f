using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Audit.Reading;

/// <summary><c>GET /api/v1/audit/export</c>: entries as lines of JSON, ours or those of OCSF, oldest first.</summary>
internal static class ExportEndpoint
{
    private const int EntriesAtOnce = 1_000;
    private const string Plain = "jsonl";
    private const string Ocsf = "ocsf";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/audit/export", HandleAsync)
            .Audited("audit.exported")
            .WithName("ExportAudit")
            .NeedsStepUp()
            .WithSummary("Download entries of the record as lines of JSON, or as OCSF events")
            .WithDescription(
                "Oldest first, up to what was recorded before you ask; an entry that the export itself makes comes after it. `jsonl` has "
                    + "a line for each entry as `GET /api/v1/audit` answers it, `ocsf` an event of the Open Cybersecurity Schema "
                    + "Framework 1.3.0 for each."
            )
            .ForReadersOfTheRecord()
            .WithExample(new RouteExample { Query = "format=jsonl" })
            .Produces<Stream>(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> HandleAsync(
        AuditReader reader,
        EntryStore entries,
        HttpContext http,
        TimeProvider time,
        CancellationToken cancellationToken,
        [
            RegularExpression("^(jsonl|ocsf)$", ErrorMessage = "jsonl or ocsf."),
            OneOf("AuditExportFormat", Plain, Ocsf),
            Description("What each line is.")
        ]
            string format = Plain,
        [StringLength(100), Description("As in `document.deleted`; `document.` for all that happened to documents.")]
            string? action = null,
        [StringLength(320), Description("Who: an id, or part of a name or an e-mail address.")] string? actor = null,
        [StringLength(200), Description("On what: an id, or a kind such as `document`.")] string? subject = null,
        [OneOf(typeof(AuditOutcome)), Description("How it ended.")] string? outcome = null,
        [Description("Not before this time.")] DateTimeOffset? from = null,
        [Description("Before this time.")] DateTimeOffset? to = null,
        [StringLength(200), Description("Part of any text of the entry: action, reason, name, address, id, detail.")]
            string? text = null
    )
    {
        var filter = new EntryFilter(action, actor, subject, outcome, from, to, text);
        if (filter.WhyNot() is var (field, why))
        {
            return Problem.Invalid(field, why);
        }

        var end = await entries.EndAsync(reader.Tenant, cancellationToken);
        var rows = await entries.OldestAsync(reader.Tenant, filter, 0, EntriesAtOnce, cancellationToken);
        http.Audit().Add("format", format).Add("through", end);
        http.Response.ContentType = "application/x-ndjson";
        http.Response.Headers.ContentDisposition =
            $"attachment; filename=\"audit-{time.GetUtcNow():yyyy-MM-dd}.{(format == Ocsf ? "ocsf.jsonl" : Plain)}\"";
        // A page at a time: no session is open while the client reads.
        while (rows.Count > 0)
        {
            foreach (var row in rows)
            {
                if (row.Seq > end)
                {
                    return TypedResults.Empty;
                }

                if (format == Ocsf)
                {
                    OcsfEvent.Write(http.Response.BodyWriter, row);
                }
                else
                {
                    EntryLine.Write(http.Response.BodyWriter, row);
                }
            }

            await http.Response.BodyWriter.FlushAsync(cancellationToken);
            rows =
                rows.Count < EntriesAtOnce
                    ? []
                    : await entries.OldestAsync(reader.Tenant, filter, rows[^1].Seq, EntriesAtOnce, cancellationToken);
        }

        return TypedResults.Empty;
    }
}
