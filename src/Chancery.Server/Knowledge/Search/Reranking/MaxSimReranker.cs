using Chancery.Models;
using Chancery.Search;

namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>
/// Late interaction with the encoder that runs in this process: each of the query's tokens looks for the nearest of a passage's. What
/// was encoded when the time is over is kept, so that the next search for it gets further. Safe for concurrent use.
/// </summary>
internal sealed class MaxSimReranker(Func<LocalEncoder?> encoder, PassageTokenCache cache, RerankSettings settings)
    : IReranker
{
    public string Name => RerankNames.MaxSim;

    public RerankSettings Settings => settings;

    public async Task<double[]> ScoreAsync(
        string query,
        IReadOnlyList<RerankPassage> passages,
        CancellationToken cancellationToken
    )
    {
        var model =
            encoder()
            ?? throw new LocalModelException("No model runs in this server: chancery models pull installs one.");
        var asked = await model.EncodeTokensAsync(
            query,
            isQuery: true,
            LateInteraction.MostQueryTokens,
            cancellationToken
        );
        var tokens = LateInteraction.QueryOf(asked);
        var scores = new double[passages.Count];
        await Parallel.ForAsync(
            0,
            passages.Count,
            new ParallelOptions
            {
                // The encoder has bounds of its own; what is kept needs no turn.
                MaxDegreeOfParallelism = Environment.ProcessorCount,
                CancellationToken = cancellationToken,
            },
            async (i, token) => scores[i] = tokens.MaxSim(await TokensOfAsync(model, passages[i], token))
        );
        return scores;
    }

    private async Task<PassageTokens> TokensOfAsync(
        LocalEncoder model,
        RerankPassage passage,
        CancellationToken cancellationToken
    )
    {
        if (cache.Find(passage.Id) is { } known)
        {
            return known;
        }

        var states = await model.EncodeTokensAsync(
            LateInteraction.TextOf(passage),
            isQuery: false,
            LateInteraction.MostPassageTokens,
            cancellationToken
        );
        var tokens = LateInteraction.PassageOf(states);
        cache.Add(passage.Id, tokens);
        return tokens;
    }
}
