using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access;

/// <summary>What a capability lets go of when a sign-in ends. Registered as many times as there are capabilities that do.</summary>
public interface ISessionEnded
{
    /// <summary>After the session stopped to count, on the replica that ended it. Does not throw when Redis is gone.</summary>
    public Task EndedAsync(TenantId tenant, Guid sessionId);
}
