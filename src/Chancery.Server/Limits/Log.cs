namespace Chancery.Server.Limits;

internal static partial class Log
{
    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Refused by the limit {Limit} of {Most}; it lets requests through again in {RetryAfter} s"
    )]
    public static partial void Refused(ILogger logger, string limit, long most, long retryAfter);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is used of the quota {Quota} cannot be counted")]
    public static partial void QuotaUnknown(ILogger logger, string quota, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The places of what runs at once cannot be put off")]
    public static partial void LeasesNotRenewed(ILogger logger, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "An alert to the {Receiver} of limits of tenant {Tenant} could not be delivered"
    )]
    public static partial void AlertLost(ILogger logger, string receiver, Guid tenant);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An alert of tenant {Tenant} could not be written down")]
    public static partial void AlertNotKept(ILogger logger, Guid tenant, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The limits of tenant {Tenant} cannot be read; what was known goes on to hold"
    )]
    public static partial void LimitsUnknown(ILogger logger, Guid tenant, Exception exception);
}
