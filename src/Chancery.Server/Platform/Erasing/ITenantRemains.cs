using Chancery.Server.Platform.Database;

namespace Chancery.Server.Platform.Erasing;

/// <summary>
/// What a server keeps of a tenant beside the database: files, memory, lines of a log. Registered as many times as there are places.
/// Called on every server when a tenant is erased, on some of them twice.
/// </summary>
public interface ITenantRemains
{
    /// <summary>What it is called in the receipt, as in <c>files</c>.</summary>
    public string Name { get; }

    /// <summary>Whether each server has its own; what all of them share is erased by the one that does the work.</summary>
    public bool IsOfEachServer => true;

    /// <summary>Erases what is there; does nothing when there is nothing.</summary>
    /// <exception cref="System.IO.IOException">Something is left; it is called again.</exception>
    public Task<Remains> EraseAsync(TenantId tenant, CancellationToken cancellationToken);
}

/// <param name="Count">How many things were erased.</param>
/// <param name="Bytes">How large they were, where that is known; else 0.</param>
public readonly record struct Remains(long Count, long Bytes = 0);
