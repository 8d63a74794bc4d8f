using Chancery.Server.Prompts.Templates;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>How a model that does not think by itself is asked to think.</summary>
internal static class ReasoningPrompt
{
    public const string Name = "reasoning";

    public static readonly ShippedPrompt Shipped = new(
        new Guid("01900000-0000-8000-8000-000000000010"),
        Name,
        "Has models that do not think by themselves think before they answer. The form of the steps is the product's, and is told after it.",
        "Think step by step before you answer.",
        IsRubric: true
    );
}
