namespace Chancery.Server.Inference.Ledger;

internal static partial class Log
{
    [LoggerMessage(
        4100,
        LogLevel.Warning,
        "The ledger cannot be copied to PostgreSQL; {Waiting} entries wait in the journal"
    )]
    public static partial void CopyFailed(ILogger logger, int waiting, Exception exception);

    [LoggerMessage(4101, LogLevel.Warning, "{Entries} entries of tenant {Tenant} were dropped: it was erased")]
    public static partial void TenantErased(ILogger logger, int entries, Guid tenant);

    [LoggerMessage(4102, LogLevel.Error, "The journal of the ledger cannot be written; calls are refused until it can")]
    public static partial void JournalFailed(ILogger logger, Exception exception);

    [LoggerMessage(
        4103,
        LogLevel.Warning,
        "A journal that was left behind is copied: {Entries} entries, {Unknown} calls without an end"
    )]
    public static partial void JournalAdopted(ILogger logger, int entries, int unknown);

    [LoggerMessage(4104, LogLevel.Warning, "A journal that was left behind cannot be copied yet; it is tried again")]
    public static partial void AdoptionFailed(ILogger logger, Exception exception);

    [LoggerMessage(4105, LogLevel.Warning, "Budgets are counted in {Way} from here on (epoch {Epoch})")]
    public static partial void WayChanged(ILogger logger, string way, long epoch);

    [LoggerMessage(
        4106,
        LogLevel.Warning,
        "{Servers} servers did not copy their journals in time; budgets cannot be counted anew yet"
    )]
    public static partial void FenceNotReached(ILogger logger, int servers);

    [LoggerMessage(
        4107,
        LogLevel.Warning,
        "{Count} calls never told how they ended; they are booked at what was reserved"
    )]
    public static partial void Expired(ILogger logger, int count);

    [LoggerMessage(4108, LogLevel.Warning, "The ledger's upkeep failed; it is tried again")]
    public static partial void UpkeepFailed(ILogger logger, Exception exception);

    [LoggerMessage(
        4109,
        LogLevel.Information,
        "Budgets of {Scope} were counted anew from PostgreSQL in {Milliseconds} ms"
    )]
    public static partial void Rebuilt(ILogger logger, string scope, long milliseconds);
}
