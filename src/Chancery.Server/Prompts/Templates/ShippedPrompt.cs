namespace Chancery.Server.Prompts.Templates;

/// <summary>
/// A prompt of the product itself. Its words are version 1 for every organisation, until the organisation writes others; what a model is
/// given beside them (passages, clauses, the form of the answer) is the product's and stays.
/// </summary>
/// <param name="Id">The same in every organisation and in every release: of version 8 (RFC 9562), which no id of an organisation has.</param>
/// <param name="Name">Lower case with dashes, likewise.</param>
/// <param name="Description">What the product does with it, for whoever changes it.</param>
/// <param name="System">The words. <c>{{boundary}}</c> stands for the mark around what is quoted.</param>
/// <param name="IsRubric">Whether it is words alone, which stand inside of a prompt of the product's: no version names a model or how to ask it.</param>
public sealed record ShippedPrompt(Guid Id, string Name, string Description, string System, bool IsRubric = false)
{
    /// <summary>Whether a rollout can have a model judge what is made with it.</summary>
    public bool IsJudged { get; init; }

    /// <summary>What any version of it must have.</summary>
    internal IReadOnlyList<string> Required => PromptText.NamesIn(System);

    internal PromptContent Content => new(System, "");
}

/// <summary>The product's prompts, as the capabilities name them.</summary>
internal sealed class ShippedPrompts(IEnumerable<ShippedPrompt> prompts)
{
    /// <summary>By name.</summary>
    public IReadOnlyList<ShippedPrompt> All { get; } =
    [.. prompts.OrderBy(prompt => prompt.Name, StringComparer.Ordinal)];

    public ShippedPrompt? Find(Guid id) => All.FirstOrDefault(prompt => prompt.Id == id);

    public ShippedPrompt? Find(string name) =>
        All.FirstOrDefault(prompt => string.Equals(prompt.Name, name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>How capabilities say which prompts they have.</summary>
public static class ShippedPromptExtensions
{
    public static IServiceCollection AddShippedPrompt(this IServiceCollection services, ShippedPrompt prompt) =>
        services.AddSingleton(prompt);
}
