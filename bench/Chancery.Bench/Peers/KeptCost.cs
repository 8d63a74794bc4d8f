using System.Text.Json;

namespace Chancery.Bench.Peers;

/// <summary>What building cost, beside what was built: it is used again in later runs.</summary>
internal static class KeptCost
{
    public static BuildCost? Read(string path) =>
        File.Exists($"{path}.cost") ? JsonSerializer.Deserialize<BuildCost>(File.ReadAllText($"{path}.cost")) : null;

    public static void Write(string path, BuildCost cost) =>
        File.WriteAllText($"{path}.cost", JsonSerializer.Serialize(cost));
}
