namespace Chancery.Server.Platform.Database;

/// <summary>Names one tenant. Only a verified credential, or a door, makes one in production code.</summary>
public readonly record struct TenantId(Guid Value)
{
    public override string ToString() => Value.ToString();
}
