using Chancery.Server.Platform.Database;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>
/// Looks at what came in of a table, before it is committed, for what the table's own constraints do not tell, and sets right what means
/// something else here. The capability that owns the table registers one.
/// </summary>
internal interface IImportCheck
{
    /// <summary>The table, as PostgreSQL has it.</summary>
    public string Table { get; }

    /// <summary>Whether all rows of the session's tenant are ones that the capability could have written.</summary>
    public Task<bool> FitsAsync(TenantSession session, CancellationToken cancellationToken);
}
