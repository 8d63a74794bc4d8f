using System.Text;
using Chancery.Guards.PersonalData;

namespace Chancery.Guards.Pseudonyms;

/// <summary>A text whose personal data was replaced.</summary>
/// <param name="Text">With placeholders.</param>
/// <param name="Found">What was replaced, by its place in the text as it was.</param>
public sealed record RedactedText(string Text, IReadOnlyList<PersonalDataSpan> Found);

/// <summary>Replaces personal data by placeholders, and placeholders by personal data.</summary>
public static class Redaction
{
    /// <summary>
    /// Replaces what is found, and what the vault holds already wherever it stands. One value has one placeholder in all texts of a vault. What already looks like a placeholder is replaced,
    /// too, so that nobody gets at another's value by writing its placeholder: <see cref="Restore"/> gives every text back as it was.
    /// </summary>
    /// <param name="text">What is to be sent away.</param>
    /// <param name="options">What counts as personal data.</param>
    /// <param name="vault">Gains what is found.</param>
    public static RedactedText Redact(string text, PersonalDataOptions options, PersonalDataVault vault)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(vault);
        var detected = PersonalDataDetector.Find(text, options);
        foreach (var span in detected)
        {
            vault.PlaceholderOf(PersonalDataVault.NameOf(span.Kind), text.Substring(span.Start, span.Length));
        }

        var found = new KnownValues(vault).AddTo(detected, text);
        var redacted = new StringBuilder(text.Length);
        var kept = new List<PersonalDataSpan>(found.Count);
        var next = 0;
        var at = 0;
        while (at < text.Length)
        {
            while (next < found.Count && found[next].Start < at)
            {
                next++;
            }

            if (next < found.Count && found[next].Start == at)
            {
                var span = found[next];
                redacted.Append(
                    vault.PlaceholderOf(PersonalDataVault.NameOf(span.Kind), text.Substring(span.Start, span.Length))
                );
                kept.Add(span);
                at = span.End;
                continue;
            }

            if (text[at] is '[' or '\\')
            {
                var end = PlaceholderText.Read(text, at, out _, out _);
                if (end > 0)
                {
                    redacted.Append(vault.PlaceholderOf(PersonalDataVault.Literal, text[at..end]));
                    at = end;
                    continue;
                }
            }

            redacted.Append(text[at++]);
        }

        return new(redacted.ToString(), kept);
    }

    /// <summary>
    /// Puts the values back, once: what a value holds is not read again. Placeholders that the vault does not know stay. Upper and lower
    /// case and blanks inside the brackets do not matter.
    /// </summary>
    public static string Restore(string text, PersonalDataVault vault)
    {
        ArgumentNullException.ThrowIfNull(text);
        var restoring = new RestoringStream(vault);
        return restoring.Append(text) + restoring.Complete();
    }
}
