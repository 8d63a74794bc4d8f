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
    /// Replaces what is found, and what the vault holds already wherever it stands. One value has one placeholder in all texts of a
    /// vault. What already looks like a placeholder, with its brackets or without, is replaced, too, so that nobody gets at another's value by
    /// writing its placeholder, and no number of an earlier text is taken for one of this: <see cref="Restore"/> gives every text back as it was.
    /// </summary>
    /// <param name="text">What is to be sent away.</param>
    /// <param name="options">What counts as personal data.</param>
    /// <param name="vault">Gains what is found.</param>
    public static RedactedText Redact(string text, PersonalDataOptions options, PersonalDataVault vault) =>
        RedactAll([text], options, vault)[0];

    /// <summary>
    /// The same for texts that belong together: what one of them tells of a value holds in those before it, too. Each is looked through once.
    /// </summary>
    /// <param name="texts">In the order in which placeholders are numbered.</param>
    /// <param name="options">What counts as personal data.</param>
    /// <param name="vault">Gains what is found.</param>
    /// <returns>As many, in their order.</returns>
    public static IReadOnlyList<RedactedText> RedactAll(
        IReadOnlyList<string> texts,
        PersonalDataOptions options,
        PersonalDataVault vault
    )
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentNullException.ThrowIfNull(vault);
        var detected = new List<IReadOnlyList<PersonalDataSpan>>(texts.Count);
        foreach (var text in texts)
        {
            var spans = PersonalDataDetector.Find(text, options);
            detected.Add(spans);
            foreach (var span in spans)
            {
                vault.PlaceholderOf(PersonalDataVault.NameOf(span.Kind), text.Substring(span.Start, span.Length));
            }
        }

        var known = new KnownValues(vault);
        return [.. texts.Select((text, i) => Replace(text, known.AddTo(detected[i], text), vault))];
    }

    private static RedactedText Replace(string text, IReadOnlyList<PersonalDataSpan> found, PersonalDataVault vault)
    {
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

            var end =
                text[at] is '[' or '\\' ? PlaceholderText.Read(text, at, out _, out _)
                : char.IsAsciiLetterUpper(text[at]) ? PlaceholderText.ReadBare(text, at)
                : 0;
            if (end > 0)
            {
                redacted.Append(vault.PlaceholderOf(PersonalDataVault.Literal, text[at..end]));
                at = end;
                continue;
            }

            redacted.Append(text[at++]);
        }

        return new(redacted.ToString(), kept);
    }

    /// <summary>
    /// Puts the values back, once: what a value holds is not read again. Placeholders that the vault does not know stay. Upper and lower
    /// case do not matter, nor do Markdown's escapes.
    /// </summary>
    public static string Restore(string text, PersonalDataVault vault)
    {
        ArgumentNullException.ThrowIfNull(text);
        var restoring = new RestoringStream(vault);
        return restoring.Append(text) + restoring.Complete();
    }
}
