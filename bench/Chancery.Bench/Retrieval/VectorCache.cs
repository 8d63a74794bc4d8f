using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Chancery.Models;
using Microsoft.Extensions.AI;

namespace Chancery.Bench.Retrieval;

/// <summary>
/// The local model's vectors of a collection's texts, kept in the system's temporary directory: embedding all collections takes
/// minutes, and no verb should pay for it twice. A file is named by the model's identity and the texts themselves.
/// </summary>
/// <param name="part">A folder of its own, for what not every verb should take up.</param>
internal sealed class VectorCache(LocalEncoder encoder, string identity, string part = "")
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "chancery-bench-vectors", part);

    public int Dimensions => encoder.Dimensions;

    /// <summary>One vector after the other, in the order of the texts.</summary>
    public async Task<float[]> OfAsync(string what, IReadOnlyList<string> texts, bool areQuestions, bool isKept = true)
    {
        if (!isKept)
            return await EmbedAsync(texts, areQuestions);

        var path = PathOf(texts, areQuestions);
        if (IsKept(texts, areQuestions))
            return MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(path)).ToArray();

        await Console.Error.WriteLineAsync($"Embedding {texts.Count} texts: {what}");
        var vectors = await EmbedAsync(texts, areQuestions);
        Directory.CreateDirectory(_folder);
        var draft = $"{path}.{Environment.ProcessId}";
        await File.WriteAllBytesAsync(draft, MemoryMarshal.AsBytes(vectors.AsSpan()).ToArray());
        File.Move(draft, path, overwrite: true);
        return vectors;
    }

    public bool IsKept(IReadOnlyList<string> texts, bool areQuestions) =>
        new FileInfo(PathOf(texts, areQuestions)) is { Exists: true } file
        && file.Length == (long)texts.Count * Dimensions * sizeof(float);

    private string PathOf(IReadOnlyList<string> texts, bool areQuestions)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{identity}\n{areQuestions}\n"));
        foreach (var text in texts)
            hash.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return Path.Combine(_folder, Convert.ToHexStringLower(hash.GetHashAndReset())[..32] + ".f32");
    }

    private async Task<float[]> EmbedAsync(IReadOnlyList<string> texts, bool areQuestions)
    {
        var options = new EmbeddingGenerationOptions
        {
            AdditionalProperties = new AdditionalPropertiesDictionary { [LocalEncoder.IsQuery] = areQuestions },
        };
        var vectors = new float[texts.Count * Dimensions];
        foreach (var (place, vector) in (await encoder.GenerateAsync(texts, options)).Index())
            vector.Vector.Span.CopyTo(vectors.AsSpan(place * Dimensions));
        return vectors;
    }
}
