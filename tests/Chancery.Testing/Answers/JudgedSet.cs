namespace Chancery.Testing.Answers;

/// <summary>Documents, and questions about them of which somebody wrote down what is right.</summary>
/// <param name="Name">As tables call it.</param>
public sealed record JudgedSet(string Name, IReadOnlyList<JudgedFile> Files, IReadOnlyList<QuestionRound> Rounds);

/// <param name="Name">With its ending: the path under which it is uploaded, and which places name.</param>
/// <param name="Tag">Which rounds ask it; null where all do.</param>
public sealed record JudgedFile(string Name, byte[] Content, string? Tag = null);

/// <summary>Questions that are asked together, of some of the documents.</summary>
/// <param name="Kind">Tables put rounds of a kind together.</param>
/// <param name="Tags">Only files with one of these; null for all.</param>
public sealed record QuestionRound(
    RoundKind Kind,
    IReadOnlyList<JudgedQuestion> Questions,
    IReadOnlyList<string>? Tags = null
);

/// <summary>What the right thing to do with a question is.</summary>
public enum RoundKind
{
    /// <summary>The documents hold the answer.</summary>
    Answerable,

    /// <summary>They are about the same subject, and the one with the answer is taken out.</summary>
    LeftOut,

    /// <summary>They are about something else.</summary>
    Foreign,
}

/// <param name="Language">ISO 639-1.</param>
/// <param name="Answers">Any of them is right; empty where nobody wrote one down.</param>
/// <param name="Places">Where the answer stands, all of them; null where nobody said.</param>
public sealed record JudgedQuestion(
    string Text,
    string Language,
    IReadOnlyList<string> Answers,
    IReadOnlyList<JudgedPlace>? Places
);

/// <param name="File">Its name.</param>
/// <param name="Page">From 1; null for anywhere in it.</param>
public sealed record JudgedPlace(string File, int? Page = null);
