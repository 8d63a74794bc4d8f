using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using Chancery.Bench.Retrieval;
using Chancery.Models;

namespace Chancery.Bench.Peers;

/// <summary>Real passages, real sentences, and what is made of their vectors where there are not enough.</summary>
internal sealed class PeerSets(LocalEncoder encoder, string identity)
{
    public static readonly IReadOnlyList<string> Names = ["10k", "100k", "1536-10k", "1536-100k", "made-100k", "1m"];

    private const int Width = 384;
    private const int Sentences = 100_000;
    private const int SentencesAtOnce = 2000;
    private const int Joined = 4;
    private const int Questions = 1000;

    private readonly VectorCache _cache = new(encoder, identity);
    private readonly VectorCache _sentences = new(encoder, identity, "sentences");

    public async Task<PeerSet> LoadAsync(string name)
    {
        var (questions, queries) = await QuestionsAsync();
        return name switch
        {
            "10k" => await PassagesAsync(questions, queries),
            "100k" => await SentencesAsync(questions, queries),
            "1536-10k" => Wide(name, await SentenceVectorsAsync(10_000 * Joined), 10_000, Joined, queries),
            "1536-100k" => Wide(name, await SentenceVectorsAsync(Sentences), Sentences, 1, queries),
            "made-100k" => Made(name, await SentenceVectorsAsync(Sentences), 100_000, queries),
            "1m" => Made(name, await SentenceVectorsAsync(Sentences), 1_000_000, queries),
            _ => throw new ArgumentException($"There is no set \"{name}\": {string.Join(", ", Names)}.", nameof(name)),
        };
    }

    /// <summary>Embeds a part of the sentences and keeps it: what is there already costs nothing.</summary>
    /// <returns>How many are there now.</returns>
    public async Task<int> EmbedAsync(int atMost)
    {
        var texts = AllSentences();
        for (var from = 0; from < texts.Length; from += SentencesAtOnce)
        {
            var part = texts[from..Math.Min(texts.Length, from + SentencesAtOnce)];
            if (!_sentences.IsKept(part, areQuestions: false) && (atMost -= part.Length) < 0)
                return from;
            await _sentences.OfAsync($"sentences from {from}", part, areQuestions: false);
        }

        return texts.Length;
    }

    /// <summary>The collections' own, in an order that mixes them.</summary>
    private async Task<(string[] Texts, float[] Vectors)> QuestionsAsync()
    {
        var (texts, vectors) = (new List<string>(), new List<float[]>());
        foreach (var collection in JudgedCollection.Names.Take(5).Select(JudgedCollection.Load))
        {
            string[] asked = [.. collection.Questions.Select(one => one.Text)];
            texts.AddRange(asked);
            vectors.AddRange(
                (await _cache.OfAsync($"questions of {collection.Name}", asked, areQuestions: true)).Chunk(Width)
            );
        }

        int[] order = [.. Enumerable.Range(0, texts.Count)];
        new Random(1).Shuffle(order);
        order = order[..Math.Min(Questions, order.Length)];
        return ([.. order.Select(i => texts[i])], [.. order.SelectMany(i => vectors[i])]);
    }

    private async Task<PeerSet> PassagesAsync(string[] questions, float[] queries)
    {
        var (texts, vectors) = (new List<string>(), new List<float[]>());
        foreach (var collection in JudgedCollection.Names.Select(JudgedCollection.Load))
        {
            string[] passages =
            [
                .. collection.Passages.Select(one => one.Title.Length == 0 ? one.Text : $"{one.Title}\n{one.Text}"),
            ];
            texts.AddRange(passages);
            vectors.AddRange(
                (await _cache.OfAsync($"passages of {collection.Name}", passages, areQuestions: false)).Chunk(Width)
            );
        }

        return new PeerSet(
            "10k",
            Width,
            [.. vectors.SelectMany(vector => vector)],
            queries,
            [.. texts],
            questions,
            $"All {texts.Count} passages of scifact, cranfield, cisi, medline and xquad (en, de, es, zh), each with its own vector of all-MiniLM-L6-v2."
        );
    }

    private async Task<PeerSet> SentencesAsync(string[] questions, float[] queries)
    {
        var texts = AllSentences();
        return new PeerSet(
            "100k",
            Width,
            await SentenceVectorsAsync(texts.Length),
            queries,
            texts,
            questions,
            $"{texts.Length} different sentences of 30 to 400 characters from the public collections and contracts, each with its own vector of all-MiniLM-L6-v2."
        );
    }

    private async Task<float[]> SentenceVectorsAsync(int count)
    {
        var texts = AllSentences();
        var vectors = new float[Math.Min(count, texts.Length) * Width];
        for (var from = 0; from * Width < vectors.Length; from += SentencesAtOnce)
        {
            var part = texts[from..Math.Min(texts.Length, from + SentencesAtOnce)];
            var found = await _sentences.OfAsync($"sentences from {from}", part, areQuestions: false);
            found
                .AsSpan(0, Math.Min(found.Length, vectors.Length - (from * Width)))
                .CopyTo(vectors.AsSpan(from * Width));
        }

        return vectors;
    }

    /// <summary>Documents in an order that mixes the sources, their sentences in the order in which they stand.</summary>
    private static string[] AllSentences()
    {
        var documents = new List<string>();
        foreach (var name in JudgedCollection.Names.Take(5))
            documents.AddRange(JudgedCollection.Load(name).Passages.Select(one => one.Text));
        documents.AddRange(
            JsonDocument
                .Parse(File.ReadAllText(TestData.PathOf("qa", "hotpot-50-cognee", "hotpot_50_corpus.json")))
                .RootElement.EnumerateArray()
                .Select(one => one.GetString()!)
        );
        documents.AddRange(
            Directory
                .EnumerateFiles(TestData.PathOf("contracts", "cuad", "full_contract_txt"))
                .Order(StringComparer.Ordinal)
                .Select(File.ReadAllText)
        );
        var order = documents.ToArray();
        new Random(1).Shuffle(order);
        return
        [
            .. order
                .SelectMany(text =>
                    Search.Sentences.Split(text).Select(span => text.Substring(span.Start, span.Length).Trim())
                )
                .Where(text => text.Length is >= 30 and <= 400 && text.Count(char.IsLetter) > text.Length / 2)
                .Distinct(StringComparer.Ordinal)
                .Take(Sentences),
        ];
    }

    /// <summary>
    /// Four sentences that follow each other, end to end; the question four times, so that the cosine is the mean of four.
    /// </summary>
    /// <param name="step">From the first sentence of a row to that of the next.</param>
    private static PeerSet Wide(string name, float[] sentences, int rows, int step, float[] queries)
    {
        var all = sentences.Length / Width;
        var vectors = new float[rows * Width * Joined];
        for (var row = 0; row < rows; row++)
        {
            for (var part = 0; part < Joined; part++)
            {
                sentences
                    .AsSpan((((row * step) + part) % all) * Width, Width)
                    .CopyTo(vectors.AsSpan(((row * Joined) + part) * Width, Width));
            }
        }

        TensorPrimitives.Divide(vectors, MathF.Sqrt(Joined), vectors);
        float[] asked =
        [
            .. queries
                .Chunk(Width)
                .SelectMany(query => Enumerable.Repeat(query, Joined).SelectMany(part => part))
                .Select(value => value / MathF.Sqrt(Joined)),
        ];
        return new PeerSet(
            name,
            Width * Joined,
            vectors,
            asked,
            [],
            [],
            $"{rows} rows, each the real vectors of four sentences that follow each other, end to end{(step < Joined ? ", from every sentence on (rows overlap)" : "")}; a question is its real vector four times."
        );
    }

    /// <summary>
    /// A real vector, moved as one real sentence is apart from another that is near it: both have the local shape of real ones.
    /// </summary>
    private static PeerSet Made(string name, float[] real, int rows, float[] queries)
    {
        const int anchors = 4000;
        const int nearest = 5;
        var count = real.Length / Width;
        var random = new Random(3);
        int[] first = [.. Enumerable.Range(0, anchors).Select(_ => random.Next(count))];
        var moves = new float[anchors * nearest][];
        Parallel.For(
            0,
            anchors,
            anchor =>
            {
                var from = real.AsSpan(first[anchor] * Width, Width);
                var near = new PriorityQueue<int, float>();
                for (var row = 0; row < count; row++)
                {
                    var cosine = TensorPrimitives.Dot(from, real.AsSpan(row * Width, Width));
                    // Twins are no distance.
                    if (cosine > 0.97f)
                        continue;
                    if (near.Count < nearest)
                        near.Enqueue(row, cosine);
                    else
                        near.EnqueueDequeue(row, cosine);
                }

                for (var i = 0; i < nearest; i++)
                {
                    var move = moves[(anchor * nearest) + i] = new float[Width];
                    TensorPrimitives.Subtract(real.AsSpan(near.Dequeue() * Width, Width), from, move);
                }
            }
        );

        var vectors = new float[rows * Width];
        for (var row = 0; row < rows; row++)
        {
            var made = vectors.AsSpan(row * Width, Width);
            TensorPrimitives.Add(
                real.AsSpan(random.Next(count) * Width, Width),
                moves[random.Next(moves.Length)],
                made
            );
            TensorPrimitives.Divide(made, TensorPrimitives.Norm<float>(made), made);
        }

        return new PeerSet(
            name,
            Width,
            vectors,
            queries,
            [],
            [],
            string.Create(
                CultureInfo.InvariantCulture,
                $"{rows} vectors, each a real one of {count} sentences plus the difference between another one and one of its five nearest (those above a cosine of .97 apart), to unit length."
            )
        );
    }
}
