using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Contracts.Analysis;

/// <summary>Writes the names of an enum as <c>snake_case</c>.</summary>
public sealed class SnakeCaseEnumConverter<TEnum>()
    : JsonStringEnumConverter<TEnum>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where TEnum : struct, Enum;
