using System.Runtime.Intrinsics.X86;

namespace Chancery.Bench;

/// <summary>What figures were measured on. Models with 8-bit weights give slightly other vectors where the processor knows VNNI.</summary>
internal static class Machine
{
    public static string Describe()
    {
        var lines = File.ReadLines("/proc/cpuinfo").ToList();
        var processor = lines.Find(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ", 2)[^1];
        var isVnni = lines.Exists(line => line.Contains("vnni", StringComparison.Ordinal));
        var width =
            Avx512F.IsSupported ? "AVX-512"
            : Avx2.IsSupported ? "AVX2"
            : "neither AVX2 nor AVX-512";
        return $"{processor ?? "an unknown processor"} ({width}, {(isVnni ? "with" : "without")} VNNI), {Environment.ProcessorCount} cores";
    }
}
