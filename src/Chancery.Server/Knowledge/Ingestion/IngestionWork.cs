namespace Chancery.Server.Knowledge.Ingestion;

/// <summary>The subject of a work item: one version of one document.</summary>
internal sealed record IngestionWork(Guid DocumentId, int Version)
{
    public const string Kind = "ingest";
}

/// <summary>What the column <c>state</c> of a version can hold.</summary>
internal static class VersionState
{
    public const string Stored = "stored";
    public const string Fetching = "fetching";
    public const string Queued = "queued";
    public const string Reading = "reading";
    public const string Cutting = "cutting";
    public const string Embedding = "embedding";
    public const string Ready = "ready";
    public const string Failed = "failed";

    public static readonly string[] All = [Stored, Fetching, Queued, Reading, Cutting, Embedding, Ready, Failed];

    /// <summary>Whether nothing more happens to the version by itself.</summary>
    public static bool IsSettled(string state) => state is Stored or Ready or Failed;
}
