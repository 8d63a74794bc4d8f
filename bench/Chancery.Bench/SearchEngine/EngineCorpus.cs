using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Chancery.Search;
using Chancery.Search.Engine;

namespace Chancery.Bench.SearchEngine;

// The other verbs have a record of the same name.
using IndexedPassage = Chancery.Search.Engine.IndexedPassage;

/// <summary>
/// Passages and queries that are measured with. Texts are those of the public collections: the documents of ir, and contracts
/// cut into pieces. Vectors are those that <c>./run bench ranking</c> left behind, with the local model; beyond their
/// number, and for the rest of a larger set, each is made of two real ones. Texts and vectors do not belong together.
/// </summary>
internal sealed partial class EngineCorpus
{
    public const int Dimensions = 384;

    private readonly List<(string Title, string Text)> _texts = [];
    private readonly List<float[]> _real;
    private readonly List<float[]> _queryVectors;

    /// <param name="words">Of a piece of a contract.</param>
    public EngineCorpus(int passages, int words)
    {
        foreach (var name in new[] { "scifact", "cranfield", "cisi", "medline" })
        {
            foreach (var line in TestData.Lines(TestData.PathOf("ir", name, "corpus.jsonl")))
            {
                _texts.Add((line.GetProperty("title").GetString()!, line.GetProperty("text").GetString()!));
            }

            Queries.AddRange(
                TestData
                    .Lines(TestData.PathOf("ir", name, "queries.jsonl"))
                    .Select(line => line.GetProperty("text").GetString()!)
                    .Take(200)
            );
        }

        // Half of the smaller set are contracts.
        _texts = [.. _texts.Take(passages / 2)];
        foreach (
            var path in Directory.EnumerateFiles(TestData.PathOf("contracts", "cuad", "full_contract_txt")).Order()
        )
        {
            var title = Path.GetFileNameWithoutExtension(path);
            foreach (var piece in Spaces().Split(File.ReadAllText(path)).Chunk(words))
            {
                if (_texts.Count < passages)
                    _texts.Add((title, string.Join(' ', piece)));
            }
        }

        var random = new Random(1);
        for (var i = 0; i < 300; i++)
        {
            var text = _texts[random.Next(_texts.Count)].Text.Split(' ');
            var from = random.Next(Math.Max(1, text.Length - 6));
            Queries.Add(string.Join(' ', text.Skip(from).Take(6)).Replace("\"", "", StringComparison.Ordinal));
        }

        Queries = [.. Queries.OrderBy(_ => random.Next())];
        var found = RealVectors();
        HasRealVectors = found.Count >= 5000;
        if (!HasRealVectors)
            found = [.. _texts.Take(10_000).Select(text => OfWords(text.Text))];
        found = [.. found.OrderBy(_ => random.Next())];
        _queryVectors = found[..500];
        _real = found[500..];
    }

    public List<string> Queries { get; } = [];

    public int Count => _texts.Count;

    public bool HasRealVectors { get; }

    public int RealVectorCount => _real.Count;

    public float[] QueryVector(int query) => _queryVectors[query % _queryVectors.Count];

    /// <summary>A tenth of all have the first tag, half the second, one in a hundred the third.</summary>
    public IEnumerable<IndexedPassage> Passages()
    {
        var random = new Random(2);
        for (var i = 0; i < _texts.Count; i++)
        {
            var (title, text) = _texts[i];
            // Each a document of its own, so that filters let through what they say.
            var tagged = new IndexedDocument(Id(6_000_000 + i)) { Tags = TagsOf(random.Next(100)) };
            yield return new IndexedPassage(Id(i), tagged, i, text) { Title = title, Vector = VectorOf(i) };
        }
    }

    public float[] VectorOf(int passage)
    {
        if (passage < _real.Count)
            return _real[passage];

        var random = new Random(passage);
        var (a, b) = (_real[random.Next(_real.Count)], _real[random.Next(_real.Count)]);
        var made = new float[Dimensions];
        for (var i = 0; i < made.Length; i++)
            made[i] = (0.75f * a[i]) + (0.35f * b[i]) + (float)((random.NextDouble() - 0.5) * 0.04);
        return made;
    }

    public static Guid Id(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);

    private static string[] TagsOf(int percent) =>
        [
            .. new (int Below, string Tag)[] { (1, "1 %"), (10, "10 %"), (50, "50 %") }
                .Where(t => percent < t.Below)
                .Select(t => t.Tag),
        ];

    private static List<float[]> RealVectors()
    {
        var folder = Path.Combine(Path.GetTempPath(), "chancery-bench-vectors");
        var vectors = new List<float[]>();
        if (!Directory.Exists(folder))
            return vectors;

        var firsts = new List<float[]>();
        foreach (
            var file in new DirectoryInfo(folder).GetFiles("*.f32").OrderByDescending(file => file.LastWriteTimeUtc)
        )
        {
            var all = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(file.FullName)).ToArray();
            if (all.Length == 0 || all.Length % Dimensions != 0)
                continue;
            // The same texts under an earlier model would be the same vectors nearly.
            var first = all[..Dimensions];
            if (firsts.Exists(other => Cosine(other, first) > 0.95))
                continue;
            firsts.Add(first);
            vectors.AddRange(all.Chunk(Dimensions));
        }

        return vectors;
    }

    public static double Cosine(float[] a, float[] b)
    {
        var (ab, aa, bb) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            ab += (double)a[i] * b[i];
            aa += (double)a[i] * a[i];
            bb += (double)b[i] * b[i];
        }

        return ab / Math.Sqrt(aa * bb);
    }

    /// <summary>Where there is no model: a direction for each word, summed.</summary>
    private static float[] OfWords(string text)
    {
        var vector = new float[Dimensions];
        foreach (var term in TextAnalyzer.ContentTerms(text))
        {
            var seed = 17;
            foreach (var b in Encoding.UTF8.GetBytes(term))
                seed = unchecked((seed * 31) + b);
            var random = new Random(seed);
            for (var i = 0; i < Dimensions; i++)
                vector[i] += (float)(random.NextDouble() - 0.5);
        }

        vector[0] += 1e-3f;
        return vector;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
