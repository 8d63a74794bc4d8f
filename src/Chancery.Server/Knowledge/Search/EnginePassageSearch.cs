using Chancery.Search;
using Chancery.Search.Engine;
using Chancery.Server.Knowledge.ModelChanges;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Server.Knowledge.Search.Recall;
using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.Search;

/// <summary>
/// Search in this process: the tenant's index, brought to the tenant's revision, ranks; PostgreSQL gives the texts of what was found.
/// While there is no such index PostgreSQL does it all.
/// </summary>
internal sealed class EnginePassageSearch(
    TenantIndexes indexes,
    PassageStore store,
    PassageFacts facts,
    AnalysedPassages analysed,
    TenantModels models,
    QueryEmbedder embedder,
    PostgresPassageSearch postgres,
    TimeProvider time
) : IPassageSearch
{
    private const int MostCandidates = 200;
    private const int FewestCandidates = 100;

    public async Task<PassageResults> SearchAsync(
        TenantId tenant,
        PassageQuery query,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(query);

        if (query.PostgresOnly)
        {
            return await postgres.SearchAsync(tenant, query, cancellationToken);
        }

        // Both at once: the index is brought up to date while the model thinks.
        var stages = new StageTimes(time);
        var serving = await models.RecentAsync(tenant, cancellationToken);
        var embedding = embedder.EmbedAsync(serving, query, stages, cancellationToken);
        var entry = await FindAsync(serving);
        if (entry is null && await models.RecentAsync(tenant, cancellationToken) is var now && now.Name != serving.Name)
        {
            // Another model serves since this server looked last.
            serving = now;
            embedding = embedder.EmbedAsync(serving, query, stages, cancellationToken);
            entry = await FindAsync(serving);
        }

        if (entry is null)
        {
            return await postgres.SearchAsync(tenant, query, embedding, stages, cancellationToken);
        }

        var (vector, note, embeddings) = await embedding;
        if (vector is { } meaning && embeddings?.Model is { } model)
        {
            indexes.Learn(model, meaning.Length);
            if (entry.Index.Statistics.Vectors == 0 && meaning.Length != entry.Index.Options.Dimensions)
            {
                // Made before it was known how long the model's vectors are.
                TenantIndexes.Discard(entry);
                entry = await indexes.FindAsync(tenant, model, cancellationToken);
                if (entry is null)
                {
                    return await postgres.SearchAsync(tenant, query, embedding, stages, cancellationToken);
                }
            }

            if (entry.HasOtherVectors || meaning.Length != entry.Index.Options.Dimensions)
            {
                (vector, note) = (null, PostgresPassageSearch.IncomparableVectors);
            }
        }

        // Before, not after: what is read then may be newer than what is ranked, and would be held against it.
        var (number, revision) = entry.Index.Revision;
        var sight = await facts.SightAsync(tenant, query.Reader, number, revision, cancellationToken);
        var found = stages.Of(StageTimes.Ranking, () => IndexRanking.Of(entry.Index, RequestOf(query, sight, vector)));
        await using var rows = store.Reader(tenant, query.Reader);
        var pages = query.ForAnswer
            ? await RankByPagesAsync(tenant, entry.Index, query, sight, vector, rows, cancellationToken)
            : null;
        var words = pages ?? [.. found.Words.Select(one => new Scored(one.Id, one.Words))];
        if (vector is null)
        {
            if (query.Threshold is not null)
            {
                note += PostgresPassageSearch.ThresholdNotApplied;
            }

            return await ResultsAsync(
                PassageResults.Lexical,
                note,
                words.Select(
                    (one, place) => new Hit(one.Id, one.Score, new StageRank(place + 1, one.Score), null, null)
                )
            );
        }

        var nearest = Nearest(embeddings!, found, words);
        var fused = pages is null
            ? await FuseAsync(embeddings!, entry.Index, query, sight, found, nearest, rows, cancellationToken)
            : FollowPages(pages, nearest);
        var lexicalRanks = words.Index().ToDictionary(one => one.Item.Id, one => one.Index);
        var denseRanks = nearest.Index().ToDictionary(one => one.Item.Id, one => one.Index);
        return await ResultsAsync(
            PassageResults.Hybrid,
            PostgresPassageSearch.NoteOf(entry.Index.WithoutVector(sight.Readers)),
            fused.Select(one => new Hit(
                one.Id,
                one.Score,
                lexicalRanks.TryGetValue(one.Id, out var lexical) ? new(lexical + 1, words[lexical].Score) : null,
                denseRanks.TryGetValue(one.Id, out var dense) ? new(dense + 1, nearest[dense].Cosine!.Value) : null,
                one.Score
            ))
        );

        Task<TenantIndex?> FindAsync(ServingModel wanted) =>
            stages.OfAsync(StageTimes.Index, () => indexes.FindAsync(tenant, wanted.Name, cancellationToken));

        async Task<PassageResults> ResultsAsync(string mode, string? why, IEnumerable<Hit> ranked)
        {
            Hit[] hits = [.. ranked.Take(query.Limit)];
            await stages.OfAsync(StageTimes.Texts, () => rows.ReadAsync(hits.Select(hit => hit.Id), cancellationToken));
            // What was deleted since is left out.
            return new PassageResults(
                mode,
                why,
                [
                    .. hits.Select(hit => (Hit: hit, Row: rows[hit.Id]))
                        .Where(one => one.Row is not null)
                        .Select(one =>
                            one.Row!.ToPassage(
                                query,
                                one.Hit.Score,
                                new PassageExplanation(one.Hit.Lexical, one.Hit.Dense, one.Hit.Fused)
                            )
                        ),
                ]
            )
            {
                Engine = SearchEngines.Memory,
                IsByPages = pages is not null,
                Model = mode == PassageResults.Hybrid ? embeddings?.Model : null,
                StageMilliseconds = stages.Milliseconds,
                Nearest =
                    vector is { } asked && embeddings?.Model is { } encoder
                        ? new ServedNearest(encoder, asked, [.. found.Nearest.Select(one => one.Id)], revision)
                        : null,
            };
        }
    }

    private static SearchRequest RequestOf(PassageQuery query, Sight sight, ReadOnlyMemory<float>? vector)
    {
        var most = Math.Clamp(query.Limit * 8, FewestCandidates, MostCandidates);
        return new SearchRequest
        {
            Text = query.Text,
            ReadsFields = false,
            Vector = vector ?? default,
            Filter = FilterOf(query, sight),
            Limit = most,
            Candidates = most,
            MinimumCosine = vector is null ? null : query.Threshold,
        };
    }

    private static SearchFilter FilterOf(PassageQuery query, Sight sight) =>
        new()
        {
            Documents = NullIfEmpty(query.Documents),
            Tags = NullIfEmpty(query.Tags),
            Collections = NullIfEmpty(query.Collections),
            From = query.From,
            To = query.To,
            Readers = sight.Readers,
        };

    private static T[]? NullIfEmpty<T>(T[]? values) => values is { Length: > 0 } ? values : null;

    /// <summary>By meaning, nearest first, without those that have nothing to do with the query.</summary>
    private static RankedPassage[] Nearest(Embeddings embeddings, IndexRanking found, IReadOnlyList<Scored> words)
    {
        var byWords = words.Select(one => one.Id).ToHashSet();
        return [.. found.Nearest.Where(one => byWords.Contains(one.Id) || one.Cosine >= embeddings.Unrelated)];
    }

    private static async Task<IEnumerable<Scored>> FuseAsync(
        Embeddings embeddings,
        SearchIndex index,
        PassageQuery query,
        Sight sight,
        IndexRanking found,
        RankedPassage[] nearest,
        PassageReader rows,
        CancellationToken cancellationToken
    )
    {
        RankedPassage[] all = [.. found.Words, .. nearest.Where(one => one.WordsRank is null)];
        var wanted = QuerySyntax.Parse(query.Text).Wanted;
        var identifiers = QueryIdentifiers.Parse(wanted);
        var telling = found
            .Words.Take(PostgresPassageSearch.TellingPassages)
            .Concat(nearest.Take(PostgresPassageSearch.TellingPassages))
            .ToArray();
        if (identifiers.Count > 0)
        {
            await rows.ReadAsync(all.Select(one => one.Id), cancellationToken);
        }
        else if (embeddings.IsLocal)
        {
            await rows.ReadAsync(telling.Select(one => one.Id), cancellationToken);
        }

        var fit = embeddings.FitOf(telling.Select(one => rows[one.Id]?.Beginning).OfType<string>());
        var words = QueryWords.Parse(wanted, index.LanguagesOf(sight.Readers));
        return SignalFusion
            .Fuse(
                [
                    .. all.Select(one => new FusionCandidate(
                        one.Words,
                        one.Cosine,
                        identifiers.Count > 0 && rows[one.Id] is { } row
                            ? identifiers.HeldBy(row.Title, row.Heading, row.Text)
                            : 0
                    )),
                ],
                index.StatisticsOf(words.Terms, sight.Readers).WholeScore(words),
                fit?.Familiarity,
                identifiers.Share
            )
            .Ranked.Select(ranked => new Scored(all[ranked.Index].Id, ranked.Score));
    }

    /// <summary>
    /// The page that holds a figure says little else; what is like the question tells less about it than its words do.
    /// </summary>
    private static IEnumerable<Scored> FollowPages(IReadOnlyList<Scored> pages, RankedPassage[] nearest)
    {
        var best = Math.Max(pages.Select(one => one.Score).DefaultIfEmpty().Max(), double.Epsilon);
        var ids = pages.Select(one => one.Id).ToHashSet();
        return pages
            .Select(one => one with { Score = one.Score / best })
            .Concat(nearest.Where(one => !ids.Contains(one.Id)).Select(one => new Scored(one.Id, 0)));
    }

    /// <summary>Null where pages do not decide, or nothing was found by them: see <see cref="EvidenceQuestion"/>.</summary>
    private async Task<Scored[]?> RankByPagesAsync(
        TenantId tenant,
        SearchIndex index,
        PassageQuery query,
        Sight sight,
        ReadOnlyMemory<float>? vector,
        PassageReader rows,
        CancellationToken cancellationToken
    )
    {
        var (number, token) = index.Revision;
        var titles = await facts.TitlesAsync(tenant, query.Reader, sight, number, token, cancellationToken);
        if (EvidenceQuestion.Of(query, titles, index.LanguagesOf(sight.Readers)) is not var (documents, evidence))
        {
            return null;
        }

        var parsed = QuerySyntax.Parse(query.Text);
        var must = parsed
            .Phrases.Select(clause => $"\"{clause.Text}\"")
            .Concat(parsed.Excluded.Select(clause => $"-\"{clause.Text}\""));
        var found = IndexRanking.Of(
            index,
            RequestOf(documents.Length > 0 ? query with { Documents = documents } : query, sight, vector) with
            {
                Text = string.Join(' ', must),
                Supporting =
                [
                    .. evidence.Terms.Select(term => new SupportingTerm(term, 1)),
                    .. evidence.ItemTerms.Select(term => new SupportingTerm(term, EvidenceQuery.ItemTermWeight)),
                ],
                // How often a word stands in a passage says nothing yet: the ranking by pages counts that.
                Bm25 = new Bm25Settings(0, 0),
                // Only where it decides what may be found.
                Vector = query.Threshold is null ? default : vector ?? default,
                Limit = MostCandidates,
                Candidates = MostCandidates,
            }
        );
        await rows.ReadAsync(found.Words.Select(one => one.Id), cancellationToken);
        PassageRow[] read = [.. found.Words.Select(one => rows[one.Id]).OfType<PassageRow>()];
        if (read.Length == 0)
        {
            return null;
        }

        return
        [
            .. EvidenceRanker
                .Rank(
                    evidence,
                    EvidenceQuestion.CandidatesOf(read, analysed),
                    index.StatisticsOf(evidence.Terms.Concat(evidence.ItemTerms), sight.Readers)
                )
                .Select(ranked => new Scored(read[ranked.Index].ChunkId, ranked.Score)),
        ];
    }

    private readonly record struct Scored(Guid Id, double Score);

    private sealed record Hit(Guid Id, double Score, StageRank? Lexical, StageRank? Dense, double? Fused);
}
