using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;

namespace Chancery.Server.Platform.OpenApi;

/// <summary>
/// What a type is called in the description. Requests and responses are nested in their endpoint under short names, so
/// the endpoint's name comes first; two types under one name would describe one route with the other's body.
/// </summary>
internal static class SchemaNames
{
    private static readonly ConcurrentDictionary<string, Type> Known = new(StringComparer.Ordinal);

    /// <summary>Null for what is described where it stands.</summary>
    /// <exception cref="InvalidOperationException">Two types want the same name: rename one.</exception>
    public static string? Of(JsonTypeInfo info)
    {
        // A client's own JsonElement would stand in the way of the framework's.
        if (
            OpenApiOptions.CreateDefaultSchemaReferenceId(info) is null
            || (Nullable.GetUnderlyingType(info.Type) ?? info.Type) == typeof(JsonElement)
        )
        {
            return null;
        }

        var name = NameOf(info.Type);
        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        var first = Known.GetOrAdd(name, type);
        return first == type || typeof(ProblemDetails).IsAssignableFrom(type)
            ? name
            : throw new InvalidOperationException($"{first} and {type} are both called {name}: rename one.");
    }

    internal static string NameOf(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return NameOf(value);
        }

        if (typeof(ProblemDetails).IsAssignableFrom(type))
        {
            return typeof(HttpValidationProblemDetails).IsAssignableFrom(type) ? "ValidationProblem" : "Problem";
        }

        var name = type.Name;
        if (type.IsGenericType)
        {
            // Listing<Member>: MemberListing
            return string.Concat(type.GetGenericArguments().Select(NameOf)) + name[..name.IndexOf('`')];
        }

        var owner = type.DeclaringType?.Name ?? "";
        var topic =
            owner.EndsWith("Endpoints", StringComparison.Ordinal) ? owner[..^"Endpoints".Length]
            : owner.EndsWith("Endpoint", StringComparison.Ordinal) ? owner[..^"Endpoint".Length]
            : "";
        return topic.Length == 0 || name.Contains(topic.TrimEnd('s'), StringComparison.Ordinal) ? name : topic + name;
    }
}
