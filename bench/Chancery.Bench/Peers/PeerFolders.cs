namespace Chancery.Bench.Peers;

/// <summary>What is fetched and made for this verb, in the system's temporary directory: to start afresh, remove it.</summary>
internal static class PeerFolders
{
    public static string Root { get; } = Path.Combine(Path.GetTempPath(), "chancery-bench-peers");

    public static string Sets { get; } = Path.Combine(Root, "sets");

    public static string Packages { get; } = Path.Combine(Root, "packages");
}
