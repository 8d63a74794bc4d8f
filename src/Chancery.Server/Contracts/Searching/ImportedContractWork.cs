using Chancery.Server.Platform.Work;

namespace Chancery.Server.Contracts.Searching;

/// <summary>Background work about contracts that goes on when an organisation comes in from an archive.</summary>
internal static class ImportedContractWork
{
    public static IReadOnlyList<TakenWork> All { get; } = [new(ClauseVectorWork.Kind, TakenWork.AboutNothing)];
}
