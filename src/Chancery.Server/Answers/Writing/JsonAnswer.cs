using System.Text.Json;

namespace Chancery.Server.Answers.Writing;

/// <summary>Finds the JSON object that a model was asked for in what it wrote, which may hold words around it or a fence.</summary>
internal static class JsonAnswer
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 32,
    };

    /// <summary>The first whole object; null where there is none.</summary>
    public static JsonElement? Find(string text)
    {
        for (var start = text.IndexOf('{'); start >= 0; start = text.IndexOf('{', start + 1))
        {
            if (EndOf(text, start) is not { } end)
            {
                // An unclosed brace may be prose; what follows it may still be whole. Only a few are tried.
                if (start > 2000)
                {
                    return null;
                }

                continue;
            }

            try
            {
                using var document = JsonDocument.Parse(text.AsMemory(start, end - start), Lenient);
                return document.RootElement.Clone();
            }
            catch (JsonException)
            {
                start = start > 2000 ? text.Length - 1 : start;
                if (start == text.Length - 1)
                {
                    return null;
                }
            }
        }

        return null;
    }

    /// <summary>The string of a member; null where it is missing or no string.</summary>
    public static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>The array of a member; empty where it is missing or no array.</summary>
    public static IReadOnlyList<JsonElement> List(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray()]
            : [];

    /// <summary>Whole numbers in the array of a member; others are left out.</summary>
    public static IReadOnlyList<int> Numbers(JsonElement element, string name) =>
        [
            .. List(element, name)
                .Select(one =>
                    one.ValueKind == JsonValueKind.Number && one.TryGetInt32(out var number) ? number
                    : one.ValueKind == JsonValueKind.String && int.TryParse(one.GetString(), out var written) ? written
                    : 0
                )
                .Where(number => number > 0),
        ];

    /// <summary>The character after the brace that closes the one at <paramref name="start"/>; null where none does.</summary>
    private static int? EndOf(string text, int start)
    {
        var depth = 0;
        var inString = false;
        for (var i = start; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\' when inString:
                    i++;
                    break;
                case '"':
                    inString = !inString;
                    break;
                case '{' when !inString:
                    depth++;
                    break;
                case '}' when !inString && --depth == 0:
                    return i + 1;
            }
        }

        return null;
    }
}
