using Chancery.Search;

namespace Chancery.Server.Knowledge.Search;

/// <summary>A passage with what ranking and answering need of it.</summary>
internal sealed record PassageRow
{
    public const string ColumnsSql = """
        c.chunk_id, c.document_id, p.version, d.title, d.path, d.tags, p.page, p.start_char, p.end_char, p.place,
        c.heading, c.text
        """;

    public required Guid ChunkId { get; init; }
    public required Guid DocumentId { get; init; }
    public required int Version { get; init; }
    public required string Title { get; init; }
    public required string Path { get; init; }
    public required string[] Tags { get; init; }
    public required int Page { get; init; }
    public required int StartChar { get; init; }
    public required int EndChar { get; init; }
    public required string Place { get; init; }
    public required string Heading { get; init; }
    public required string Text { get; init; }

    /// <summary>Cosine similarity; only from the searches by vector.</summary>
    public double Cosine { get; init; }

    // Enough to tell the language that it is in.
    private const int TellingCharacters = 256;

    /// <summary>What tells its language.</summary>
    public string Beginning => Text[..Math.Min(TellingCharacters, Text.Length)];

    /// <param name="explanation">Left out unless the query asks for it.</param>
    public Passage ToPassage(PassageQuery query, double score, PassageExplanation explanation) =>
        new(
            ChunkId,
            DocumentId,
            Version,
            Title,
            Path,
            Tags,
            Page,
            StartChar,
            EndChar,
            Heading,
            Text,
            [.. Highlighter.Find(query.Text, Text).Select(span => new[] { span.Start, span.Length })],
            score,
            query.Explain ? explanation : null
        )
        {
            Place = Place.Length == 0 ? null : Place,
        };
}
