namespace Chancery.Server.Answers.Models;

/// <summary>A provider that one setting is enough for.</summary>
/// <param name="Prefix">Goes before its models' ids; names the provider in the API.</param>
/// <param name="Setting">Its key, or its address when it has no fixed one.</param>
/// <param name="BaseAddress">Null when the setting is the address.</param>
/// <param name="AddressSetting">Another address of the same interface, such as the operator's own gateway.</param>
/// <param name="ModelSetting">Names other models, comma separated.</param>
/// <param name="Models">Offered unless the operator names others.</param>
/// <param name="ContextWindowTokens">The smallest of the provider's current models.</param>
public sealed record ModelPreset(
    string Prefix,
    string Name,
    string Setting,
    string? BaseAddress,
    string? AddressSetting,
    string ModelSetting,
    IReadOnlyList<PresetModel> Models,
    int ContextWindowTokens
)
{
    /// <summary>Whether a person can bring their own key.</summary>
    public bool TakesKey => BaseAddress is not null;
}

/// <param name="Label">What people know it as.</param>
public sealed record PresetModel(string Name, string Label);

/// <summary>Well-known providers with an OpenAI-compatible interface, in the order in which they become the default.</summary>
internal static class ModelPresets
{
    public static readonly IReadOnlyList<ModelPreset> All =
    [
        new(
            "openrouter",
            "OpenRouter",
            "OPENROUTER_API_KEY",
            "https://openrouter.ai/api/v1",
            "OPENROUTER_BASE_URL",
            "OPENROUTER_MODELS",
            [new("google/gemini-2.5-flash", "Gemini"), new("meta-llama/llama-3.3-70b-instruct", "Llama 3.3")],
            128_000
        ),
        new(
            "groq",
            "Groq",
            "GROQ_API_KEY",
            "https://api.groq.com/openai/v1",
            "GROQ_BASE_URL",
            "GROQ_MODELS",
            [new("llama-3.3-70b-versatile", "Llama 3"), new("llama-3.1-8b-instant", "Llama 3, fast")],
            128_000
        ),
        new(
            "openai",
            "OpenAI",
            "OPENAI_API_KEY",
            "https://api.openai.com/v1",
            "OPENAI_BASE_URL",
            "OPENAI_MODELS",
            [new("gpt-4.1-mini", "ChatGPT"), new("gpt-4.1", "ChatGPT, large")],
            128_000
        ),
        new(
            "mistral",
            "Mistral",
            "MISTRAL_API_KEY",
            "https://api.mistral.ai/v1",
            "MISTRAL_BASE_URL",
            "MISTRAL_MODELS",
            [new("mistral-small-latest", "Mistral Small"), new("mistral-large-latest", "Mistral Large")],
            32_000
        ),
        new(
            "deepseek",
            "DeepSeek",
            "DEEPSEEK_API_KEY",
            "https://api.deepseek.com/v1",
            "DEEPSEEK_BASE_URL",
            "DEEPSEEK_MODELS",
            [new("deepseek-chat", "DeepSeek Chat")],
            64_000
        ),
        // Servers of one's own: what they hold is not known, and their default window is small.
        new(
            "gpt4all",
            "GPT4All",
            "GPT4ALL_URL",
            null,
            null,
            "GPT4ALL_MODELS",
            [new("Llama 3 8B Instruct", "Local")],
            4096
        ),
        new("ollama", "Ollama", "OLLAMA_URL", null, null, "OLLAMA_MODELS", [new("llama3.2", "Llama 3.2")], 4096),
    ];

    public static ModelPreset? Find(string prefix) => All.FirstOrDefault(preset => preset.Prefix == prefix);
}
