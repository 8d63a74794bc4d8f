using Chancery.Guards.Output;
using Chancery.Guards.PersonalData;
using Chancery.Guards.Pseudonyms;
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

    private readonly PersonalDataVault _vault = new();

    /// <param name="texts">
    /// All that will be hidden, in the order in which placeholders are numbered: a name that one of them introduces is hidden in those before it,
    /// too.
    /// </param>
    public HiddenData(IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            Hide(text);
        }
    }

    // A secret is no personal data to come back: a note stands for it before anything else is looked for.
    public string Hide(string text) => Redaction.Redact(SecretText.Remove(text), Options, _vault).Text;

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
        var hidden = new HiddenData([
            Earlier?.Text ?? "",
            .. Memory.SelectMany(pair => new[] { pair.Question, pair.Answer }),
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
                .. Memory.Select(pair =>
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
