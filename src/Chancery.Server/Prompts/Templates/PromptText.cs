using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Chancery.Server.Prompts.Templates;

/// <summary>Variables in the words of a prompt: found, checked, filled in. What is filled in is never read for variables again.</summary>
internal static partial class PromptText
{
    /// <summary>Stands in the system part of the product's own prompts for the mark around what is quoted, which is new each time.</summary>
    public const string Boundary = "boundary";

    /// <summary>The most characters that one value may have.</summary>
    private const int MostValue = 200_000;

    [GeneratedRegex(@"\{\{ ?([a-z][a-z0-9_]{0,49}) ?\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder { get; }

    /// <summary>The names of variables that stand in a text, each once, in the order of reading.</summary>
    public static IReadOnlyList<string> NamesIn(string text) =>
        [.. Placeholder.Matches(text).Select(match => match.Groups[1].Value).Distinct(StringComparer.Ordinal)];

    /// <summary>What is wrong with a version, by field, in words for whoever wrote it; empty when it can be used.</summary>
    /// <param name="shipped">Which of the product's own it is a version of; null for one of the organisation's.</param>
    public static IReadOnlyDictionary<string, string[]> FaultsOf(PromptContent content, ShippedPrompt? shipped)
    {
        var required = shipped?.Required ?? [];
        var faults = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        void Add(string field, string fault) =>
            (faults.TryGetValue(field, out var said) ? said : faults[field] = []).Add(fault);

        if (content.System.Trim().Length == 0 && content.Text.Trim().Length == 0)
        {
            Add("text", "Say something in system or text.");
        }
        else if (shipped is not null && content.System.Trim().Length == 0)
        {
            Add("system", "Say something here: it is what the product uses of this prompt.");
        }

        if (shipped is { IsRubric: true })
        {
            foreach (
                var field in new[]
                {
                    content.Model is null ? null : "model",
                    content.Temperature is null ? null : "temperature",
                    content.MaxTokens is null ? null : "max_tokens",
                }.OfType<string>()
            )
            {
                Add(field, "It is words inside of another request, which says who is asked, and how. Leave it out.");
            }
        }

        foreach (var (field, text) in new[] { ("system", content.System), ("text", content.Text) })
        {
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                Add(field, "The character NUL is no text.");
            }
        }

        var inSystem = NamesIn(content.System);
        foreach (var name in inSystem.Except(required, StringComparer.Ordinal))
        {
            Add("system", $"{{{{{name}}}}} cannot stand here: what is filled in is data, and belongs in text.");
        }

        foreach (var name in required.Except(inSystem, StringComparer.Ordinal))
        {
            Add("system", $"{{{{{name}}}}} has to stand here: it is the mark between which quoted material stands.");
        }

        var variables = content.Variables ?? [];
        var declared = variables.Select(variable => variable.Name).ToHashSet(StringComparer.Ordinal);
        if (declared.Count < variables.Count)
        {
            Add("variables", "Each variable is declared once.");
        }

        var inText = NamesIn(content.Text);
        foreach (var name in inText.Where(name => !declared.Contains(name)))
        {
            Add("variables", $"{name} stands in text and is not declared.");
        }

        for (var i = 0; i < variables.Count; i++)
        {
            if (FaultOf(variables[i], inText) is { } fault)
            {
                Add($"variables[{i}]", fault);
            }
        }

        return faults.ToDictionary(fault => fault.Key, fault => fault.Value.ToArray(), StringComparer.Ordinal);
    }

    /// <summary>The text with its variables filled in, or what is wrong with the values, by name.</summary>
    public static (string? Text, IReadOnlyDictionary<string, string[]> Faults) Fill(
        PromptContent content,
        IReadOnlyDictionary<string, JsonElement> values
    )
    {
        var faults = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var filled = new Dictionary<string, string>(StringComparer.Ordinal);
        var variables = content.Variables ?? [];
        foreach (var name in values.Keys.Except(variables.Select(variable => variable.Name), StringComparer.Ordinal))
        {
            faults[$"variables.{name}"] = ["The prompt has no such variable."];
        }

        foreach (var variable in variables)
        {
            var given = values.TryGetValue(variable.Name, out var value) && value.ValueKind != JsonValueKind.Null;
            var (text, fault) = given ? Read(variable, value) : (variable.Default, null);
            if (fault is not null || text is null)
            {
                faults[$"variables.{variable.Name}"] = [fault ?? "It has to be given."];
                continue;
            }

            filled[variable.Name] = text;
        }

        return faults.Count > 0
            ? (null, faults)
            : (Placeholder.Replace(content.Text, match => filled[match.Groups[1].Value]), faults);
    }

    /// <summary>The system part with what the product fills in.</summary>
    public static string FillSystem(PromptContent content, string boundary) =>
        Placeholder.Replace(content.System, match => match.Groups[1].Value == Boundary ? boundary : match.Value);

    private static string? FaultOf(PromptVariable variable, IReadOnlyList<string> inText)
    {
        if (NamesIn($"{{{{{variable.Name}}}}}") is not [var name] || name != variable.Name)
        {
            return "A name has lower-case letters, digits and underscores, and begins with a letter; at most 50.";
        }

        if (!inText.Contains(variable.Name, StringComparer.Ordinal))
        {
            return $"{{{{{variable.Name}}}}} stands nowhere in text.";
        }

        if ((variable.Type is PromptVariableType.Choice) != (variable.Choices is { Count: > 0 }))
        {
            return "A choice has choices, and nothing else has.";
        }

        return variable.Default is { } usual
            ? Read(variable, JsonSerializer.SerializeToElement(usual)).Fault is { } fault
                ? $"Its default does not fit: {fault}"
                : null
            : null;
    }

    private static (string? Text, string? Fault) Read(PromptVariable variable, JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        };
        if (text is null)
        {
            return (null, "It takes a text, a number, true or false.");
        }

        if (text.Length > MostValue)
        {
            return (null, string.Create(CultureInfo.InvariantCulture, $"It takes at most {MostValue} characters."));
        }

        return variable.Type switch
        {
            PromptVariableType.Number
                when !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    || !double.IsFinite(number) => (null, "It takes a number."),
            PromptVariableType.Boolean when text is not ("true" or "false") => (null, "It takes true or false."),
            PromptVariableType.Choice when variable.Choices?.Contains(text, StringComparer.Ordinal) is not true => (
                null,
                $"It takes one of {string.Join(", ", variable.Choices ?? [])}."
            ),
            _ => (text, null),
        };
    }
}
