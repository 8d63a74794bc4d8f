namespace Chancery.Models;

/// <summary>How an endpoint is spoken to.</summary>
public enum ModelProtocol
{
    /// <summary>
    /// <c>POST chat/completions</c> with a bearer token, as OpenAI and most others speak it
    /// (<see href="https://platform.openai.com/docs/api-reference/chat">reference</see>).
    /// </summary>
    OpenAI,

    /// <summary>
    /// <c>POST messages</c> with <c>x-api-key</c>, of version 2023-06-01
    /// (<see href="https://docs.anthropic.com/en/api/messages">reference</see>).
    /// </summary>
    Anthropic,

    /// <summary>
    /// <c>POST models/{model}:generateContent</c> with <c>x-goog-api-key</c>, of Google's Gemini API
    /// (<see href="https://ai.google.dev/api/generate-content">reference</see>).
    /// </summary>
    Gemini,
}
