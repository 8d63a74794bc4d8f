using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;

namespace Chancery.Server.Knowledge.TextVectors;

/// <summary>Books what vectors for callers cost. Safe for concurrent use.</summary>
/// <remarks>
/// A model in this process costs nothing; one of an endpoint what the registry of models says of it, and nothing where that does not
/// know it.
/// </remarks>
internal sealed class EncodingLedger(
    UsageLedger ledger,
    ModelRegistry registry,
    Embeddings embeddings,
    EmbeddingModels models,
    TimeProvider time
)
{
    // Beyond what any call takes: what a process that died left behind is settled then.
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(30);

    /// <exception cref="OperationCanceledException">The caller left; that is booked.</exception>
    public async Task<EncodingOutcome> MeterAsync(
        Principal principal,
        IReadOnlyList<string> texts,
        Func<Task<EncodingOutcome>> encode,
        CancellationToken cancellationToken
    )
    {
        if (embeddings.Model is not { } model)
        {
            return new EncodingOutcome.NoModel();
        }

        var prices = PricesOf(model);
        var worst = texts.Sum(text => (long)TokenEstimate.Of(text));
        var request = new ReservationRequest(
            Guid.CreateVersion7(),
            Payer.Of(principal),
            new UsagePurpose(UsageComponent.Embeddings, "embeddings"),
            model,
            prices?.WorstCase(worst, 0) ?? default,
            worst,
            Life
        );
        switch (await ledger.ReserveAsync(request, cancellationToken))
        {
            case ReserveOutcome.Refused { Refusal: var refusal }:
                return new EncodingOutcome.OverMoney(refusal);
            case ReserveOutcome.Granted { Reservation: var reservation }:
                return await EncodeAsync(reservation, model, prices, worst, encode);
            default:
                return new EncodingOutcome.Uncounted();
        }
    }

    /// <summary>
    /// Books the vector of a question that a search had a model make, which is known afterwards only: where no money is left it is told what it
    /// cost and nothing is booked, and the next call is refused.
    /// </summary>
    /// <param name="model">By the name of its vectors.</param>
    /// <param name="took">The model's part of the search.</param>
    /// <returns>Its tokens, as far as they can be counted here, and what they cost; a model in this process costs nothing.</returns>
    public async Task<(long Tokens, NanoDollars Cost)> BookQueryAsync(
        Principal principal,
        string model,
        string question,
        TimeSpan took,
        CancellationToken cancellationToken
    )
    {
        var asked = models.All.FirstOrDefault(one => one.Model == model);
        long tokens = asked?.CountTokens(question, isQuery: true) ?? TokenEstimate.Of(question);
        if (asked is null or { IsLocal: true })
        {
            return (tokens, default);
        }

        var counts = new TokenCounts(tokens, 0, 0, 0, 0, 0);
        var cost = Registered(model)?.Cost(counts) ?? new NanoDollars(tokens * (models.PriceOf(asked) ?? 0));
        var request = new ReservationRequest(
            Guid.CreateVersion7(),
            Payer.Of(principal),
            new UsagePurpose(UsageComponent.Embeddings, "embeddings"),
            model,
            cost,
            tokens,
            Life
        );
        if (
            await ledger.ReserveAsync(request, cancellationToken) is ReserveOutcome.Granted
            {
                Reservation: var reservation
            }
        )
        {
            ledger.Settle(
                reservation,
                [
                    new AttemptUsage(
                        "custom",
                        model,
                        AttemptOutcome.Answered,
                        ErrorType: null,
                        counts,
                        Estimated: true,
                        cost,
                        Billed: true,
                        took,
                        FirstPart: null,
                        CacheHit: false
                    ),
                ]
            );
        }

        return (tokens, cost);
    }

    private async Task<EncodingOutcome> EncodeAsync(
        Reservation reservation,
        string model,
        TokenPrices? prices,
        long worst,
        Func<Task<EncodingOutcome>> encode
    )
    {
        var started = time.GetTimestamp();
        // Whoever leaves in the middle has had nobody knows how much encoded.
        var (outcome, tokens, estimated) = (AttemptOutcome.Cancelled, worst, true);
        try
        {
            var encoded = await encode();
            (outcome, tokens, estimated) = encoded is EncodingOutcome.Done done
                ? (done.Tokens > 0 ? AttemptOutcome.Answered : AttemptOutcome.Failed, done.Tokens, false)
                : ("", 0, false);
            return encoded;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            (outcome, tokens, estimated) = (AttemptOutcome.Failed, 0, false);
            throw;
        }
        finally
        {
            if (outcome.Length == 0)
            {
                ledger.Release(reservation);
            }
            else
            {
                var counts = new TokenCounts(tokens, 0, 0, 0, 0, 0);
                ledger.Settle(
                    reservation,
                    [
                        new AttemptUsage(
                            embeddings.IsLocal ? "chancery" : "custom",
                            model,
                            outcome,
                            ErrorType: outcome == AttemptOutcome.Failed ? "embedding_failed" : null,
                            counts,
                            estimated,
                            prices?.Cost(counts) ?? default,
                            Billed: true,
                            time.GetElapsedTime(started),
                            FirstPart: null,
                            CacheHit: false
                        ),
                    ]
                );
            }
        }
    }

    /// <summary>Of the registry's model that goes by the name, alone or behind its provider's.</summary>
    private TokenPrices? PricesOf(string model) => embeddings.IsLocal ? null : Registered(model);

    private TokenPrices? Registered(string model) =>
        registry
            .Models.FirstOrDefault(known =>
                string.Equals(known.Id, model, StringComparison.OrdinalIgnoreCase)
                || string.Equals(known.Endpoint?.Model, model, StringComparison.OrdinalIgnoreCase)
            )
            ?.PricesOn(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
}
