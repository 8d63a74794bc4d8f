namespace Chancery.Server.Access;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "Made the signing key {KeyId}")]
    public static partial void SigningKeyMade(ILogger logger, string keyId);

    [LoggerMessage(2002, LogLevel.Warning, "A used refresh token came back; its session {SessionId} is revoked")]
    public static partial void RefreshTokenReused(ILogger logger, Guid sessionId);

    [LoggerMessage(2003, LogLevel.Information, "Sign-in refused for now: too many attempts from {Address}")]
    public static partial void SignInThrottled(ILogger logger, string address);

    [LoggerMessage(2004, LogLevel.Warning, "Revocations of other replicas are not heard; they act within 30 s")]
    public static partial void RevocationsNotHeard(ILogger logger, Exception exception);

    [LoggerMessage(2005, LogLevel.Information, "An access token was refused: {Reason}")]
    public static partial void TokenRefused(ILogger logger, string reason);

    [LoggerMessage(2007, LogLevel.Error, "An answer could not be remembered under its Idempotency-Key")]
    public static partial void AnswerNotRemembered(ILogger logger, Exception exception);

    [LoggerMessage(2008, LogLevel.Warning, "An Idempotency-Key could not be freed; its lease ends within 30 s")]
    public static partial void KeyNotFreed(ILogger logger, Exception exception);

    [LoggerMessage(2009, LogLevel.Warning, "The lease of an Idempotency-Key could not be renewed")]
    public static partial void KeyNotRenewed(ILogger logger, Exception exception);

    [LoggerMessage(2020, LogLevel.Information, "The key {KeyId} was refused: {Reason}")]
    public static partial void KeyRefused(ILogger logger, Guid keyId, string reason);

    [LoggerMessage(2010, LogLevel.Warning, "A used authorization code came back; its session {SessionId} is revoked")]
    public static partial void CodeReused(ILogger logger, Guid sessionId);

    [LoggerMessage(2011, LogLevel.Error, "A letter with a link to a new password was not sent")]
    public static partial void LetterNotSent(ILogger logger, Exception exception);

    [LoggerMessage(2012, LogLevel.Error, "A letter about removed second factors was not sent")]
    public static partial void ResetLetterNotSent(ILogger logger, Exception exception);

    [LoggerMessage(2006, LogLevel.Information, "Tenant {TenantId} signed up on plan {Plan}")]
    public static partial void TenantSignedUp(ILogger logger, Guid tenantId, string plan);

    [LoggerMessage(2040, LogLevel.Error, "Of an organisation that was erased something is left ({Place})")]
    public static partial void RemainsLeft(ILogger logger, string place, Exception exception);

    [LoggerMessage(2041, LogLevel.Warning, "The erasure {Erasure} waits for {What} and goes on by itself")]
    public static partial void ErasureWaits(ILogger logger, Guid erasure, string what, Exception? exception);

    [LoggerMessage(2042, LogLevel.Error, "The erasure {Erasure} was given up; start the server anew")]
    public static partial void ErasureGivenUp(ILogger logger, Guid erasure, Exception? exception);

    [LoggerMessage(2043, LogLevel.Information, "The erasure {Erasure} is done")]
    public static partial void ErasureDone(ILogger logger, Guid erasure);

    [LoggerMessage(2070, LogLevel.Information, "An operator made tenant {TenantId} on plan {Plan}")]
    public static partial void TenantCreated(ILogger logger, Guid tenantId, string plan);

    [LoggerMessage(2071, LogLevel.Error, "The letter that invites an owner was not sent")]
    public static partial void OwnerInvitationNotSent(ILogger logger, Exception exception);

    [LoggerMessage(2044, LogLevel.Error, "A letter to an owner was not sent")]
    public static partial void OwnerLetterNotSent(ILogger logger, Exception exception);

    [LoggerMessage(2045, LogLevel.Error, "The letter {Letter} to an owner was given up: no mail server took it")]
    public static partial void OwnerLetterGivenUp(ILogger logger, Guid letter, Exception? exception);

    [LoggerMessage(
        2049,
        LogLevel.Information,
        "Something of what the erasure {Erasure} removed came late, and was removed, too"
    )]
    public static partial void ErasureAmended(ILogger logger, Guid erasure);

    [LoggerMessage(2030, LogLevel.Warning, "The issuer {Issuer} could not be read: {Reason}")]
    public static partial void IssuerNotRead(ILogger logger, string issuer, string reason);

    [LoggerMessage(2031, LogLevel.Information, "A sign-in at {Issuer} was refused: {Reason}")]
    public static partial void ForeignSignInRefused(ILogger logger, string issuer, string reason);

    [LoggerMessage(2032, LogLevel.Information, "A token of {Issuer} was refused: {Reason}")]
    public static partial void ForeignTokenRefused(ILogger logger, string issuer, string reason);

    [LoggerMessage(
        2040,
        LogLevel.Warning,
        "What an import left that was cut off could not be removed; the next start tries again"
    )]
    public static partial void ImportNotCleared(ILogger logger, Exception exception);
}
