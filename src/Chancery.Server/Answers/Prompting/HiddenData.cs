using Chancery.Guards.Output;
using Chancery.Guards.PersonalData;
using Chancery.Guards.Pseudonyms;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Answers.Conversations;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Answers.Prompting;

/// <summary>
/// Placeholders in place of personal data, the same one for the same value in all texts that a model is told, and the way back. Restoring is safe
/// for concurrent use, hiding is not.
/// </summary>
internal sealed class HiddenData
{
    // What is hidden without need comes back in the answer; what is not hidden does not come back from a provider. Of whom something is said a
    // company, a country and a town do not tell, and without them a model does not know which law it reads about.
    private static readonly PersonalDataOptions Options = PersonalDataOptions.Default with
    {
        Kinds = PersonalDataOptions
            .UsualKinds.Except([PersonalDataKind.Organisation, PersonalDataKind.Location, PersonalDataKind.Nationality])
            .ToHashSet(),
        LeastConfidence = PersonalDataOptions.Thorough,
    };

    /// <summary>No text that models are told again is longer than this, in UTF-16 units; of a longer one its beginning is hidden and told.</summary>
    private const int MostRemembered = 16_000;

    /// <summary>Of what a longer text ends before, so that no value is cut in two: so far back the end of a sentence is looked for.</summary>
    private const int LongestSentence = 1_000;

    /// <summary>Brackets in brackets that leave a marker when one is taken out; what has more has none of them.</summary>
    private const int MostPasses = 8;

    private readonly PersonalDataVault _vault = new();
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);

    /// <param name="texts">
    /// All that will be hidden, in the order in which placeholders are numbered: a name that one of them introduces is hidden in those before it,
    /// too.
    /// </param>
    public HiddenData(IEnumerable<string> texts)
    {
        string[] each = [.. texts.Distinct(StringComparer.Ordinal)];
        // What nobody sees goes first: it would hide a value from its pattern, and a placeholder from being known as none. A secret is no
        // personal data to come back: a note stands for it before anything else is looked for.
        Texts = [.. each.Select(text => SecretText.Remove(UntrustedText.Visible(text)))];
        foreach (var (text, hidden) in each.Zip(Redaction.RedactAll(Texts, Options, _vault)))
        {
            _told[text] = hidden.Text;
        }
    }

    /// <summary>What was hidden, as it was, each once.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <param name="text">One of those that it was made of.</param>
    public string Hide(string text) => _told[text];

    /// <summary>An earlier answer as it may be hidden: without markers, whose removal afterwards could make a placeholder whole, and not too long.</summary>
    public static string WithoutMarkers(string answer)
    {
        var text = Bounded(answer);
        for (var pass = 0; pass < MostPasses; pass++)
        {
            var without = CitationMarkers.Remove(CitationMarkers.Bracketed(UntrustedText.Visible(text)));
            if (without.Length == text.Length)
            {
                return without;
            }

            text = without;
        }

        return string.Concat(text.Where(c => !CitationMarkers.Opens(c) && c is not ('(' or '［')));
    }

    /// <summary>A text that is told again: all of it, or a long one's beginning.</summary>
    public static string Bounded(string text)
    {
        if (text.Length <= MostRemembered)
        {
            return text;
        }

        for (var at = MostRemembered; at > MostRemembered - LongestSentence; at--)
        {
            if (text[at - 1] == '\n' || (text[at - 1] is '.' or '!' or '?' && char.IsWhiteSpace(text[at])))
            {
                return text[..at];
            }
        }

        return text[..(MostRemembered - LongestSentence)];
    }

    /// <summary>A whole text of the model with what stands behind its placeholders; those that nobody gave it stay.</summary>
    public string Restore(string text) => Redaction.Restore(text, _vault);

    /// <summary>The same for a text that comes in pieces.</summary>
    public RestoringStream Restoring() => new(_vault);
}

/// <summary>A question with its passages and its conversation, as a model is told them.</summary>
/// <param name="Passages">As many as were found, in their order; what is cited is cited from those that were found.</param>
/// <param name="Hidden">Null where all is told as it is.</param>
internal sealed record ToldExchange(
    string Question,
    IReadOnlyList<Passage> Passages,
    IReadOnlyList<RememberedPair> Memory,
    EarlierSummary? Earlier,
    HiddenData? Hidden = null
)
{
    /// <summary>With placeholders for personal data.</summary>
    public ToldExchange Hide()
    {
        var memory = Memory
            .Select(pair =>
                pair with
                {
                    Question = HiddenData.Bounded(pair.Question),
                    Answer = HiddenData.WithoutMarkers(pair.Answer),
                }
            )
            .ToList();
        var hidden = new HiddenData([
            Earlier?.Text ?? "",
            .. memory.SelectMany(pair => new[] { pair.Question, pair.Answer }),
            .. Passages.SelectMany(passage => new[] { passage.Title, passage.Heading, passage.Text }),
            Question,
        ]);
        return new(
            hidden.Hide(Question),
            [
                .. Passages.Select(passage =>
                    passage with
                    {
                        Title = hidden.Hide(passage.Title),
                        Heading = hidden.Hide(passage.Heading),
                        Text = hidden.Hide(passage.Text),
                    }
                ),
            ],
            [
                .. memory.Select(pair =>
                    pair with
                    {
                        Question = hidden.Hide(pair.Question),
                        Answer = hidden.Hide(pair.Answer),
                    }
                ),
            ],
            Earlier is null ? null : Earlier with { Text = hidden.Hide(Earlier.Text) },
            hidden
        );
    }
}
