using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Chancery.Server.Access.Provisioning;

/// <summary>What a list is asked for (RFC 7644, 3.4.2).</summary>
/// <param name="StartIndex">From 1.</param>
/// <param name="Count">0 to <see cref="MostCount"/>; 0 answers only how many there are.</param>
internal sealed record ScimQuery(ScimFilter? Filter, string? SortBy, bool Descends, int StartIndex, int Count)
{
    public const int MostCount = 200;
    private const int DefaultCount = 100;

    /// <exception cref="ScimException">A parameter cannot be read.</exception>
    public static ScimQuery Read(IQueryCollection query)
    {
        var filter = query["filter"].ToString();
        var sort = query["sortBy"].ToString();
        return new ScimQuery(
            filter.Length > 0 ? ScimFilter.Parse(filter) : null,
            sort.Length > 0 ? sort : null,
            ScimName.Is(query["sortOrder"].ToString(), "descending"),
            Math.Max(Number(query, "startIndex", 1), 1),
            Math.Clamp(Number(query, "count", DefaultCount), 0, MostCount)
        );
    }

    /// <summary>The text that the whole filter wants to be equal to an attribute; null for any other filter.</summary>
    public string? Equal(string attribute) =>
        Filter is ScimFilter.Compare { Operator: "eq", Value: { } value, Path: var path }
        && value.GetValueKind() == JsonValueKind.String
        && ScimName.PartsOf(path) is [var only]
        && ScimName.Is(only, attribute)
            ? value.GetValue<string>()
            : null;

    /// <summary>Those that satisfy the filter, in the order that is asked for.</summary>
    public List<JsonObject> Select(IEnumerable<JsonObject> resources)
    {
        var found = Filter is null ? resources : resources.Where(Filter.Holds);
        if (SortBy is null)
        {
            return [.. found];
        }

        string Key(JsonObject resource) =>
            ScimFilter.ItemsOf(resource, SortBy).FirstOrDefault() switch
            {
                JsonObject inner => inner["value"]?.ToString() ?? "",
                { } node => node.ToString(),
                null => "",
            };
        return
        [
            .. Descends
                ? found.OrderByDescending(Key, StringComparer.OrdinalIgnoreCase)
                : found.OrderBy(Key, StringComparer.OrdinalIgnoreCase),
        ];
    }

    public IReadOnlyList<JsonObject> Cut(IReadOnlyList<JsonObject> found) =>
        [.. found.Skip(StartIndex - 1).Take(Count)];

    private static int Number(IQueryCollection query, string name, int fallback) =>
        query[name].ToString() is not { Length: > 0 } text ? fallback
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw ScimException.Value($"{name} is a number.");
}
