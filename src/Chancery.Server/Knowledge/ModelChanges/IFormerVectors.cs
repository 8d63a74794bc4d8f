using Chancery.Server.Platform.Database;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>Vectors of an organisation beside those of its passages, which go with the others when their model is a former one. Safe for concurrent use.</summary>
internal interface IFormerVectors
{
    /// <summary>Removes vectors that the model made.</summary>
    /// <param name="session">The organisation's, in the transaction that removes.</param>
    /// <param name="most">1 or more; whoever asks comes again as long as so many went.</param>
    /// <returns>How many went.</returns>
    public Task<int> RemoveAsync(TenantSession session, string model, int most, CancellationToken cancellationToken);
}
