using System.Text.Json;

namespace Chancery.Server.Gateway.Translation;

/// <summary>One object of a request, and where in the request it is.</summary>
/// <param name="Path">Empty for the request itself.</param>
/// <remarks>What is null counts as left out, as clients write it for that.</remarks>
internal readonly record struct RequestJson(JsonElement Json, string Path)
{
    /// <exception cref="RequestFault">It is not one JSON object.</exception>
    public static RequestJson Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var json = JsonElement.Parse(body.Span);
            return json.ValueKind is JsonValueKind.Object
                ? new RequestJson(json, "")
                : throw new RequestFault(OpenAIError.Malformed("The body must be a JSON object."));
        }
        catch (JsonException)
        {
            throw new RequestFault(OpenAIError.Malformed("The body is not JSON."));
        }
    }

    public bool Has(string name) => Find(name) is not null;

    public JsonElement? Find(string name) =>
        Json.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    public string? Text(string name) =>
        Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.String ? StringOf(value, name)
        : throw Wrong(name, "must be a text");

    public string NeededText(string name) => Text(name) ?? throw Wrong(name, "is missing");

    public bool Flag(string name) =>
        Find(name)?.ValueKind switch
        {
            null or JsonValueKind.False => false,
            JsonValueKind.True => true,
            _ => throw Wrong(name, "must be true or false"),
        };

    public long? Count(string name) =>
        Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.Number
        && value.TryGetInt64(out var count)
        && count is >= 1 and <= int.MaxValue
            ? count
        : throw Wrong(name, "must be a whole number of at least 1");

    public float? Number(string name, float least, float most) =>
        Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.Number
        && value.TryGetSingle(out var number)
        && number >= least
        && number <= most
            ? number
        : throw Wrong(name, $"must be a number from {least} to {most}");

    public RequestJson? Object(string name) =>
        Find(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.Object ? new RequestJson(value, Under(name))
        : throw Wrong(name, "must be an object");

    public IEnumerable<RequestJson> Objects(string name)
    {
        if (Find(name) is not { } list)
        {
            yield break;
        }

        if (list.ValueKind is not JsonValueKind.Array)
        {
            throw Wrong(name, "must be a list");
        }

        var place = 0;
        foreach (var item in list.EnumerateArray())
        {
            var path = $"{Under(name)}[{place++}]";
            yield return item.ValueKind is JsonValueKind.Object
                ? new RequestJson(item, path)
                : throw new RequestFault(path, $"{path} must be an object.");
        }
    }

    public List<string>? Texts(string name)
    {
        if (Find(name) is not { } list)
        {
            return null;
        }

        if (list.ValueKind is not JsonValueKind.Array)
        {
            throw Wrong(name, "must be a list of texts");
        }

        var texts = new List<string>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            texts.Add(
                item.ValueKind is JsonValueKind.String
                    ? StringOf(item, name)
                    : throw Wrong(name, "must be a list of texts")
            );
        }

        return texts;
    }

    /// <param name="what">Such as "is missing".</param>
    public RequestFault Wrong(string name, string what) => new(Under(name), $"{Under(name)} {what}.");

    private string Under(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    private string StringOf(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate, written as \ud800.
            throw Wrong(name, "is not Unicode");
        }
    }
}
