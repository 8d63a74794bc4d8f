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
    private TokenPrices? PricesOf(string model) =>
        embeddings.IsLocal
            ? null
            : registry
                .Models.FirstOrDefault(known =>
                    string.Equals(known.Id, model, StringComparison.OrdinalIgnoreCase)
                    || string.Equals(known.Endpoint?.Model, model, StringComparison.OrdinalIgnoreCase)
                )
                ?.PricesOn(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
}
