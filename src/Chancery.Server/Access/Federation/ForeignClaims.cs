using System.Text.Json;

namespace Chancery.Server.Access.Federation;

/// <summary>What a foreign token says, after its signature was checked.</summary>
internal sealed class ForeignClaims(JsonElement root)
{
    private const int MostWords = 1_000;

    public string? Text(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public long? Number(string name) =>
        root.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetDouble(out var number)
        && number is >= 0 and < 253_402_300_800
            ? (long)number
            : null;

    /// <summary>True for the word, too: some issuers write <c>"true"</c>.</summary>
    public bool Flag(string name) =>
        root.TryGetProperty(name, out var value)
        && (
            value.ValueKind == JsonValueKind.True
            || (value.ValueKind == JsonValueKind.String && value.ValueEquals("true"))
        );

    public bool Has(string name) => root.TryGetProperty(name, out _);

    /// <summary>
    /// A text, or the texts of a list. A name that is no claim may be a path through objects, as Keycloak's
    /// <c>realm_access.roles</c>.
    /// </summary>
    public IEnumerable<string> Words(string name)
    {
        if (!root.TryGetProperty(name, out var value))
        {
            value = root;
            foreach (var step in name.Split('.'))
            {
                if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(step, out value))
                {
                    return [];
                }
            }
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array => value
                .EnumerateArray()
                .Where(item => item.ValueKind == JsonValueKind.String)
                .Select(item => item.GetString()!)
                .Take(MostWords),
            _ => [],
        };
    }
}
