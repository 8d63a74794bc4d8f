using Chancery.Guards.PersonalData;
using Chancery.Guards.Pseudonyms;
using Chancery.Server.Access;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Upgrade.Storing;

namespace Chancery.Server.Upgrade.Pipeline;

/// <summary>The passages that a prompt is written with.</summary>
/// <param name="Texts">Of each, as a model is shown it.</param>
internal sealed record FoundPassages(IReadOnlyList<Passage> Passages, IReadOnlyList<string> Texts)
{
    private const int Most = 6;
    private const int LongestQuery = 4000;

    public static FoundPassages None { get; } = new([], []);

    public IReadOnlyList<Guid> Documents => [.. Passages.Select(passage => passage.DocumentId).Distinct()];

    /// <summary>Looks for them, as the asker may read.</summary>
    /// <param name="query">Without personal data, where no model is shown any: it may be an encoder's at a provider.</param>
    public static async Task<PassageResults> SearchAsync(
        IPassageSearch search,
        Principal principal,
        UpgradeWish wish,
        string query,
        CancellationToken cancellationToken
    ) =>
        await search.SearchAsync(
            principal.Tenant,
            new PassageQuery(
                QueryOf(query),
                Most,
                Documents: wish.Documents,
                Tags: wish.Tags,
                Collections: wish.Collections
            )
            {
                Reader = principal.Reader,
            },
            cancellationToken
        );

    /// <summary>What of a prompt is looked for.</summary>
    public static string QueryOf(string prompt) => prompt.Length > LongestQuery ? prompt[..LongestQuery] : prompt;

    /// <summary>With what a model may be shown of them.</summary>
    public static FoundPassages Of(
        IReadOnlyList<Passage> passages,
        PersonalDataOptions? options,
        PersonalDataVault vault
    ) =>
        new(
            passages,
            [
                .. passages.Select(passage =>
                    options is null ? passage.Text : Redaction.Redact(passage.Text, options, vault).Text
                ),
            ]
        );

    /// <summary>
    /// A prompt whose markers were looked at: those of sentences that a passage supports are numbered in their order and listed below it; others
    /// are taken out.
    /// </summary>
    public (string Prompt, IReadOnlyList<UpgradeSource> Sources) Cite(string prompt)
    {
        if (Passages.Count == 0)
        {
            return (prompt, []);
        }

        var reader = new CitedTextReader(new CitationVerifier(Passages));
        CitedText[] pieces = [reader.Feed(prompt), reader.Finish()];
        UpgradeSource[] sources =
        [
            .. pieces
                .SelectMany(piece => piece.References)
                .Select(reference =>
                {
                    var passage = Passages[reference.Support.Number - 1];
                    return new UpgradeSource(
                        reference.Marker,
                        passage.DocumentId,
                        passage.Version,
                        passage.Title,
                        passage.Page,
                        passage.Start + reference.Support.Start,
                        passage.Start + reference.Support.End,
                        passage.Text[reference.Support.Start..reference.Support.End]
                    );
                }),
        ];
        if (sources.Length == 0)
        {
            return (reader.Answer.TrimEnd(), sources);
        }

        // Whoever is given the prompt elsewhere has no list of passages beside it.
        var list = string.Join(
            '\n',
            sources.Select(source => $"{CitationMarkers.Write(source.Number)} {source.Title}, page {source.Page}")
        );
        return ($"{reader.Answer.TrimEnd()}\n\n{list}", sources);
    }
}
