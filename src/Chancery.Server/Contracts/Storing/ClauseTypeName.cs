using System.Text.Json;
using Chancery.Contracts.Analysis;

namespace Chancery.Server.Contracts.Storing;

/// <summary>Types of clauses as the API and the tables name them: <c>limitation_of_liability</c>.</summary>
internal static class ClauseTypeName
{
    private static readonly Dictionary<string, ClauseType> Types = Enum.GetValues<ClauseType>()
        .ToDictionary(type => JsonNamingPolicy.SnakeCaseLower.ConvertName(type.ToString()), StringComparer.Ordinal);

    private static readonly Dictionary<ClauseType, string> Names = Types.ToDictionary(of => of.Value, of => of.Key);

    public static IReadOnlyCollection<string> All => Types.Keys;

    public static string Of(ClauseType type) => Names[type];

    /// <summary>Null for a name that no type has.</summary>
    public static ClauseType? Find(string? name) =>
        name is not null && Types.TryGetValue(name, out var type) ? type : null;
}
