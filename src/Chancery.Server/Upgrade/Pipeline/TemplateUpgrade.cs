using System.Text;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Upgrade.Storing;

namespace Chancery.Server.Upgrade.Pipeline;

/// <summary>
/// A prompt put together without a model: what was asked, in its own words, with quotes of the passages that are about it and with what was said
/// before.
/// </summary>
internal static class TemplateUpgrade
{
    private const int MostQuotes = 3;
    private const int LongestQuote = 700;
    private const int LeastTerms = 2;

    /// <summary>The part of the prompt's terms that a passage has to have to be about it.</summary>
    private const double LeastShare = 0.3;

    /// <param name="history">What was said before; empty for nothing.</param>
    public static WrittenUpgrade Write(string prompt, string history, FoundPassages found)
    {
        var written = new StringBuilder();
        var changes = new List<UpgradeChange>();
        if (history.Length > 0)
        {
            written.Append("What was said before:\n").Append(history).Append("\n\n");
            changes.Add(
                new("What was said before stands in the prompt.", "The assistant knows what the task is about.")
            );
        }

        var about = About(prompt, found);
        if (about.Count > 0)
        {
            written.Append("What our documents say:\n");
            foreach (var (number, quote) in about)
            {
                written.Append($"- “{quote}” {CitationMarkers.Write(number)}\n");
            }

            written.Append('\n');
            changes.Add(
                new(
                    "Passages of your documents stand in the prompt, word for word.",
                    "The assistant can go by them instead of guessing."
                )
            );
        }

        written.Append(changes.Count > 0 ? "Task:\n" : "").Append(prompt.Trim());
        if (about.Count > 0)
        {
            written.Append(
                "\n\nUse what our documents say above, and name it by its number in square brackets. Say what they leave open instead of guessing."
            );
        }

        return new WrittenUpgrade(written.ToString(), changes);
    }

    private static List<(int Number, string Quote)> About(string prompt, FoundPassages found)
    {
        var asked = Claim.Read(prompt).Terms;
        var about = new List<(int, string)>();
        for (var i = 0; i < found.Texts.Count && about.Count < MostQuotes; i++)
        {
            var there = Claim.Read(found.Texts[i]).Terms;
            var shared = asked.Count(there.Contains);
            if (shared >= LeastTerms && shared >= LeastShare * asked.Count)
            {
                about.Add((i + 1, Quote(found.Texts[i])));
            }
        }

        return about;
    }

    private static string Quote(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length <= LongestQuote)
        {
            return line;
        }

        var end = line.LastIndexOf(' ', LongestQuote);
        return line[..(end > 0 ? end : LongestQuote)] + " …";
    }
}
