using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Chancery.Models;

/// <summary>
/// Writes parameters into the object that is open: those of the options where they are given, then whatever else the caller
/// wants to say to the provider, except what would take another parameter's place.
/// </summary>
internal readonly struct ParameterWriter(Utf8JsonWriter json, AdditionalPropertiesDictionary? extras)
{
    private readonly HashSet<string>? _taken = extras is { Count: > 0 } ? new HashSet<string>() : null;

    /// <summary>Opens a property, for a value that follows.</summary>
    public void Name(string name)
    {
        _taken?.Add(Alike(name));
        json.WritePropertyName(name);
    }

    public void Write(string name, string? value)
    {
        if (value is null)
            return;
        Name(name);
        json.WriteStringValue(value);
    }

    public void Write(string name, bool? value)
    {
        if (value is null)
            return;
        Name(name);
        json.WriteBooleanValue(value.Value);
    }

    public void Write(string name, float? value)
    {
        if (value is null)
            return;
        Name(name);
        json.WriteNumberValue(value.Value);
    }

    public void Write(string name, long? value)
    {
        if (value is null)
            return;
        Name(name);
        json.WriteNumberValue(value.Value);
    }

    public void Write(string name, IList<string>? values)
    {
        if (values is not { Count: > 0 })
            return;
        Name(name);
        json.WriteStartArray();
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    /// <summary>Whether the caller gives this parameter beside the options.</summary>
    public bool HasExtra(string name) => extras?.ContainsKey(name) is true;

    /// <summary>What else the caller says, last.</summary>
    /// <param name="mayPass">Whether a name, in small letters without underscores, is the caller's to give.</param>
    /// <exception cref="NotSupportedException">A value is not what JSON knows.</exception>
    public void Rest(Func<string, bool> mayPass)
    {
        if (extras is null || _taken is null)
            return;
        foreach (var (name, value) in extras)
        {
            var alike = Alike(name);
            if (!mayPass(alike) || !_taken.Add(alike))
                continue;
            json.WritePropertyName(name);
            Value(json, value, name);
        }
    }

    /// <summary>Servers differ in how exactly they read a name: two that one of them takes for the same are the same.</summary>
    private static string Alike(string name) => name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Values of JSON only: an object of the program could say more than was meant.</summary>
    private static void Value(Utf8JsonWriter json, object? value, string name)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case JsonElement element:
                element.WriteTo(json);
                break;
            case JsonNode node:
                node.WriteTo(json);
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case int or long or short or byte:
                json.WriteNumberValue(Convert.ToInt64(value, null));
                break;
            case float number:
                json.WriteNumberValue(number);
                break;
            case double number:
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            case IEnumerable<KeyValuePair<string, object?>> members:
                json.WriteStartObject();
                foreach (var (member, inner) in members)
                {
                    json.WritePropertyName(member);
                    Value(json, inner, name);
                }

                json.WriteEndObject();
                break;
            case IEnumerable list:
                json.WriteStartArray();
                foreach (var inner in list)
                    Value(json, inner, name);
                json.WriteEndArray();
                break;
            default:
                throw new NotSupportedException($"The parameter '{name}' is not a value of JSON.");
        }
    }
}
