namespace Chancery.Documents;

/// <summary>Why a document could not be read.</summary>
public enum ReadFailure
{
    Encrypted,
    Malformed,
    Empty,
    ImageOnly,
    Unsupported,
    TooLarge,
    TimedOut,
    OutOfMemory,

    /// <summary>The installation's fault, not the document's: a reader is missing or cannot start. Worth a retry.</summary>
    ReaderUnavailable,
}

/// <summary>The only exception by which a reader says that it cannot go on. Pages already yielded are good.</summary>
/// <param name="reason">One or two sentences for the person who uploaded the file: what is wrong, what to do next.</param>
public sealed class DocumentUnreadableException(ReadFailure failure, string reason, Exception? innerException = null)
    : Exception(reason, innerException)
{
    public ReadFailure Failure { get; } = failure;

    /// <summary>For the person who uploaded the file. Never contains a path, a command or text of the document.</summary>
    public string Reason => Message;

    /// <summary>Whether the same file may be readable later without a change to it.</summary>
    public bool IsTransient => Failure is ReadFailure.ReaderUnavailable;
}
