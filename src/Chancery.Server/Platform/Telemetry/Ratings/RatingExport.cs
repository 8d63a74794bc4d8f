using System.Net;
using Chancery.Guards.PersonalData;
using Chancery.Guards.Pseudonyms;
using Chancery.Server.Platform.Http;
using Chancery.Server.Platform.Telemetry.Tracing;

namespace Chancery.Server.Platform.Telemetry.Ratings;

/// <summary>What somebody thinks of an answer.</summary>
internal sealed record Rating(Guid Id, string Trace, bool? IsGood, string? Comment);

/// <summary>
/// What people think of answers, on its way to Langfuse as scores of the traces that the answers were made in. Nobody waits for it, and nothing
/// fails with it. Safe for concurrent use.
/// </summary>
internal sealed class RatingExport(
    TracingSettings settings,
    OperatorHttp http,
    DroppedTelemetry dropped,
    TimeProvider time
) : LangfuseSender<Rating>(settings, http, dropped, time)
{
    private const string ScoreName = "user_feedback";

    /// <summary>Says it, once Langfuse listens. The last word on one id counts.</summary>
    /// <param name="id">Of what is rated.</param>
    /// <param name="trace">The trace that it was made in; null where that is not known, and nothing is told.</param>
    /// <param name="isGood">Null takes it back.</param>
    /// <param name="comment">Told without personal data.</param>
    public void Tell(Guid id, string? trace, bool? isGood, string? comment)
    {
        if (Wants(trace))
        {
            Send(new Rating(id, trace!, isGood, comment));
        }
    }

    protected override HttpRequestMessage RequestOf(Rating thing, Uri api) =>
        thing.IsGood is { } isGood
            ? new HttpRequestMessage(HttpMethod.Post, new Uri(api, "scores"))
            {
                Content = JsonOf(
                    new Dictionary<string, object?>
                    {
                        ["id"] = thing.Id.ToString(),
                        ["traceId"] = thing.Trace,
                        ["name"] = ScoreName,
                        ["value"] = isGood ? 1 : 0,
                        ["dataType"] = "BOOLEAN",
                        ["comment"] = thing.Comment is { } comment
                            ? Redaction.Redact(comment, PersonalDataOptions.Default, new PersonalDataVault()).Text
                            : null,
                    }
                ),
            }
            : new HttpRequestMessage(HttpMethod.Delete, new Uri(api, $"scores/{thing.Id}"));

    // What was never told, or taken back before, is gone already.
    protected override Task<bool> IsTakenAsync(
        Rating thing,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    ) =>
        Task.FromResult(
            response.IsSuccessStatusCode || (thing.IsGood is null && response.StatusCode == HttpStatusCode.NotFound)
        );
}
