namespace Chancery.Models;

/// <summary>A model that runs in this process cannot be used. The message says what is wrong and what to do.</summary>
public sealed class LocalModelException(string message, Exception? innerException = null)
    : Exception(message, innerException);
