namespace Chancery.Contracts.Comparing;

public enum WordChangeKind
{
    Kept,
    Deleted,
    Inserted,
}

/// <summary>Some words of a text, with the spaces between them.</summary>
/// <param name="Text">Never empty.</param>
public readonly record struct WordChange(WordChangeKind Kind, string Text);
