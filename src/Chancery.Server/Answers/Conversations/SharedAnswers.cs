using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Answers.Conversations;

/// <summary>A place that a shared answer cites.</summary>
/// <param name="Document">A document's id.</param>
public sealed record SharedPlace(string Document, int? Page, string? Quote);

/// <summary>An answer that whoever asked gave away for evaluation. Who that was is not told.</summary>
/// <param name="Rating">up or down.</param>
public sealed record SharedAnswer(
    Guid Id,
    string Question,
    string Answer,
    [property: Platform.OpenApi.OneOf("AnswerRating", MessageFeedback.Up, MessageFeedback.Down)] string Rating,
    string? Comment,
    IReadOnlyList<SharedPlace> Places,
    DateTimeOffset SharedAt
);

/// <summary>Answers that were shared for evaluation, as far as the reader may read what they cite. Safe for concurrent use.</summary>
internal sealed class SharedAnswers(TenantDatabase database)
{
    private const string Columns = """
        SELECT shared_id AS id, question, answer, rating, comment, places::text AS places, shared_at
        FROM shared_answers
        WHERE tenant_id = @tenant AND NOT hides_any(documents)
        """;

    private const string ListSql =
        Columns + " AND (@after::uuid IS NULL OR shared_id < @after) ORDER BY shared_id DESC LIMIT @most";

    private const string FindSql = Columns + " AND shared_id = ANY(@ids) ORDER BY shared_id";

    private const string RemoveSql = "DELETE FROM shared_answers WHERE tenant_id = @tenant AND shared_id = ANY(@ids)";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Newest first, those before <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<SharedAnswer>> ListAsync(
        Principal principal,
        Guid? after,
        int most,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(
            ListSql,
            new
            {
                tenant = session.Tenant.Value,
                after,
                most,
            },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToAnswer())];
    }

    /// <summary>Those of <paramref name="ids"/> that are there and may be read, oldest first.</summary>
    public async Task<IReadOnlyList<SharedAnswer>> FindAsync(
        Principal principal,
        IReadOnlyList<Guid> ids,
        CancellationToken cancellationToken
    )
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        var rows = await session.QueryAsync<Row>(
            FindSql,
            new { tenant = session.Tenant.Value, ids = ids.ToArray() },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToAnswer())];
    }

    /// <summary>They are looked at: taken, or of no use.</summary>
    public async Task RemoveAsync(Principal principal, IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(principal, cancellationToken);
        await session.ExecuteAsync(
            RemoveSql,
            new { tenant = session.Tenant.Value, ids = ids.ToArray() },
            cancellationToken
        );
        await session.CommitAsync(cancellationToken);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Question { get; init; } = "";

        public string Answer { get; init; } = "";

        public short Rating { get; init; }

        public string? Comment { get; init; }

        public string Places { get; init; } = "[]";

        public DateTimeOffset SharedAt { get; init; }

        public SharedAnswer ToAnswer() =>
            new(
                Id,
                Question,
                Answer,
                MessageFeedback.NameOf(Rating > 0),
                Comment,
                JsonSerializer.Deserialize<IReadOnlyList<SharedPlace>>(Places, Json) ?? [],
                SharedAt
            );
    }
}
