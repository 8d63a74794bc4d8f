using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.OpenApi;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Audit.Reading;

/// <summary><c>GET /api/v1/audit</c>: who did what in the organisation, newest first.</summary>
internal static class SearchEndpoint
{
    /// <param name="NextCursor">Give it as <c>cursor</c> for the next page; absent on the last one.</param>
    public sealed record AuditPage(IReadOnlyList<EntryView> Items, string? NextCursor);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/audit", HandleAsync)
            .WithName("SearchAudit")
            .WithSummary("Who did what in the organisation, newest first")
            .WithDescription(
                "Changes by people, keys and programs, refusals, sign-ins, exports, and what the operator did to the organisation. All "
                    + "that was answered before you ask is in it."
            )
            .ForReadersOfTheRecord()
            .WithExample(new RouteExample { Query = "outcome=succeeded&limit=20" })
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden);

    private static async Task<Results<Ok<AuditPage>, ProblemHttpResult>> HandleAsync(
        AuditReader reader,
        EntryStore entries,
        CancellationToken cancellationToken,
        [StringLength(100), Description("As in `document.deleted`; `document.` for all that happened to documents.")]
            string? action = null,
        [StringLength(320), Description("Who: an id, or part of a name or an e-mail address.")] string? actor = null,
        [StringLength(200), Description("On what: an id, or a kind such as `document`.")] string? subject = null,
        [OneOf(typeof(AuditOutcome)), Description("How it ended.")] string? outcome = null,
        [Description("Not before this time.")] DateTimeOffset? from = null,
        [Description("Before this time.")] DateTimeOffset? to = null,
        [StringLength(200), Description("Part of any text of the entry: action, reason, name, address, id, detail.")]
            string? text = null,
        [Range(1, 500), Description("Most entries to answer.")] int limit = 50,
        [Description("The page after the one that gave this as `next_cursor`.")] string? cursor = null
    )
    {
        var filter = new EntryFilter(action, actor, subject, outcome, from, to, text);
        if (filter.WhyNot() is var (field, why))
        {
            return Problem.Invalid(field, why);
        }

        long? before = null;
        if (!string.IsNullOrEmpty(cursor))
        {
            if (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return Problem.Invalid("cursor", "Give next_cursor of the page before, unchanged.");
            }

            before = number;
        }

        var rows = await entries.NewestAsync(reader.Tenant, filter, before, limit + 1, cancellationToken);
        return TypedResults.Ok(
            new AuditPage(
                [.. rows.Take(limit).Select(EntryView.Of)],
                rows.Count > limit ? rows[limit - 1].Seq.ToString(CultureInfo.InvariantCulture) : null
            )
        );
    }
}
