using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Chancery.Server.Knowledge;

/// <summary>
/// The vectors of the demo's passages as one model made them, shipped beside its documents, so that they are found by meaning before the
/// model is even loaded. Another model, or another text by a letter, is not among them, and is encoded as any other.
/// </summary>
/// <remarks>
/// The file: the model's name as a line of UTF-8, then for each passage the SHA-256 of its text and the numbers of its vector,
/// 32-bit and little-endian. The dimensions are a 32-bit number before the first.
/// </remarks>
internal sealed class DemoVectors
{
    private readonly Dictionary<string, float[]> _vectors = new(StringComparer.Ordinal);

    private DemoVectors(string model) => Model = model;

    /// <summary>What this build ships; empty where it ships none.</summary>
    public static DemoVectors Shipped => Loaded.Value;

    private static readonly Lazy<DemoVectors> Loaded = new(() =>
        File.Exists(ShippedPath) ? Read(File.ReadAllBytes(ShippedPath)) : new DemoVectors("")
    );

    internal static string ShippedPath => Path.Combine(AppContext.BaseDirectory, "Demo", "vectors.bin");

    /// <summary>That made them.</summary>
    public string Model { get; }

    public int Count => _vectors.Count;

    /// <summary>Null where there is none of that model.</summary>
    public float[]? Find(string? model, string text) => model == Model ? _vectors.GetValueOrDefault(KeyOf(text)) : null;

    internal static DemoVectors Read(ReadOnlySpan<byte> file)
    {
        var end = file.IndexOf((byte)'\n');
        var vectors = new DemoVectors(Encoding.UTF8.GetString(file[..end]));
        file = file[(end + 1)..];
        var dimensions = BinaryPrimitives.ReadInt32LittleEndian(file);
        file = file[sizeof(int)..];
        while (!file.IsEmpty)
        {
            var key = Convert.ToHexStringLower(file[..SHA256.HashSizeInBytes]);
            file = file[SHA256.HashSizeInBytes..];
            vectors._vectors[key] = MemoryMarshal.Cast<byte, float>(file[..(dimensions * sizeof(float))]).ToArray();
            file = file[(dimensions * sizeof(float))..];
        }

        return vectors;
    }

    internal static byte[] Write(string model, IReadOnlyList<(string Text, float[] Vector)> passages)
    {
        using var file = new MemoryStream();
        file.Write(Encoding.UTF8.GetBytes(model + "\n"));
        Span<byte> dimensions = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(dimensions, passages[0].Vector.Length);
        file.Write(dimensions);
        foreach (var (text, vector) in passages)
        {
            file.Write(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
            file.Write(MemoryMarshal.AsBytes<float>(vector));
        }

        return file.ToArray();
    }

    private static string KeyOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
