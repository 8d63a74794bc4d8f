namespace Chancery.Server.Gateway.Translation;

/// <summary>Thrown while a request is read, and caught by whoever began to.</summary>
internal sealed class RequestFault(OpenAIError error) : Exception(error.Message)
{
    public RequestFault(string parameter, string message)
        : this(OpenAIError.Invalid(parameter, message)) { }

    public OpenAIError Error { get; } = error;
}
