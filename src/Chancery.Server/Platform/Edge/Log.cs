namespace Chancery.Server.Platform.Edge;

internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Information, "{Method} {Route} {Status} in {ElapsedMs} ms")]
    public static partial void Answered(ILogger logger, string method, string route, int status, double elapsedMs);

    [LoggerMessage(1101, LogLevel.Error, "{Method} {Route} {Status} in {ElapsedMs} ms")]
    public static partial void Failed(ILogger logger, string method, string route, int status, double elapsedMs);

    [LoggerMessage(1102, LogLevel.Debug, "{Method} {Route} {Status} in {ElapsedMs} ms")]
    public static partial void Probed(ILogger logger, string method, string route, int status, double elapsedMs);

    [LoggerMessage(1103, LogLevel.Information, "{Method} {Route}: the caller left after {ElapsedMs} ms")]
    public static partial void CallerLeft(ILogger logger, string method, string route, double elapsedMs);

    [LoggerMessage(1110, LogLevel.Information, "The certificate of {Subject} was read again; it ends {Ends}")]
    public static partial void CertificateRead(ILogger logger, string subject, string ends);

    [LoggerMessage(1111, LogLevel.Warning, "The certificate of {Subject} ends {Ends}: renew it")]
    public static partial void CertificateEndsSoon(ILogger logger, string subject, string ends);

    [LoggerMessage(
        1112,
        LogLevel.Error,
        "TLS_CERT_FILE and TLS_KEY_FILE changed and cannot be used; the certificate before stays in use: {Why}"
    )]
    public static partial void CertificateNotRead(ILogger logger, string why);

    [LoggerMessage(
        1113,
        LogLevel.Information,
        "MTLS_CA_FILE and MTLS_CRL_FILE were read again: {Authorities} authorities, {Lists} revocation lists"
    )]
    public static partial void AuthoritiesRead(ILogger logger, int authorities, int lists);

    [LoggerMessage(
        1114,
        LogLevel.Error,
        "MTLS_CA_FILE and MTLS_CRL_FILE changed and cannot be used; what they held before stays in use: {Why}"
    )]
    public static partial void AuthoritiesNotRead(ILogger logger, string why);

    [LoggerMessage(1115, LogLevel.Warning, "The certificate of the caller {Subject} does not count: {Why}")]
    public static partial void CallerRefused(ILogger logger, string subject, string why);
}
