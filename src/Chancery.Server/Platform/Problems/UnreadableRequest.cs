using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Platform.Problems;

/// <summary>Where a request cannot be read, for whoever wrote it: in their words, without the exception's.</summary>
internal static partial class UnreadableRequest
{
    private const string Otherwise = "Check its body and parameters against /openapi/v1.json.";
    private const string NoBody = "The body is missing. Send JSON as /openapi/v1.json describes it.";
    private const int LongestName = 100;

    public static string Describe(BadHttpRequestException fault)
    {
        if (fault.InnerException is JsonException json)
        {
            return Describe(json);
        }

        // Failed to bind parameter "int limit" from "many".
        if (Parameter().Match(fault.Message) is { Success: true } wrong)
        {
            return NotRead(NameOf(wrong));
        }

        // Required parameter "int limit" was not provided from query string.
        if (Missing().Match(fault.Message) is { Success: true } missing)
        {
            return missing.Groups["from"].Value == "body"
                ? NoBody
                : $"The parameter {NameOf(missing)} is missing. See /openapi/v1.json for what it takes.";
        }

        return fault.Message.Contains("no body was provided", StringComparison.Ordinal) ? NoBody : Otherwise;
    }

    /// <summary>
    /// The same where the binding that the compiler writes refused a parameter without a word; null when none of them is at fault.
    /// </summary>
    public static string? DescribeParameter(HttpContext http)
    {
        foreach (var parameter in http.GetEndpoint()?.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? [])
        {
            var name = parameter.GetCustomAttribute<FromQueryAttribute>()?.Name ?? parameter.Name!;
            var type = parameter.ParameterType.IsArray
                ? parameter.ParameterType.GetElementType()!
                : parameter.ParameterType;
            type = Nullable.GetUnderlyingType(type) ?? type;
            var texts = http.Request.RouteValues.TryGetValue(name, out var inRoute)
                ? [inRoute as string]
                : http.Request.Query[name].ToArray();
            if (
                type.IsValueType
                && texts.Any(text => !string.IsNullOrEmpty(text) && !TypeDescriptor.GetConverter(type).IsValid(text))
            )
            {
                return NotRead(JsonNamingPolicy.SnakeCaseLower.ConvertName(name));
            }
        }

        return null;
    }

    private static string NotRead(string parameter) =>
        $"The parameter {parameter} cannot be read. See /openapi/v1.json for what it takes.";

    private static string Describe(JsonException fault)
    {
        var place = fault is { LineNumber: { } line, BytePositionInLine: { } position }
            ? string.Create(CultureInfo.InvariantCulture, $" at line {line + 1}, byte {position + 1}")
            : "";
        // The reader's own exceptions are of a type that is not public, and come wrapped.
        if (fault.InnerException is JsonException)
        {
            return $"The body is not well-formed JSON{place}.";
        }

        // $.documents[3]
        return fault.Path is ['$', '.', .. var name]
            ? $"The body cannot be read{place}: {Short(name)} takes another kind of value. See /openapi/v1.json."
            : $"The body cannot be read{place}. See /openapi/v1.json for what it takes.";
    }

    private static string NameOf(Match parameter) =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Groups["name"].Value);

    private static string Short(string text) => text.Length <= LongestName ? text : text[..LongestName] + "…";

    [GeneratedRegex("""^Failed to bind parameter "[^"]* (?<name>\w+)" from """)]
    private static partial Regex Parameter();

    [GeneratedRegex("""^Required parameter "[^"]* (?<name>\w+)" was not provided from (?<from>[\w ]+)""")]
    private static partial Regex Missing();
}
