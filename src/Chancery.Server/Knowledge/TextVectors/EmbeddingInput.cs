using System.Text.Json;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Knowledge.TextVectors;

/// <summary>Reads what a caller wants vectors of.</summary>
internal static class EmbeddingInput
{
    public const int MostTexts = 2048;

    // Beside the limit of tokens, which is not known of every model.
    public const int MostCharacters = 1_000_000;

    private const string Field = "input";

    public static (IReadOnlyList<string> Texts, ProblemHttpResult? Problem) Read(object? given)
    {
        var input = given is JsonElement json ? json : default;
        if (input.ValueKind is JsonValueKind.String)
        {
            var text = input.GetString()!;
            return Wrong(text) is { } why ? ([], Problem.Invalid(Field, why)) : ([text], null);
        }

        if (input.ValueKind is not JsonValueKind.Array)
        {
            return ([], Problem.Invalid(Field, "Send one text, or a list of texts."));
        }

        var count = input.GetArrayLength();
        if (count is 0 or > MostTexts)
        {
            return ([], Problem.Invalid(Field, $"Send 1 to {MostTexts} texts; these are {count}."));
        }

        var texts = new List<string>(count);
        foreach (var item in input.EnumerateArray())
        {
            var text = item.ValueKind is JsonValueKind.String ? item.GetString() : null;
            if ((text is null ? NotAText(item) : Wrong(text)) is { } why)
            {
                return ([], Problem.Invalid($"{Field}[{texts.Count}]", why));
            }

            texts.Add(text!);
        }

        return (texts, null);
    }

    private static string NotAText(JsonElement item) =>
        item.ValueKind is JsonValueKind.Number or JsonValueKind.Array
            ? "Send the text itself: numbers of tokens mean something else in every model."
            : "Send a text.";

    private static string? Wrong(string text) =>
        string.IsNullOrWhiteSpace(text) ? "There is nothing in it."
        : text.Length > MostCharacters ? $"A text has at most {MostCharacters} characters."
        : null;
}
