using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Chancery.Models;
using Chancery.Server.Inference.Registry;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>What a question asks for.</summary>
/// <param name="IsShown">Whether the steps are told and stored; else only the answer is.</param>
/// <param name="MostSteps">1 to <see cref="ReasoningSettings.MostStepsAtAll"/>.</param>
/// <param name="Words">How to think, for models that do not by themselves; null for what was shipped.</param>
public sealed record ReasoningWish(bool IsShown, int MostSteps, string? Words = null);

/// <summary>What thinking takes of a model's window, and how it is asked for.</summary>
/// <param name="Form">Instructions that go into the prompt; null for a model that thinks by itself.</param>
/// <param name="Tokens">Beside those of the answer.</param>
public sealed record ThinkingRoom(string? Form, int Tokens);

/// <summary>Has a model think: by its own way where it has one, else by the prompt.</summary>
internal static partial class ReasoningRequest
{
    private const int NativeTokens = 4096;
    private const int TokensOfStep = 150;
    private const int MostPromptedTokens = 3072;

    /// <summary>The least that Anthropic takes as a budget.</summary>
    private const int LeastBudget = 1024;

    private const string FormText = """
        Take at most {0} steps. Write your steps and then your answer in exactly this form, with these labels in English and
        everything else in the language of the question:

        Thought: what you consider in this step, in a sentence or two
        Action: what you do next because of it (leave this line out where there is nothing to do)
        Confidence: how sure you are of the thought, in percent
        Thought: the next step
        Confidence: …
        Final Answer: the whole answer, which has to make sense without the steps
        """;

    /// <summary>The instructions for a model that does not think by itself: an organisation's words, and the form that is read.</summary>
    public static string FormOf(ReasoningWish wish)
    {
        var form = FormText.Replace(
            "{0}",
            wish.MostSteps.ToString(CultureInfo.InvariantCulture),
            StringComparison.Ordinal
        );
        return $"{wish.Words ?? ReasoningPrompt.Shipped.System}\n\n{form}";
    }

    public static ThinkingRoom RoomFor(ChatModel model, ReasoningWish wish) =>
        model.Reasons is ModelReasoning.Native
            ? new ThinkingRoom(null, NativeTokens)
            : new ThinkingRoom(FormOf(wish), Math.Min(wish.MostSteps * TokensOfStep, MostPromptedTokens));

    public static ReasoningParser ReaderFor(ChatModel model, ReasoningWish wish) =>
        new(wish.MostSteps, model.Reasons is ModelReasoning.Native);

    /// <param name="thinkingTokens">Of <see cref="ChatOptions.MaxOutputTokens"/>.</param>
    public static void Apply(ChatOptions options, ChatModel model, ReasoningSettings settings, int thinkingTokens)
    {
        if (model.StatedMostOutput is { } most && options.MaxOutputTokens > most)
        {
            // What is beyond it would be refused; the answer keeps a quarter.
            options.MaxOutputTokens = most;
            thinkingTokens = Math.Min(thinkingTokens, most / 4 * 3);
        }

        if (model.Reasons is not ModelReasoning.Native)
        {
            options.Temperature ??= settings.Temperature;
            return;
        }

        if (model.Endpoint!.Protocol is not ModelProtocol.Anthropic)
        {
            options.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Medium };
            return;
        }

        // While it thinks Anthropic takes no temperature but its own.
        options.Temperature = null;
        if (!TakesBudget().IsMatch(model.Endpoint.Model))
        {
            options.Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Medium };
        }
        else if (thinkingTokens >= LeastBudget)
        {
            options.AdditionalProperties ??= [];
            options.AdditionalProperties["thinking"] = new JsonObject
            {
                ["type"] = "enabled",
                ["budget_tokens"] = thinkingTokens,
            };
        }
    }

    // Those from before adaptive thinking: 3.7 to 4.5.
    [GeneratedRegex(
        @"claude-3-7|claude-(?:opus|sonnet|haiku)-4(?:-[015])?(?:-\d{8}|$|@)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex TakesBudget();
}
