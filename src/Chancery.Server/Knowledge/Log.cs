namespace Chancery.Server.Knowledge;

internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Warning, "Passages of document {DocumentId} get their vectors later")]
    public static partial void EmbeddingPutOff(ILogger logger, Guid documentId, Exception exception);

    [LoggerMessage(3008, LogLevel.Warning, "Passages without a vector were not looked for at the start")]
    public static partial void VectorsNotChecked(ILogger logger, Exception exception);

    [LoggerMessage(
        3030,
        LogLevel.Information,
        "The words of {Passages} passages were written again for a newer analysis"
    )]
    public static partial void AnalysedAgain(ILogger logger, int passages);

    [LoggerMessage(3031, LogLevel.Warning, "Passages of an older analysis were not looked for at the start")]
    public static partial void AnalysisNotChecked(ILogger logger, Exception exception);

    [LoggerMessage(
        3007,
        LogLevel.Warning,
        "The embedding model accepts none of {Passages} passages; they stay without a vector"
    )]
    public static partial void PassagesRefused(ILogger logger, int passages);

    [LoggerMessage(3009, LogLevel.Information, "Search is by words and by meaning, of the model {Model}")]
    public static partial void SearchesByMeaning(ILogger logger, string model);

    [LoggerMessage(
        3010,
        LogLevel.Warning,
        "Search is by words only: there is no embedding model; see chancery models pull, or EMBEDDING_URL"
    )]
    public static partial void SearchesByWords(ILogger logger);

    [LoggerMessage(3011, LogLevel.Warning, "Embedding generation failed")]
    public static partial void TextsNotEncoded(ILogger logger, Exception exception);

    [LoggerMessage(3014, LogLevel.Warning, "RAG service error: {Status}")]
    public static partial void RagServiceFailed(ILogger logger, string status);

    [LoggerMessage(3012, LogLevel.Warning, "{Queries} searches were not written down")]
    public static partial void QueriesNotWritten(ILogger logger, int queries, Exception exception);

    [LoggerMessage(3013, LogLevel.Warning, "{Queries} searches were lost to the query log")]
    public static partial void QueriesDropped(ILogger logger, long queries);

    [LoggerMessage(3002, LogLevel.Warning, "Searching by words only: the query could not be embedded")]
    public static partial void QueryNotEmbedded(ILogger logger, Exception exception);

    [LoggerMessage(3003, LogLevel.Warning, "Progress is not announced by Redis and is polled every second")]
    public static partial void ProgressIsPolled(ILogger logger, Exception exception);

    [LoggerMessage(3004, LogLevel.Information, "Readers of files stand behind these walls: {Walls}")]
    public static partial void WallsStand(ILogger logger, string walls);

    [LoggerMessage(3005, LogLevel.Warning, "Readers of files lack the wall {Wall}: {Missing}")]
    public static partial void WallMissing(ILogger logger, string wall, string missing);

    [LoggerMessage(
        3006,
        LogLevel.Error,
        "Files are not read because their readers lack the wall {Wall}; see chancery doctor, or set READERS_WITHOUT_WALLS=true"
    )]
    public static partial void ReadingRefused(ILogger logger, string wall);

    [LoggerMessage(
        3020,
        LogLevel.Warning,
        "The search index of tenant {Tenant} could not be loaded; PostgreSQL searches"
    )]
    public static partial void IndexNotLoaded(ILogger logger, Guid tenant, Exception exception);

    [LoggerMessage(
        3021,
        LogLevel.Information,
        "Tenant {Tenant} with {Passages} passages is too large for SEARCH_INDEX_MEMORY; PostgreSQL searches"
    )]
    public static partial void IndexTooLarge(ILogger logger, Guid tenant, long passages);

    [LoggerMessage(3022, LogLevel.Warning, "The search index of tenant {Tenant} could not be brought up to date")]
    public static partial void IndexNotFollowed(ILogger logger, Guid tenant, Exception exception);

    [LoggerMessage(
        3023,
        LogLevel.Information,
        "The search index of tenant {Tenant} is of another history and is made anew"
    )]
    public static partial void IndexOutdated(ILogger logger, Guid tenant);

    [LoggerMessage(3024, LogLevel.Warning, "The search index of tenant {Tenant} could not be tidied")]
    public static partial void IndexNotTidied(ILogger logger, Guid tenant, Exception exception);

    [LoggerMessage(3025, LogLevel.Information, "The index file of tenant {Tenant} is not used ({Reason}): {Detail}")]
    public static partial void SnapshotRefused(ILogger logger, Guid tenant, string reason, string detail);

    [LoggerMessage(3026, LogLevel.Warning, "The index file of tenant {Tenant} could not be written")]
    public static partial void SnapshotNotWritten(ILogger logger, Guid tenant, Exception exception);

    [LoggerMessage(3027, LogLevel.Warning, "The index file of tenant {Tenant} could not be removed")]
    public static partial void SnapshotNotRemoved(ILogger logger, Guid tenant, Exception exception);

    [LoggerMessage(3028, LogLevel.Warning, "Index files of former tenants were not looked for")]
    public static partial void SnapshotsNotChecked(ILogger logger, Exception exception);

    [LoggerMessage(
        3029,
        LogLevel.Warning,
        "The recall of searches could not be measured; it is tried again in a minute"
    )]
    public static partial void RecallNotMeasured(ILogger logger, Exception exception);

    [LoggerMessage(
        3040,
        LogLevel.Warning,
        "Vectors get no index in PostgreSQL, and large organisations are searched slowly there: pgvector 0.8 is needed, there is {Version}"
    )]
    public static partial void VectorsNotIndexed(ILogger logger, string version);

    [LoggerMessage(3041, LogLevel.Information, "Building the index {Index} over the vectors of tenant {TenantId}")]
    public static partial void VectorIndexBegun(ILogger logger, string index, Guid tenantId);

    [LoggerMessage(3042, LogLevel.Information, "Built the index {Index} over the vectors of tenant {TenantId}")]
    public static partial void VectorIndexBuilt(ILogger logger, string index, Guid tenantId);

    [LoggerMessage(3043, LogLevel.Warning, "Indexes over vectors were not checked at the start")]
    public static partial void VectorIndexesNotChecked(ILogger logger, Exception exception);

    [LoggerMessage(
        3050,
        LogLevel.Information,
        "Tenant {TenantId} is to be searched with {ToModel} instead of {FromModel}, which serves until all its vectors are made"
    )]
    public static partial void ModelChangeBegun(ILogger logger, Guid tenantId, string fromModel, string toModel);

    [LoggerMessage(
        3051,
        LogLevel.Information,
        "Tenant {TenantId} is searched with {ToModel} now, not with {FromModel}"
    )]
    public static partial void ModelChanged(ILogger logger, Guid tenantId, string fromModel, string toModel);

    [LoggerMessage(
        3052,
        LogLevel.Warning,
        "Tenant {TenantId} is searched with {ToModel} at once, while its vectors are made: {FromModel} is not available any more"
    )]
    public static partial void ModelForced(ILogger logger, Guid tenantId, string fromModel, string toModel);

    [LoggerMessage(
        3053,
        LogLevel.Information,
        "Removed {Vectors} vectors of {Model} that tenant {TenantId} needs no more"
    )]
    public static partial void FormerVectorsRemoved(ILogger logger, int vectors, string model, Guid tenantId);

    [LoggerMessage(3060, LogLevel.Warning, "Passages were not ranked again by {Reranker}: it failed")]
    public static partial void RerankFailed(ILogger logger, string reranker, Exception exception);
}
