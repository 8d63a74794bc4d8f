using Chancery.Server.Access;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Database;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Knowledge.TextVectors;

/// <summary>What an organisation had encoded in a month.</summary>
/// <param name="Limit">Tokens that it has of a month; null for no limit.</param>
public sealed record EncodingUsage(DateOnly Month, long Calls, long Texts, long Tokens, long? Limit);

/// <summary>
/// Makes vectors of texts for callers, counted against their organisation's month and in the ledger of usage. Safe for concurrent use.
/// </summary>
/// <remarks>Calls at the same time may pass the limit together; what they use is counted all the same.</remarks>
internal sealed class MeteredEncoder(
    TextEncoder encoder,
    EncodingLedger ledger,
    TenantDatabase database,
    IOptions<KnowledgeOptions> options,
    TimeProvider time
)
{
    private const string OfMonthSql = """
        SELECT coalesce(sum(calls), 0)::bigint AS calls, coalesce(sum(texts), 0)::bigint AS texts,
               coalesce(sum(tokens), 0)::bigint AS tokens
        FROM embedding_usage WHERE tenant_id = @tenant AND day >= @from AND day < @to
        """;

    private const string AddSql = """
        INSERT INTO embedding_usage AS u (tenant_id, day, calls, texts, tokens) VALUES (@tenant, @day, 1, @texts, @tokens)
        ON CONFLICT (tenant_id, day) DO UPDATE
        SET calls = u.calls + 1, texts = u.texts + excluded.texts, tokens = u.tokens + excluded.tokens
        """;

    private long? Limit => options.Value.EmbeddingTokensPerMonth is > 0 and var limit ? limit : null;

    public async Task<EncodingOutcome> EncodeAsync(
        Principal principal,
        IReadOnlyList<string> texts,
        EncodingWish wish,
        CancellationToken cancellationToken
    )
    {
        if (Limit is { } limit && (await OfMonthAsync(principal.Tenant, cancellationToken)).Tokens >= limit)
        {
            var (_, to) = Month();
            return new EncodingOutcome.QuotaUsed(limit, new DateTimeOffset(to, TimeSpan.Zero));
        }

        var outcome = await ledger.MeterAsync(
            principal,
            texts,
            () => encoder.EncodeAsync(texts, wish with { Payer = Payer.Of(principal) }, cancellationToken),
            cancellationToken
        );
        if (outcome is EncodingOutcome.Done { Tokens: > 0 } done)
        {
            await using var session = await database.OpenAsync(principal.Tenant, cancellationToken);
            await session.ExecuteAsync(
                AddSql,
                new
                {
                    tenant = principal.Tenant.Value,
                    day = time.GetUtcNow().UtcDateTime.Date,
                    texts = texts.Count - done.Failed.Count,
                    tokens = done.Tokens,
                },
                cancellationToken
            );
            await session.CommitAsync(cancellationToken);
        }

        return outcome;
    }

    public async Task<EncodingUsage> OfMonthAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var (from, to) = Month();
        await using var session = await database.OpenAsync(tenant, cancellationToken);
        var used = (
            await session.FindAsync<UsedRow>(
                OfMonthSql,
                new
                {
                    tenant = tenant.Value,
                    from,
                    to,
                },
                cancellationToken
            )
        )!;
        return new EncodingUsage(DateOnly.FromDateTime(from), used.Calls, used.Texts, used.Tokens, Limit);
    }

    private (DateTime From, DateTime To) Month()
    {
        var now = time.GetUtcNow().UtcDateTime;
        var from = new DateTime(now.Year, now.Month, 1, 0, 0, 0, DateTimeKind.Unspecified);
        return (from, from.AddMonths(1));
    }

    private sealed record UsedRow(long Calls, long Texts, long Tokens);
}
