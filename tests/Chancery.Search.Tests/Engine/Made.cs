using Chancery.Search.Engine;

namespace Chancery.Search.Tests.Engine;

/// <summary>Passages, documents and vectors made by chance from a seed.</summary>
internal static class Made
{
    // Few enough that passages share them and scores are equal now and then.
    private static readonly string[] Words =
    [
        "rent",
        "tenant",
        "notice",
        "period",
        "deposit",
        "garden",
        "roof",
        "repair",
        "the",
        "of",
        "is",
        "payment",
        "court",
        "clause",
        "12.3(b)",
        "ISO-27001",
        "landlord",
        "keys",
        "heating",
        "winter",
        "contract",
        "signed",
        "Miete",
        "東京",
        "insurance",
        "water",
        "damage",
        "liability",
        "termination",
        "agreement",
    ];

    public static Guid Id(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);

    public static IndexedDocument Document(int number) => new(Id(1_000_000 + number));

    public static IndexedPassage Passage(int id, string body, int document = 0, int ordinal = 0) =>
        new(Id(id), Document(document), ordinal, body);

    public static IndexRevision Revision(long number) => new(number, Id((int)number));

    public static IndexChanges Adding(params IndexedPassage[] passages) => new(Revision(1)) { Passages = passages };

    public static SearchIndex Index(params IndexedPassage[] passages)
    {
        var index = new SearchIndex(new SearchIndexOptions());
        index.Change(Adding(passages));
        return index;
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static AppliedChanges Change(this SearchIndex index, IndexChanges changes) => index.Apply(changes, Cancel);

    public static bool Tidy(this SearchIndex index, bool everything = false) => index.Merge(everything, Cancel);

    public static int[] Ids(this SearchOutcome outcome) => [.. outcome.Hits.Select(hit => Number(hit.PassageId))];

    public static int Number(Guid id) => BitConverter.ToInt32(id.ToByteArray(), 0);

    /// <summary>Common words come often, rare ones seldom.</summary>
    public static string Text(Random random, int words) =>
        string.Join(' ', Enumerable.Range(0, words).Select(_ => Word(random)));

    public static string Word(Random random) => Words[(int)(Words.Length * Math.Pow(random.NextDouble(), 2.5))];

    public static IndexedPassage Passage(Random random, int id, int dimensions = 0)
    {
        var document = random.Next(8);
        return new IndexedPassage(Id(id), Described(random, document), random.Next(20), Text(random, random.Next(30)))
        {
            Title = Text(random, random.Next(3)),
            Heading = Text(random, random.Next(3)),
            Vector = dimensions > 0 && random.Next(5) > 0 ? Vector(random, dimensions) : default,
        };
    }

    public static IndexedDocument Described(Random random, int document) =>
        Document(document) with
        {
            CollectionId = Id(random.Next(3)),
            Date = DateTimeOffset.UnixEpoch.AddDays(random.Next(10)),
            Tags = [.. Enumerable.Range(0, random.Next(3)).Select(_ => $"tag{random.Next(4)}")],
            Readers = random.Next(3) == 0 ? [Id(random.Next(3))] : null,
        };

    public static SearchFilter? Filter(Random random)
    {
        if (random.Next(3) == 0)
            return null;
        return new SearchFilter
        {
            Collections = Seldom<Guid>([Id(random.Next(3)), Id(random.Next(3))]),
            Tags = Seldom<string>([$"tag{random.Next(4)}", "no such tag"]),
            From = random.Next(4) == 0 ? DateTimeOffset.UnixEpoch.AddDays(random.Next(10)) : null,
            To = random.Next(4) == 0 ? DateTimeOffset.UnixEpoch.AddDays(random.Next(10)) : null,
            Documents = Seldom<Guid>([.. Enumerable.Range(0, 4).Select(_ => Document(random.Next(8)).Id)]),
            Readers = Seldom<Guid>([Id(random.Next(3))]),
        };

        T[]? Seldom<T>(T[] values) => random.Next(4) == 0 ? values : null;
    }

    public static string Query(Random random) =>
        random.Next(6) switch
        {
            0 => $"\"{Text(random, 2)}\" {Text(random, 2)}",
            1 => $"{Text(random, 2)} -{Word(random)}",
            2 => $"title:{Word(random)} {Text(random, 2)}",
            _ => Text(random, 1 + random.Next(6)),
        };

    /// <summary>Around a few centres, as embeddings are.</summary>
    public static float[] Vector(Random random, int dimensions, double spread = 0.6)
    {
        var centre = new Random(random.Next(12));
        var vector = new float[dimensions];
        for (var i = 0; i < dimensions; i++)
            vector[i] = (float)(Gaussian(centre) + (spread * Gaussian(random)));
        return vector;
    }

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
