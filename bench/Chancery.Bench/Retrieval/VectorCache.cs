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
internal sealed class VectorCache(LocalEncoder encoder, string identity)
{
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), "chancery-bench-vectors");

    public int Dimensions => encoder.Dimensions;

    /// <summary>One vector after the other, in the order of the texts.</summary>
    public async Task<float[]> OfAsync(string what, IReadOnlyList<string> texts, bool areQuestions, bool isKept = true)
    {
        if (!isKept)
            return await EmbedAsync(texts, areQuestions);

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{identity}\n{areQuestions}\n"));
        foreach (var text in texts)
            hash.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        var path = Path.Combine(Folder, Convert.ToHexStringLower(hash.GetHashAndReset())[..32] + ".f32");
        if (File.Exists(path) && new FileInfo(path).Length == (long)texts.Count * Dimensions * sizeof(float))
            return MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(path)).ToArray();

        await Console.Error.WriteLineAsync($"Embedding {texts.Count} texts: {what}");
        var vectors = await EmbedAsync(texts, areQuestions);
        Directory.CreateDirectory(Folder);
        var draft = $"{path}.{Environment.ProcessId}";
        await File.WriteAllBytesAsync(draft, MemoryMarshal.AsBytes(vectors.AsSpan()).ToArray());
        File.Move(draft, path, overwrite: true);
        return vectors;
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
