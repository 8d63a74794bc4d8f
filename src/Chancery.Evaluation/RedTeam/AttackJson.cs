using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Evaluation.RedTeam;

/// <summary>How cases are written: JSON with names in lower case and underscores, an array or a case on each line.</summary>
public static class AttackJson
{
    public static JsonSerializerOptions Options { get; } =
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
            RespectRequiredConstructorParameters = true,
            ReadCommentHandling = JsonCommentHandling.Skip,
            AllowTrailingCommas = true,
        };

    /// <summary>As in JSON: <c>direct_injection</c>.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <exception cref="JsonException">It is no such list, or a case cannot be used; the message says why.</exception>
    public static IReadOnlyList<AttackCase> Read(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        var cases = json.AsSpan().TrimStart().StartsWith("[")
            ? JsonSerializer.Deserialize<List<AttackCase>>(json, Options)!
            :
            [
                .. json.Split('\n')
                    .Select(line => line.Trim())
                    .Where(line => line.Length > 0)
                    .Select(line => JsonSerializer.Deserialize<AttackCase>(line, Options)!),
            ];
        foreach (var one in cases)
        {
            if (one is null)
            {
                throw new JsonException("A case is null.");
            }

            if (one.WhyNot() is { } why)
            {
                throw new JsonException($"Case \"{one.Id}\": {why}");
            }
        }

        return cases.Select(one => one.Id).Distinct(StringComparer.Ordinal).Count() == cases.Count
            ? cases
            : throw new JsonException("Two cases have the same id.");
    }
}
