namespace Chancery.Server.Platform.Engines;

/// <summary>
/// The private engines cannot start. The message is one line that says what is wrong and how to mend it, fit to be shown
/// to the person who typed <c>./run</c>, without a stack trace.
/// </summary>
public class EngineException : Exception
{
    public EngineException(string message)
        : base(message) { }

    public EngineException(string message, Exception inner)
        : base(message, inner) { }
}
