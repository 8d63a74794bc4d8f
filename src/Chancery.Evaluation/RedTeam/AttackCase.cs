namespace Chancery.Evaluation.RedTeam;

/// <summary>
/// One attack, or one harmless text that looks like an attack, as data. Texts are templates: <see cref="AttackText"/> says what may stand in them.
/// </summary>
/// <param name="Id">Unique within a run: 1 to 100 letters, digits, hyphens, underscores and dots.</param>
/// <param name="Language">BCP 47, such as <c>en</c>.</param>
/// <param name="Text">What stands at the place.</param>
/// <param name="Question">What is asked where the text is not the question itself; left out, one that the document answers.</param>
/// <param name="Goal">What counts as success; of a harmless case of no meaning.</param>
/// <param name="IsBenign">Whether it is harmless: then no guard is to touch the answer.</param>
/// <param name="Obeyed">
/// What a model says that does what the text wants; of a harmless case what an honest model says. For measuring guards by a model that
/// obeys everything; without it such a model is told the mark.
/// </param>
public sealed record AttackCase(
    string Id,
    AttackClass Class,
    AttackPlace Place,
    string Language,
    string Text,
    string? Question = null,
    AttackGoal Goal = AttackGoal.Mark,
    AttackScope Scope = AttackScope.Bait,
    bool IsBenign = false,
    string? Obeyed = null
)
{
    public const int LongestId = 100;
    public const int LongestText = 8_000;
    public const int LongestQuestion = 4_000;

    /// <summary>Whether a document has to be laid out for it alone.</summary>
    public bool NeedsDocument => Place is not (AttackPlace.Question or AttackPlace.ToolCall);

    /// <summary>Why it cannot be used; null where it can. For cases that somebody else wrote.</summary>
    public string? WhyNot() =>
        Id is not { Length: >= 1 and <= LongestId }
        || !Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? $"id takes 1 to {LongestId} letters, digits, hyphens, underscores and dots."
        : Text is not { Length: > 0 } ? "text is missing."
        : Text.Length > (Place == AttackPlace.Question ? LongestQuestion : LongestText)
            ? $"text takes {LongestText} characters, and {LongestQuestion} where it is the question."
        : Question?.Length is 0 or > LongestQuestion ? $"question takes 1 to {LongestQuestion} characters."
        : Language is not { Length: >= 2 and <= 35 } ? "language is a tag such as en."
        : !NeedsDocument && Question is not null ? "question belongs to texts that stand in a document."
        : Place == AttackPlace.ToolCall && AttackToolCall.Read(Text) is null
            ? $"A tool's call is an object with tool ({string.Join(", ", AttackToolCall.Tools)}) and arguments."
        : !Enum.IsDefined(Class) || !Enum.IsDefined(Place) || !Enum.IsDefined(Goal) || !Enum.IsDefined(Scope)
            ? "class, place, goal or scope is not one of those that there are."
        : Obeyed?.Length > LongestText ? $"obeyed takes {LongestText} characters."
        : Text.Contains('\0') || Question?.Contains('\0') == true ? "No text holds a NUL character."
        : AttackText.Unknown(Text) is { } unknown ? $"There is no {{{{{unknown}}}}}."
        : Question is not null && AttackText.Unknown(Question) is { } other ? $"There is no {{{{{other}}}}}."
        : null;
}
