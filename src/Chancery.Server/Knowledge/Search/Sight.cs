using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Chancery.Server.Knowledge.Search;

/// <summary>What of a tenant's documents a reader may find, at one revision: access lists and groups raise it when they change.</summary>
/// <param name="Hides">False where nothing is kept from the reader.</param>
/// <param name="Marks">
/// Collections and access lists: a document with a list of its own is found by that, any other by its collection
/// (<see cref="Indexes.SourcePassage.MarkOf"/>).
/// </param>
internal sealed record Sight(bool Hides, Guid[] Marks)
{
    public static Sight Everything { get; } = new(false, []);

    /// <summary>The same for all who may find the same; what is counted or remembered for them is kept under it.</summary>
    public string Scope { get; } =
        Hides ? Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(Marks.AsSpan()))) : "";

    /// <summary>For an index; null where all of it may be found.</summary>
    public Guid[]? Readers => Hides ? Marks : null;
}
