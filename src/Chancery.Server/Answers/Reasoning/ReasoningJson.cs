using System.Globalization;
using System.Text.Json;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>Reads an answer that a model wrote as JSON, whatever it called its members.</summary>
internal static class ReasoningJson
{
    private static readonly string[] Answers =
    [
        "final_answer",
        "finalAnswer",
        "final answer",
        "Final Answer",
        "answer",
        "Answer",
    ];
    private static readonly string[] Lists =
    [
        "reasoning_steps",
        "reasoningSteps",
        "steps",
        "reasoning",
        "thoughts",
        "chain_of_thought",
    ];
    private static readonly string[] Thoughts =
    [
        "thought",
        "Thought",
        "reasoning",
        "text",
        "content",
        "description",
        "explanation",
    ];
    private static readonly string[] Actions = ["action", "Action"];
    private static readonly string[] Confidences = ["confidence", "Confidence"];

    private static readonly JsonDocumentOptions Lenient = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 32,
    };

    /// <summary>False for what is no such JSON, or holds no answer.</summary>
    public static bool TryRead(string text, StepList steps, out string answer)
    {
        answer = "";
        var start = text.IndexOf('{', StringComparison.Ordinal);
        var end = text.LastIndexOf('}');
        if (start < 0 || end < start)
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(text.AsMemory(start, end - start + 1), Lenient);
            var root = document.RootElement;
            if (Find(root, Answers) is not { } found || TextOf(found) is not { Length: > 0 } told)
            {
                return false;
            }

            if (Find(root, Lists) is { ValueKind: JsonValueKind.Array } list)
            {
                foreach (var step in list.EnumerateArray())
                {
                    Add(step, steps);
                }
            }
            else
            {
                Add(root, steps);
            }

            answer = told.Trim();
            return true;
        }
        // Half of a surrogate pair is no text, and some models write one.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    private static void Add(JsonElement step, StepList steps)
    {
        if (step.ValueKind is JsonValueKind.Object)
        {
            steps.Add(Member(step, Thoughts), Member(step, Actions), Member(step, Confidences));
        }
        else
        {
            steps.Add(TextOf(step) ?? "", "", "");
        }
    }

    private static string Member(JsonElement json, string[] names) =>
        Find(json, names) is { } found ? TextOf(found) ?? "" : "";

    private static JsonElement? Find(JsonElement json, string[] names)
    {
        foreach (var name in names)
        {
            if (json.TryGetProperty(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    private static string? TextOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Replace("\0", "", StringComparison.Ordinal),
            JsonValueKind.Number => value.GetDouble().ToString(CultureInfo.InvariantCulture),
            JsonValueKind.Object or JsonValueKind.Array => value.GetRawText(),
            _ => null,
        };
}
