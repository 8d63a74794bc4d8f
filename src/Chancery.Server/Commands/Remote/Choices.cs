using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Chancery.Server.Commands.Remote;

/// <summary>Options that say themselves what they take, in the API's words.</summary>
internal static class Choices
{
    /// <summary>One of an enumeration of the API.</summary>
    public static Option<T?> Of<T>(string name, string description)
        where T : struct, Enum
    {
        var known = Enum.GetValues<T>().ToDictionary(WordOf, StringComparer.OrdinalIgnoreCase);
        var option = new Option<T?>(name)
        {
            Description = description,
            HelpName = string.Join("|", known.Keys),
            CustomParser = result =>
            {
                var given = result.Tokens.Single().Value;
                if (known.TryGetValue(given, out var value))
                {
                    return value;
                }

                result.AddError($"{name} does not take \"{given}\". It is one of {string.Join(", ", known.Keys)}.");
                return null;
            },
        };
        option.CompletionSources.Clear();
        option.CompletionSources.Add(_ =>
            known.Keys.Select(word => new System.CommandLine.Completions.CompletionItem(word))
        );
        return option;
    }

    /// <summary>A day, which begins at midnight here, or a time.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "TIME",
            CustomParser = result =>
            {
                var given = result.Tokens.Single().Value;
                if (
                    DateTimeOffset.TryParse(
                        given,
                        CultureInfo.InvariantCulture,
                        DateTimeStyles.AssumeLocal,
                        out var value
                    )
                )
                {
                    return value;
                }

                result.AddError(
                    $"{name} does not take \"{given}\". Give a day or a time, such as 2026-03-31 or 2026-03-31T18:00."
                );
                return null;
            },
        };

    /// <summary>As the API writes it.</summary>
    public static string WordOf<T>(T value)
        where T : struct, Enum =>
        typeof(T)
            .GetField(value.ToString())!
            .GetCustomAttributes(typeof(JsonStringEnumMemberNameAttribute), inherit: false)
            .OfType<JsonStringEnumMemberNameAttribute>()
            .Select(attribute => attribute.Name)
            .FirstOrDefault(JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
}
