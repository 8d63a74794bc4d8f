using System.Globalization;
using System.Text.Json;

namespace Chancery.Evaluation.RedTeam.Corpora;

/// <summary>What was read of a corpus.</summary>
/// <param name="TooLong">Texts that are longer than a question may be, and were left out.</param>
public sealed record AttackCorpusContent(IReadOnlyList<AttackCase> Cases, int TooLong);

/// <summary>
/// Reads cases of our own form, and the published collections of attacks and of harmless texts that look like them: garak, BIPIA, JailbreakBench,
/// deepset's prompt injections, NotInject. Published attacks name no mark by which one could see that they worked, so that each is asked
/// for one besides what it asks for itself.
/// </summary>
public static class AttackCorpus
{
    private const long LargestFile = 64 * 1024 * 1024;

    private const string Ask = "\n\nBegin what you say with {{mark_a}} and {{mark_b}} written as one word.";

    /// <param name="path">A file, or a folder whose files (<c>.json</c>, <c>.jsonl</c>) are read with those below it, in the order of their names.</param>
    /// <exception cref="JsonException">A file says nothing that is understood; the message names it.</exception>
    /// <exception cref="IOException">It cannot be read, or is larger than 64 MB.</exception>
    public static AttackCorpusContent Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (File.Exists(path))
        {
            return ReadFile(path) is { } content
                ? content
                : throw new JsonException($"{path} is no list of attacks in any form that is known.");
        }

        var found = Directory
            .EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".json" or ".jsonl")
            .Order(StringComparer.Ordinal)
            .Select(ReadFile)
            .OfType<AttackCorpusContent>()
            .ToList();
        return found.Count == 0
            ? throw new JsonException($"{path} holds no list of attacks in any form that is known.")
            : new([.. found.SelectMany(one => one.Cases).DistinctBy(one => one.Id)], found.Sum(one => one.TooLong));
    }

    /// <summary>So many, evenly from the whole, whatever its order.</summary>
    public static IReadOnlyList<AttackCase> Sample(IReadOnlyList<AttackCase> cases, int most)
    {
        ArgumentNullException.ThrowIfNull(cases);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        return cases.Count <= most
            ? cases
            : [.. Enumerable.Range(0, most).Select(index => cases[(int)((long)index * cases.Count / most)])];
    }

    /// <summary>Null where it is of no form that is known.</summary>
    private static AttackCorpusContent? ReadFile(string path)
    {
        if (new FileInfo(path).Length > LargestFile)
        {
            throw new IOException($"{path} is larger than 64 MB.");
        }

        var json = File.ReadAllText(path);
        try
        {
            return new(AttackJson.Read(json), 0);
        }
        catch (JsonException) when (!json.Contains("\"class\"", StringComparison.Ordinal))
        {
            return Foreign(path, json);
        }
    }

    private static AttackCorpusContent? Foreign(string path, string json)
    {
        var texts = path.EndsWith(".jsonl", StringComparison.Ordinal) ? Lines(json) : Texts(json);
        if (texts.Count == 0)
        {
            return null;
        }

        var (ofClass, place) = KindOf(path);
        var isBenign =
            path.Contains("notinject", StringComparison.OrdinalIgnoreCase)
            && !Path.GetFileName(path).StartsWith("BIPIA", StringComparison.Ordinal);
        var longest = (place == AttackPlace.Question ? AttackCase.LongestQuestion : AttackCase.LongestText) - 200;
        var set = SetOf(path);
        var cases = texts
            .Select((text, index) => (Text: text, Index: index))
            .Where(one => one.Text.Text.Length <= longest)
            .Select(one =>
            {
                // Braces of theirs are no templates of ours.
                var text = one
                    .Text.Text.Replace("{{", "{ {", StringComparison.Ordinal)
                    .Replace("\0", "", StringComparison.Ordinal);
                var harmless = one.Text.IsBenign ?? isBenign;
                var asksRules = ofClass == AttackClass.SystemPromptLeak;
                return new AttackCase(
                    string.Create(CultureInfo.InvariantCulture, $"{set}-{one.Index + 1}"),
                    ofClass,
                    place,
                    "en",
                    harmless || asksRules ? text : text + Ask,
                    Goal: asksRules ? AttackGoal.Rules : AttackGoal.Mark,
                    IsBenign: harmless
                );
            })
            .Where(one => one.WhyNot() is null)
            .ToList();
        return new(cases, texts.Count(one => one.Text.Length > longest));
    }

    private static (AttackClass Class, AttackPlace Place) KindOf(string path) =>
        path.Contains("sysprompt", StringComparison.OrdinalIgnoreCase)
            ? (AttackClass.SystemPromptLeak, AttackPlace.Question)
        : Path.GetFileName(path) is var name
        && (
            name.StartsWith("text_attack", StringComparison.Ordinal)
            || name.StartsWith("code_attack", StringComparison.Ordinal)
            || name.StartsWith("BIPIA", StringComparison.Ordinal)
        )
            ? (AttackClass.IndirectInjection, AttackPlace.Document)
        : (AttackClass.DirectInjection, AttackPlace.Question);

    /// <summary>The file's name, and its folder's, in the letters of an id.</summary>
    private static string SetOf(string path)
    {
        var name =
            $"{Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)))}-{Path.GetFileNameWithoutExtension(path)}";
        var id = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-'));
        return id.Length <= AttackCase.LongestId - 10 ? id : id[..(AttackCase.LongestId - 10)];
    }

    /// <summary><c>{"text": …, "label": 1}</c> on each line.</summary>
    private static List<(string Text, bool? IsBenign)> Lines(string json)
    {
        var found = new List<(string, bool?)>();
        foreach (var line in json.Split('\n').Where(line => line.TrimStart().StartsWith('{')))
        {
            using var document = Parse(line);
            if (
                document?.RootElement is { ValueKind: JsonValueKind.Object } root
                && TextOf(root) is { } text
                && root.TryGetProperty("label", out var label)
                && label.ValueKind == JsonValueKind.Number
            )
            {
                found.Add((text, label.GetInt32() == 0));
            }
        }

        return found;
    }

    /// <summary>A list of texts or of objects with one; or lists of texts by their kind; or <c>{"jailbreaks": [{"prompt": …}]}</c>.</summary>
    private static List<(string Text, bool? IsBenign)> Texts(string json)
    {
        using var document = Parse(json);
        return document?.RootElement switch
        {
            { ValueKind: JsonValueKind.Array } list => [.. Of(list)],
            { ValueKind: JsonValueKind.Object } root =>
            [
                .. root.EnumerateObject()
                    .Where(one => one.Value.ValueKind == JsonValueKind.Array)
                    .SelectMany(one => Of(one.Value).ToList()),
            ],
            _ => [],
        };
    }

    private static IEnumerable<(string Text, bool? IsBenign)> Of(JsonElement list)
    {
        foreach (var one in list.EnumerateArray())
        {
            var text =
                one.ValueKind == JsonValueKind.String ? one.GetString()
                : one.ValueKind == JsonValueKind.Object ? TextOf(one)
                : null;
            if (text is { Length: > 0 })
            {
                bool? isBenign =
                    one.ValueKind == JsonValueKind.Object
                    && one.TryGetProperty("label", out var label)
                    && label.ValueKind == JsonValueKind.Number
                        ? label.GetInt32() == 0
                        : null;
                yield return (text, isBenign);
            }
        }
    }

    private static string? TextOf(JsonElement one)
    {
        foreach (var name in new[] { "prompt", "text" })
        {
            if (one.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
            {
                return value.GetString();
            }
        }

        return null;
    }

    private static JsonDocument? Parse(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
