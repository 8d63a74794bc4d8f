using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Audit.Verifying;

/// <summary>What checking a chain found.</summary>
/// <param name="TenantId">Whose chain; zeros for the installation's own.</param>
/// <param name="IsWhole">Whether nothing was found.</param>
/// <param name="Entries">How many were checked.</param>
/// <param name="FirstSeq">Number of the first that is kept; 0 for an empty chain.</param>
/// <param name="LastSeq">Number of the last.</param>
/// <param name="LastHash">The last one's SHA-256, in hexadecimal.</param>
/// <param name="LetGoThrough">The last number that retention let go of; 0 for none.</param>
/// <param name="Heads">Signed heads that were checked, those that were given too.</param>
/// <param name="Erased">Entries whose people were erased.</param>
/// <param name="Tail">Whether a given head proves that nothing was cut from the end.</param>
/// <param name="ProvenThrough">The highest number that a given head vouches for; 0 without one.</param>
/// <param name="Findings">The first of them.</param>
/// <param name="FindingsTotal">How many there are.</param>
/// <param name="Notes">What is nothing wrong, and should be known: sentences for a person.</param>
public sealed record ChainReport(
    Guid TenantId,
    bool IsWhole,
    long Entries,
    long FirstSeq,
    long LastSeq,
    string LastHash,
    long LetGoThrough,
    long Heads,
    long Erased,
    [property: OneOf(typeof(TailState))] string Tail,
    long ProvenThrough,
    IReadOnlyList<ChainFinding> Findings,
    long FindingsTotal,
    IReadOnlyList<string> Notes
);

/// <param name="Kind">What kind of thing is wrong.</param>
/// <param name="Seq">At which number.</param>
/// <param name="Text">A sentence for a person.</param>
public sealed record ChainFinding([property: OneOf(typeof(FindingKind))] string Kind, long Seq, string Text);

/// <summary>What is known of a chain's end.</summary>
public static class TailState
{
    /// <summary>A given head is the last entry.</summary>
    public const string Proven = "proven";

    /// <summary>A given head vouches for what is up to it; what came later stands under no head that is out of reach.</summary>
    public const string ProvenInPart = "proven_in_part";

    /// <summary>No head was given: whoever can write the tables could have cut the end off.</summary>
    public const string Unproven = "unproven";
}

/// <summary>What can be wrong with a chain.</summary>
public static class FindingKind
{
    /// <summary>An entry is not what its hash is of.</summary>
    public const string Edited = "edited";

    /// <summary>An entry does not follow the one before it.</summary>
    public const string Unlinked = "unlinked";

    /// <summary>Numbers are missing.</summary>
    public const string Gap = "gap";

    /// <summary>The end is missing.</summary>
    public const string Cut = "cut";

    /// <summary>The row that says where the chain ends, or begins, says something else than its entries.</summary>
    public const string Chain = "chain";

    /// <summary>The names beside an entry are not those that it was written with.</summary>
    public const string People = "people";

    /// <summary>A signed head names another entry than there is: the chain was written anew.</summary>
    public const string Rewritten = "rewritten";

    /// <summary>A head is not signed by a key of this installation, or is not what was signed.</summary>
    public const string Signature = "signature";
}
