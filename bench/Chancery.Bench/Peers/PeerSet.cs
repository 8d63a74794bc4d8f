using System.Runtime.InteropServices;
using System.Text.Json;

namespace Chancery.Bench.Peers;

/// <summary>The same passages and questions for everybody who is measured, in memory and as files.</summary>
/// <param name="Vectors">One unit vector after the other.</param>
/// <param name="Queries">The same of the questions.</param>
/// <param name="Texts">Of passages; empty where only vectors are measured.</param>
/// <param name="Recipe">Where all that comes from, for a reader of the table.</param>
internal sealed record PeerSet(
    string Name,
    int Dimensions,
    float[] Vectors,
    float[] Queries,
    string[] Texts,
    string[] Questions,
    string Recipe
)
{
    /// <summary>Percent of the rows that a filter lets through; null for none.</summary>
    public static readonly int?[] Filters = [null, 1, 10, 50];

    public int Count { get; } = Vectors.Length / Dimensions;

    public int QueryCount { get; } = Queries.Length / Dimensions;

    /// <summary>Of each passage a number below 100: a filter lets through what is below its own.</summary>
    public byte[] Percents { get; } = MakePercents(Vectors.Length / Dimensions);

    public string Folder => Path.Combine(PeerFolders.Sets, Name);

    public ReadOnlySpan<float> Vector(int row) => Vectors.AsSpan(row * Dimensions, Dimensions);

    public ReadOnlySpan<float> Query(int query) => Queries.AsSpan(query * Dimensions, Dimensions);

    public bool IsAllowed(int row, int? filter) => filter is null || Percents[row] < filter;

    /// <summary>For the peers that are processes of their own.</summary>
    public void Write()
    {
        Directory.CreateDirectory(Folder);
        WriteFloats("vectors.f32", Vectors);
        WriteFloats("queries.f32", Queries);
        File.WriteAllBytes(Path.Combine(Folder, "percents.u8"), Percents);
        WriteJson("texts.json", Texts);
        WriteJson("questions.json", Questions);
        WriteJson("set.json", new { count = Count, dimensions = Dimensions });
    }

    private void WriteFloats(string name, float[] values)
    {
        using var file = File.Create(Path.Combine(Folder, name));
        for (var from = 0; from < values.Length; from += 1 << 24)
            file.Write(MemoryMarshal.AsBytes(values.AsSpan(from, Math.Min(1 << 24, values.Length - from))));
    }

    private void WriteJson<T>(string name, T value) =>
        File.WriteAllText(Path.Combine(Folder, name), JsonSerializer.Serialize(value));

    private static byte[] MakePercents(int count)
    {
        var random = new Random(2);
        var percents = new byte[count];
        foreach (ref var percent in percents.AsSpan())
            percent = (byte)random.Next(100);
        return percents;
    }
}
