using System.Text;
using System.Text.Json;
using Chancery.Evaluation.Scoring;

namespace Chancery.Evaluation.Judging;

/// <summary>
/// Reads what a judge wrote, strictly: its whole answer is one JSON object with the boundary, quotes that stand in the material, and a
/// decision. Anything else is a failure with its reason, never a low score; and a score that a candidate wrote into its answer is not read,
/// because it stands in none of that.
/// </summary>
public static class JudgeAnswer
{
    /// <summary>Longer answers are not read.</summary>
    private const int LongestAnswer = 64 * 1024;

    private const int MostQuotes = 3;

    /// <summary>Shorter quotes stand in anything.</summary>
    private const int ShortestQuote = 3;

    private static readonly JsonDocumentOptions _strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <param name="modelText">All that the model wrote; a code fence around it is taken off.</param>
    public static Judgement Read(string modelText, JudgePrompt prompt)
    {
        ArgumentNullException.ThrowIfNull(modelText);
        ArgumentNullException.ThrowIfNull(prompt);
        if (Parse(modelText, prompt, out var evidence, out var failure) is not { } answer)
        {
            return Failed(failure);
        }

        if (
            !answer.TryGetProperty("score", out var score)
            || score.ValueKind is not JsonValueKind.Number
            || !score.TryGetInt32(out var points)
            || points is < 1 or > 5
        )
        {
            return Failed("The judge gave no whole score from 1 to 5.");
        }

        return new(Score.Of((points - 1) / 4.0), evidence, Reasoning(answer));
    }

    /// <summary>Of a prompt made by <see cref="JudgePrompt.ForPair"/>; first and second are as they were shown.</summary>
    public static PairJudgement ReadPair(string modelText, JudgePrompt prompt)
    {
        ArgumentNullException.ThrowIfNull(modelText);
        ArgumentNullException.ThrowIfNull(prompt);
        if (Parse(modelText, prompt, out var evidence, out var failure) is not { } answer)
        {
            return new(null, [], failure);
        }

        Preference? preference =
            answer.TryGetProperty("better", out var better) && better.ValueKind is JsonValueKind.String
                ? better.GetString() switch
                {
                    "first" => Preference.First,
                    "second" => Preference.Second,
                    "tie" => Preference.Tie,
                    _ => null,
                }
                : null;
        return preference is null
            ? new(null, [], "The judge preferred neither \"first\" nor \"second\", nor called it a \"tie\".")
            : new(preference, evidence, null);
    }

    private static Judgement Failed(string reason) => new(new Score.Failed(reason), [], "");

    private static JsonElement? Parse(string text, JudgePrompt prompt, out List<string> evidence, out string failure)
    {
        evidence = [];
        failure = "";
        if (text.Length > LongestAnswer)
        {
            failure = "The judge wrote too much.";
            return null;
        }

        JsonElement answer;
        try
        {
            using var document = JsonDocument.Parse(WithoutFence(text), _strict);
            answer = document.RootElement.Clone();
        }
        // Half of a surrogate pair is no text that a document can be made of.
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            failure = "The judge's answer is not one JSON object.";
            return null;
        }

        if (answer.ValueKind is not JsonValueKind.Object)
        {
            failure = "The judge's answer is not one JSON object.";
        }
        else if (Text(answer, "boundary") != prompt.Boundary)
        {
            failure = "The judge did not repeat the boundary.";
        }
        else if (!answer.TryGetProperty("evidence", out var quotes) || !TryReadQuotes(quotes, evidence))
        {
            failure = $"The judge gave no evidence, or not as a list of one to {MostQuotes} quotes.";
        }
        else
        {
            List<string> materials = [.. prompt.Materials.Select(Plain)];
            if (evidence.Find(quote => !StandsIn(materials, quote)) is { } invented)
            {
                failure = $"The judge quoted what does not stand in the material: \"{Short(invented)}\".";
            }
        }

        return failure.Length == 0 ? answer : null;
    }

    private static bool TryReadQuotes(JsonElement quotes, List<string> evidence)
    {
        if (quotes.ValueKind is not JsonValueKind.Array || quotes.GetArrayLength() is 0 or > MostQuotes)
        {
            return false;
        }

        foreach (var quote in quotes.EnumerateArray())
        {
            if (Text(quote) is not { } text)
            {
                return false;
            }

            evidence.Add(text);
        }

        return true;
    }

    private static string Reasoning(JsonElement answer) => Text(answer, "reasoning") ?? "";

    private static string? Text(JsonElement answer, string name) =>
        answer.TryGetProperty(name, out var member) ? Text(member) : null;

    private static string? Text(JsonElement member)
    {
        if (member.ValueKind is not JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return member.GetString();
        }
        // An escaped half of a surrogate pair.
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool StandsIn(List<string> materials, string quote)
    {
        var plain = Plain(quote);
        // An answer of two letters can be quoted whole.
        return materials.Any(material =>
            plain.Length >= ShortestQuote
                ? material.Contains(plain, StringComparison.Ordinal)
                : plain.Length > 0 && material == plain
        );
    }

    /// <summary>As models copy it: white space in one, quotation marks and case alike, without the dots that stand for what was left out.</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (!char.IsWhiteSpace(c))
            {
                plain.Append(
                    c switch
                    {
                        '“' or '”' or '„' or '«' or '»' => '"',
                        '‘' or '’' => '\'',
                        '‐' or '‑' or '–' or '—' => '-',
                        _ => char.ToLowerInvariant(c),
                    }
                );
            }
            else if (plain.Length > 0 && plain[^1] != ' ')
            {
                plain.Append(' ');
            }
        }

        return plain.ToString().Trim(' ', '…').Trim();
    }

    private static string WithoutFence(string text)
    {
        var trimmed = text.Trim();
        var isFenced =
            trimmed.StartsWith("```", StringComparison.Ordinal) && trimmed.EndsWith("```", StringComparison.Ordinal);
        var line = isFenced ? trimmed.IndexOf('\n', StringComparison.Ordinal) : -1;
        return line > 0 && trimmed.Length > line + 3 ? trimmed[line..^3].Trim() : trimmed;
    }

    private static string Short(string text) => text.Length <= 60 ? text : $"{text[..60]}…";
}
