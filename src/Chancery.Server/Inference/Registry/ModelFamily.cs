namespace Chancery.Server.Inference.Registry;

/// <summary>
/// Who made a model, as far as its name tells: models of one maker learned from much the same, and think well of each other's answers.
/// A name may tell of two, such as <c>deepseek-r1-distill-llama-70b</c>.
/// </summary>
internal static class ModelFamily
{
    // A part of a name is a word of these, with or without a number after it: llama, llama3, gpt4o.
    private static readonly (string Family, string[] Words)[] Table =
    [
        ("openai", ["openai", "gpt", "chatgpt", "o", "codex", "davinci"]),
        ("anthropic", ["anthropic", "claude"]),
        ("google", ["google", "gemini", "gemma", "codegemma", "palm"]),
        ("meta", ["meta", "llama", "codellama", "tinyllama", "vicuna", "alpaca"]),
        (
            "mistral",
            ["mistral", "mistralai", "mixtral", "ministral", "codestral", "magistral", "devstral", "pixtral", "zephyr"]
        ),
        ("qwen", ["qwen", "qwq", "qvq", "alibaba", "tongyi"]),
        ("deepseek", ["deepseek"]),
        ("microsoft", ["microsoft", "phi", "wizardlm"]),
        ("cohere", ["cohere", "command", "c4ai", "aya"]),
        ("xai", ["xai", "grok"]),
        ("amazon", ["amazon", "nova", "titan"]),
        ("nvidia", ["nvidia", "nemotron"]),
        ("ibm", ["ibm", "granite"]),
        ("moonshot", ["moonshot", "moonshotai", "kimi"]),
        ("zhipu", ["zhipu", "glm", "chatglm"]),
        ("yi", ["yi"]),
        ("falcon", ["tiiuae", "falcon"]),
        ("ai2", ["allenai", "olmo"]),
    ];

    private static readonly char[] Between = ['/', '-', '_', ':', '.', ' ', '@'];

    /// <summary>
    /// Its families, by the name that its endpoint knows it by. Where that tells nothing: its provider's, where that is a maker; else where it is
    /// asked, so that two unknown models of one endpoint are taken for related.
    /// </summary>
    public static IReadOnlySet<string> Of(ChatModel model)
    {
        if (model.Endpoint is not { } endpoint)
        {
            return new HashSet<string>();
        }

        var told = ByName(endpoint.Model);
        if (told.Count == 0 && model.Provider is { } provider)
        {
            told = ByName(provider);
        }

        return told.Count > 0
            ? told
            : new HashSet<string> { model.Provider ?? $"at {endpoint.BaseAddress.Authority.ToLowerInvariant()}" };
    }

    /// <summary>Null where the name of one of them tells nothing, and neither where it is asked: its maker may be anybody.</summary>
    public static bool? AreRelated(ChatModel one, ChatModel other) =>
        string.Equals(one.Id, other.Id, StringComparison.OrdinalIgnoreCase) || Of(one).Overlaps(Of(other)) ? true
        : IsKnown(one) && IsKnown(other) ? false
        : null;

    private static bool IsKnown(ChatModel model) =>
        model.Endpoint is { } endpoint
        && (ByName(endpoint.Model).Count > 0 || (model.Provider is { } provider && ByName(provider).Count > 0));

    private static HashSet<string> ByName(string name) =>
        [
            .. from part in name.ToLowerInvariant().Split(Between, StringSplitOptions.RemoveEmptyEntries)
            from line in Table
            where line.Words.Any(word => IsWord(part, word))
            select line.Family,
        ];

    // One letter takes its number: o3, and not the o of a name. After a number stand two letters at most: gpt4o, and not gpt4all.
    private static bool IsWord(string part, string word)
    {
        if (!part.StartsWith(word, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = part.AsSpan(word.Length);
        var letters = rest.TrimStart("0123456789");
        return rest.IsEmpty ? word.Length > 1 : letters.Length < rest.Length && letters.Length <= 2;
    }
}
