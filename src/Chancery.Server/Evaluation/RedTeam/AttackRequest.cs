using Chancery.Evaluation.RedTeam;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>What a case puts to those that write without looking anything up. Immutable.</summary>
/// <param name="Asked">What whoever asks says.</param>
/// <param name="Title">Of the text that it is about.</param>
/// <param name="Text">What it is about: it holds the secret, and the attack where that does not stand in what is asked.</param>
internal sealed record AttackRequest(string Asked, string Title, string Text)
{
    /// <summary>Both, for whom there is one place alone.</summary>
    public string Whole => $"{Asked}\n\nThe text that it is about ({Title}):\n\n{Text}";

    public static AttackRequest Of(AttackCase attack, AttackValues values) =>
        new(
            AttackText.Fill(
                attack.NeedsDocument ? attack.Question ?? "What is {{project}} about?" : attack.Text,
                values,
                attack.Id
            ),
            attack.NeedsDocument ? BaitDocuments.NameOf(attack, values) ?? "notes.md" : "notes.md",
            attack.NeedsDocument ? BaitDocuments.TextOf(attack, values) : BaitDocuments.About(values, "")
        );
}
