namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>Why an archive is not written, read or taken in.</summary>
public enum ArchiveFault
{
    /// <summary>It is no archive, or was changed, cut off or put together wrongly.</summary>
    Damaged,

    /// <summary>The passphrase is not the one that it was sealed with.</summary>
    WrongPassphrase,

    /// <summary>A newer version made it.</summary>
    TooNew,

    /// <summary>The organisation is here already.</summary>
    OrganizationExists,

    /// <summary>The organisation is being erased.</summary>
    BeingErased,

    /// <summary>Members' addresses have accounts here, and nobody said that these are the same people.</summary>
    AccountsExist,

    /// <summary>The rows do not fit: they contradict each other, or something that is here.</summary>
    DoesNotFit,

    /// <summary>The plan that it names is not known here.</summary>
    UnknownPlan,

    /// <summary>As many archives are being written and read as may be at once.</summary>
    Busy,

    /// <summary>The disk is full.</summary>
    NoSpace,
}

/// <summary>An archive cannot be written, read or taken in. The message tells a person why and what to do; nothing is left behind.</summary>
public sealed class ArchiveException(ArchiveFault fault, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public ArchiveFault Fault { get; } = fault;
}
