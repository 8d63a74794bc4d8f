using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Chancery.Testing.Contract;

/// <summary>
/// Values for schemas of the description, by chance and by a seed: of the shape that a schema tells of, or wrong in one place. Not safe for concurrent use.
/// </summary>
/// <param name="schemas">By their names.</param>
public sealed class GeneratedInput(JsonObject schemas, Random random)
{
    private const int Deepest = 6;

    private static readonly string[] Strange =
    [
        "",
        " ",
        "\0",
        "a\u0000b",
        "\u202Eabc",
        "\U000E0041\U000E0042",
        "' OR 1=1; --",
        "../../../etc/passwd",
        "%00%2e%2e%2f",
        "null",
        "-1",
        "1e400",
        "99999999999999999999999999",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999+14:00",
        "2026-02-30",
        "é̵̡̛͓͙😀﷽",
        "{\"a\":[",
        "<script>alert(1)</script>",
        "\r\nX-Header: 1",
        "00000000-0000-0000-0000-000000000000",
    ];

    /// <summary>Ids that there are, which are used now and then where a UUID is asked for.</summary>
    public List<string> Ids { get; } = [];

    /// <summary>Of the shape that a schema tells of; patterns are only kept where it has an example or values.</summary>
    public JsonNode? Valid(JsonObject schema, int depth = 0)
    {
        schema = Resolve(schema);
        if (Choice(schema, "oneOf") is { } one)
        {
            return Valid(one, depth + 1);
        }

        if (Choice(schema, "anyOf") is { } any)
        {
            return Valid(any, depth + 1);
        }

        if (schema["enum"] is JsonArray { Count: > 0 } values)
        {
            return values[random.Next(values.Count)]?.DeepClone();
        }

        return TypeOf(schema) switch
        {
            "object" => Object(schema, depth),
            "array" => Items(schema, depth),
            "string" => TextOf(schema),
            "integer" => (long)Number(schema, 0, 1_000),
            "number" => Math.Round(Number(schema, 0, 1_000), 3),
            "boolean" => random.Next(2) == 0,
            _ => null,
        };
    }

    /// <summary>Of that shape but for one place: a member left out, too many, or of another kind, length or size.</summary>
    public JsonNode? Invalid(JsonObject schema)
    {
        var node = Valid(schema);
        if (node is not JsonObject body || random.Next(8) == 0)
        {
            return Wrong();
        }

        var at = body;
        // Deeper now and then.
        while (at.Select(one => one.Value).OfType<JsonObject>().FirstOrDefault() is { } inner && random.Next(2) == 0)
        {
            at = inner;
        }

        var names = at.Select(one => one.Key).ToList();
        if (names.Count == 0 || random.Next(6) == 0)
        {
            at["no_such_member"] = Wrong();
            return body;
        }

        var name = names[random.Next(names.Count)];
        if (random.Next(5) == 0)
        {
            at.Remove(name);
        }
        else
        {
            at[name] = at[name] is JsonArray list && random.Next(2) == 0 ? Longer(list) : Wrong();
        }

        return body;
    }

    /// <summary>For an address or a header: of the shape, or anything.</summary>
    public string Word(JsonObject schema, bool isValid) =>
        isValid
            ? Valid(schema) switch
            {
                JsonValue value when value.TryGetValue<string>(out var text) => text,
                JsonValue value => value.ToJsonString(),
                _ => "",
            }
        : random.Next(6) == 0 ? new string('x', 3_000)
        : Strange[random.Next(Strange.Length)];

    private JsonObject Resolve(JsonObject schema)
    {
        for (var left = 8; left > 0 && schema["$ref"]?.GetValue<string>() is { } reference; left--)
        {
            schema = schemas[reference[(reference.LastIndexOf('/') + 1)..]]!.AsObject();
        }

        return schema;
    }

    private JsonObject? Choice(JsonObject schema, string of)
    {
        if (schema[of] is not JsonArray { Count: > 0 } choices)
        {
            return null;
        }

        return choices[random.Next(choices.Count)]!.AsObject();
    }

    private string? TypeOf(JsonObject schema) =>
        schema["type"] switch
        {
            JsonArray { Count: > 0 } types => types[random.Next(types.Count)]!.GetValue<string>(),
            JsonValue type => type.GetValue<string>(),
            _ => schema["properties"] is null ? null : "object",
        };

    private JsonObject Object(JsonObject schema, int depth)
    {
        var made = new JsonObject();
        var required =
            schema["required"]?.AsArray().Select(one => one!.GetValue<string>()).ToHashSet(StringComparer.Ordinal)
            ?? [];
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            if (required.Contains(name) || (depth < Deepest && random.Next(2) == 0))
            {
                made[name] = Valid(property!.AsObject(), depth + 1);
            }
        }

        return made;
    }

    private JsonArray Items(JsonObject schema, int depth)
    {
        var least = Whole(schema, "minItems", 0);
        var count = depth >= Deepest ? least : Math.Min(Whole(schema, "maxItems", 3), least + random.Next(3));
        var made = new JsonArray();
        for (var i = 0; i < count; i++)
        {
            made.Add(schema["items"] is JsonObject items ? Valid(items, depth + 1) : null);
        }

        return made;
    }

    private string TextOf(JsonObject schema)
    {
        switch (schema["format"]?.GetValue<string>())
        {
            case "uuid":
                return Ids.Count > 0 && random.Next(2) == 0
                    ? Ids[random.Next(Ids.Count)]
                    : Guid.CreateVersion7().ToString();
            case "date-time":
                return new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)
                    .AddMinutes(random.Next(600_000))
                    .ToString("O", CultureInfo.InvariantCulture);
            case "date":
                return new DateOnly(2026, 1, 1).AddDays(random.Next(400)).ToString("O", CultureInfo.InvariantCulture);
            case "uri":
                return "https://example.invalid/" + random.Next(100);
            case "byte":
                return Convert.ToBase64String(Encoding.UTF8.GetBytes("some bytes"));
        }

        if (schema["example"] is JsonValue example && example.TryGetValue<string>(out var shown))
        {
            return shown;
        }

        var least = Whole(schema, "minLength", 0);
        var most = Math.Max(least, Math.Min(Whole(schema, "maxLength", 40), least + 40));
        const string letters = "abcdefghijklmnopqrstuvwxyz0123456789";
        var text = new StringBuilder();
        for (var length = random.Next(Math.Max(1, least), Math.Max(2, most + 1)); text.Length < length; )
        {
            text.Append(letters[random.Next(letters.Length)]);
        }

        return text.ToString();
    }

    private double Number(JsonObject schema, double low, double high)
    {
        low = schema["minimum"]?.GetValue<double>() ?? low;
        high = schema["maximum"]?.GetValue<double>() ?? Math.Max(low, high);
        return random.Next(4) switch
        {
            0 => low,
            1 => high,
            _ => low + (Math.Min(high - low, 1_000) * random.NextDouble()),
        };
    }

    private JsonNode? Wrong() =>
        random.Next(9) switch
        {
            0 => null,
            1 => new JsonArray(new JsonArray(new JsonObject())),
            2 => new JsonObject { ["a"] = new JsonArray() },
            3 => long.MinValue,
            4 => 1e300,
            5 => random.Next(2) == 0,
            6 => new string('y', 20_000),
            _ => Strange[random.Next(Strange.Length)],
        };

    private static JsonArray Longer(JsonArray list)
    {
        var longer = list.DeepClone().AsArray();
        while (longer.Count < 1_100)
        {
            longer.Add(list.Count == 0 ? null : list[0]?.DeepClone());
        }

        return longer;
    }

    private static int Whole(JsonObject schema, string name, int otherwise) =>
        schema[name]?.GetValue<int>() ?? otherwise;
}
