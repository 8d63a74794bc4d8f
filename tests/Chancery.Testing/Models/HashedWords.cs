namespace Chancery.Testing.Models;

/// <summary>
/// Deterministic embeddings: each word, and more weakly each run of its letters, adds to a place that its hash chooses. Texts
/// that share words come out close, on every machine and in every process.
/// </summary>
public static class HashedWords
{
    /// <summary>A unit vector; that of a text without words points along the first axis.</summary>
    public static float[] Embed(string text, int dimensions)
    {
        var vector = new float[dimensions];
        foreach (var word in Words(text))
        {
            // Short words are mostly grammar, which any two texts share.
            Add(vector, word, word.Length > 3 ? 1 : 0.2f);
            for (var i = 0; i + 4 <= word.Length; i++)
                Add(vector, word.AsSpan(i, 4), 0.1f);
        }

        var length = MathF.Sqrt(vector.Sum(part => part * part));
        if (length == 0)
            vector[0] = length = 1;
        for (var i = 0; i < dimensions; i++)
            vector[i] /= length;
        return vector;
    }

    private static IEnumerable<string> Words(string text)
    {
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && char.IsLetterOrDigit(text[i]))
                continue;
            if (i > start)
                yield return text[start..i].ToLowerInvariant();
            start = i + 1;
        }
    }

    private static void Add(float[] vector, ReadOnlySpan<char> word, float weight)
    {
        // FNV-1a: string.GetHashCode differs from process to process.
        var hash = 2166136261u;
        foreach (var c in word)
            hash = (hash ^ c) * 16777619;
        hash ^= hash >> 15;
        vector[hash % (uint)vector.Length] += (hash & 0x10000) == 0 ? weight : -weight;
    }
}
