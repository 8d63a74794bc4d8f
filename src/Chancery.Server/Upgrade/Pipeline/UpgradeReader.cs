using System.Text.RegularExpressions;
using Chancery.Guards.Pseudonyms;
using Chancery.Guards.Rewrites;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Upgrade.Storing;

namespace Chancery.Server.Upgrade.Pipeline;

/// <summary>What a model wrote, with placeholders.</summary>
internal sealed record WrittenUpgrade(string Prompt, IReadOnlyList<UpgradeChange> Changes);

/// <summary>Reads what a model wrote for an upgrade, and looks whether it kept what has to be kept.</summary>
internal static partial class UpgradeReader
{
    public const int MostCharacters = 40_000;
    private const int MostChanges = 12;
    private const int MostChangeCharacters = 500;

    /// <param name="redacted">The prompt as the model saw it.</param>
    /// <param name="vault">What stands behind its placeholders.</param>
    /// <param name="guard">Takes out what must not pass; ends it where nothing may.</param>
    public static Written<WrittenUpgrade> Read(
        string answer,
        string redacted,
        PersonalDataVault vault,
        Func<string, string> guard
    )
    {
        if (JsonAnswer.Find(answer) is not { } found)
        {
            return Written<WrittenUpgrade>.Wrong("there is no whole JSON object in it.");
        }

        if (JsonAnswer.Text(found, "prompt")?.Trim() is not { Length: > 0 } written)
        {
            return Written<WrittenUpgrade>.Wrong("\"prompt\" is missing or empty.");
        }

        var prompt = guard(written);

        if (prompt.Length > MostCharacters || prompt.Contains('\0', StringComparison.Ordinal))
        {
            return Written<WrittenUpgrade>.Wrong(
                $"\"prompt\" is longer than {MostCharacters} characters, or holds NUL."
            );
        }

        if (Missing(prompt, redacted, vault) is { Count: > 0 } missing)
        {
            return Written<WrittenUpgrade>.Wrong(
                $"{string.Join(", ", missing.Take(10))} is missing from \"prompt\": keep it."
            );
        }

        return Written<WrittenUpgrade>.Of(
            new WrittenUpgrade(
                prompt,
                [
                    .. JsonAnswer
                        .List(found, "changes")
                        .Where(change => change.ValueKind == System.Text.Json.JsonValueKind.Object)
                        .Select(change => new UpgradeChange(guard(Line(change, "what")), guard(Line(change, "why"))))
                        .Where(change => change.What.Length > 0)
                        .Take(MostChanges),
                ]
            )
        );
    }

    /// <summary>
    /// Refuses what no person wrote: an instruction that comes from a passage or from nowhere, and personal data that nobody gave. What was
    /// taken out is a placeholder here, so that it is neither.
    /// </summary>
    /// <param name="said">The prompt and what was said before it, as the model saw them.</param>
    /// <param name="passages">As the model saw them.</param>
    public static Written<WrittenUpgrade> Judged(
        Written<WrittenUpgrade> written,
        IReadOnlyList<string> said,
        IReadOnlyList<string> passages
    )
    {
        if (written.Value is not { } upgrade)
        {
            return written;
        }

        if (RewriteDetectors.FindInjection(string.Join('\n', said), upgrade.Prompt, passages) is [var foreign, ..])
        {
            return Written<WrittenUpgrade>.Wrong(
                $"“{upgrade.Prompt.Substring(foreign.Start, Math.Min(foreign.Length, 200)).Trim()}” is an instruction that the person did not give: leave it out."
            );
        }

        return RewriteDetectors.FindPersonalDataLeak(upgrade.Prompt, [.. said, .. passages]) is [var leaked, ..]
            ? Written<WrittenUpgrade>.Wrong(
                $"“{upgrade.Prompt.Substring(leaked.Start, leaked.Length)}” stands nowhere in what you were given: leave it out."
            )
            : written;
    }

    /// <summary>Names between braces: <c>{{topic}}</c>, <c>{topic}</c>, <c>${topic}</c>.</summary>
    public static IReadOnlyList<string> VariablesIn(string prompt) =>
        [.. Variable().Matches(prompt).Select(match => match.Value).Distinct(StringComparer.Ordinal)];

    /// <summary>Placeholders of the vault that stand in a text, by the text that they would bring back.</summary>
    public static IReadOnlyList<string> PlaceholdersIn(string redacted, PersonalDataVault vault) =>
        [.. vault.Entries.Keys.Where(placeholder => redacted.Contains(placeholder, StringComparison.Ordinal))];

    /// <summary>What is left to search for: a placeholder stands in no document.</summary>
    public static string WithoutPlaceholders(string redacted, PersonalDataVault vault)
    {
        var words = redacted;
        foreach (var placeholder in PlaceholdersIn(redacted, vault))
        {
            words = words.Replace(placeholder, " ", StringComparison.Ordinal);
        }

        return words;
    }

    private static List<string> Missing(string prompt, string redacted, PersonalDataVault vault)
    {
        // Restored, whatever case or blanks a model gave to a placeholder.
        var restored = Redaction.Restore(prompt, vault);
        return
        [
            .. PlaceholdersIn(redacted, vault)
                .Where(placeholder => !restored.Contains(vault.Entries[placeholder], StringComparison.Ordinal)),
            .. VariablesIn(redacted).Where(name => !prompt.Contains(name, StringComparison.Ordinal)),
        ];
    }

    private static string Line(System.Text.Json.JsonElement change, string name)
    {
        var text = string.Join(
            ' ',
            (JsonAnswer.Text(change, name) ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        );
        return text.Length <= MostChangeCharacters ? text : text[..MostChangeCharacters] + "…";
    }

    [GeneratedRegex(@"\{\{\s*[\p{L}_][\w.]{0,60}\s*\}\}|\$?\{[\p{L}_][\w.]{0,60}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
