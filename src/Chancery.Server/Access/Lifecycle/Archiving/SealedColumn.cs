using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>How a column that is sealed by a tenant's data key is opened and sealed. The capability that owns it registers one.</summary>
/// <param name="IdColumn">A column whose value the seal is bound to; null where that is the tenant alone.</param>
/// <param name="Open">What is kept, data key, tenant and the id column's text → the secret.</param>
/// <param name="Seal">The other way.</param>
public sealed record SealedColumn(
    string Table,
    string Column,
    string? IdColumn,
    Func<byte[], byte[], TenantId, string, byte[]> Open,
    Func<byte[], byte[], TenantId, string, byte[]> Seal
);
