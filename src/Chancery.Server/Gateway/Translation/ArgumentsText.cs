using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Gateway.Translation;

/// <summary>The arguments of a tool call between JSON text and what is told to a model.</summary>
internal static class ArgumentsText
{
    private static readonly JsonSerializerOptions Plain = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Of(FunctionCallContent call) =>
        // As the model wrote it, also where that is no JSON: the client's own reader says so best.
        call.RawRepresentation as string
            is { Length: > 0 } written
            ? written
        : call.Arguments is { } arguments ? JsonSerializer.Serialize(arguments, Plain)
        : "{}";

    /// <exception cref="RequestFault">It is not the text of a JSON object.</exception>
    public static Dictionary<string, object?> Parse(string? text, string path)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return [];
        }

        try
        {
            return Parse(JsonElement.Parse(text), path);
        }
        catch (JsonException)
        {
            throw new RequestFault(path, $"{path} must be the text of a JSON object.");
        }
    }

    /// <exception cref="RequestFault">It is not an object.</exception>
    public static Dictionary<string, object?> Parse(JsonElement json, string path)
    {
        if (json.ValueKind is not JsonValueKind.Object)
        {
            throw new RequestFault(path, $"{path} must be an object.");
        }

        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var argument in json.EnumerateObject())
        {
            arguments[argument.Name] = argument.Value;
        }

        return arguments;
    }
}
