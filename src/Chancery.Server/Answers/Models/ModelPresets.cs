namespace Chancery.Server.Answers.Models;

/// <summary>A provider that one setting is enough for.</summary>
/// <param name="Prefix">Goes before its models' ids.</param>
/// <param name="Setting">Its key, or its address when it has no fixed one.</param>
/// <param name="BaseAddress">Null when the setting is the address.</param>
/// <param name="ModelSetting">Names other models, comma separated.</param>
/// <param name="Models">Offered unless the operator names others.</param>
/// <param name="ContextWindowTokens">The smallest of the provider's current models.</param>
internal sealed record ModelPreset(
    string Prefix,
    string Name,
    string Setting,
    string? BaseAddress,
    string ModelSetting,
    string[] Models,
    int ContextWindowTokens
);

/// <summary>Well-known providers with an OpenAI-compatible interface.</summary>
internal static class ModelPresets
{
    public static readonly IReadOnlyList<ModelPreset> All =
    [
        new(
            "openai",
            "OpenAI",
            "OPENAI_API_KEY",
            "https://api.openai.com/v1",
            "OPENAI_MODELS",
            ["gpt-4.1-mini", "gpt-4.1"],
            128_000
        ),
        new(
            "openrouter",
            "OpenRouter",
            "OPENROUTER_API_KEY",
            "https://openrouter.ai/api/v1",
            "OPENROUTER_MODELS",
            ["google/gemini-2.5-flash", "meta-llama/llama-3.3-70b-instruct"],
            128_000
        ),
        new(
            "groq",
            "Groq",
            "GROQ_API_KEY",
            "https://api.groq.com/openai/v1",
            "GROQ_MODELS",
            ["llama-3.3-70b-versatile", "llama-3.1-8b-instant"],
            128_000
        ),
        new(
            "mistral",
            "Mistral",
            "MISTRAL_API_KEY",
            "https://api.mistral.ai/v1",
            "MISTRAL_MODELS",
            ["mistral-small-latest", "mistral-large-latest"],
            32_000
        ),
        new(
            "deepseek",
            "DeepSeek",
            "DEEPSEEK_API_KEY",
            "https://api.deepseek.com/v1",
            "DEEPSEEK_MODELS",
            ["deepseek-chat"],
            64_000
        ),
        // A server of one's own: what it holds is not known, and its default window is small.
        new("ollama", "Ollama", "OLLAMA_URL", null, "OLLAMA_MODELS", ["llama3.2"], 4096),
    ];
}
