using System.Globalization;
using System.Text;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Citing;

namespace Chancery.Server.Answers.Conversations;

/// <summary>A conversation as a Markdown document: questions as headings, sources under each answer.</summary>
/// <remarks>
/// Whoever opens it may have a viewer that loads pictures and runs HTML. Neither leaves here: an answer, or a document's
/// title, must not call home from somebody's desk.
/// </remarks>
internal static class MarkdownExport
{
    public static string Of(Conversation conversation, IReadOnlyList<ConversationThread> threads)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {Line(conversation.Title)}\n");
        foreach (var (question, answer) in threads)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {Line(question.Content)}\n\n");
            text.Append(CultureInfo.InvariantCulture, $"*Asked {question.CreatedAt:yyyy-MM-dd HH:mm} UTC");
            text.Append(answer?.Model is { } model ? $", answered by {Line(model)}*\n\n" : "*\n\n");
            text.Append(Harmless(answer?.Content ?? "")).Append('\n');
            if (NoteOn(answer) is { } note)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n*{note}*\n");
            }

            foreach (var citation in answer?.Citations ?? [])
            {
                Append(text, citation);
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, Citation citation) =>
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n[{citation.Number}] {Line(citation.Title)}, {Line(PlaceOf(citation))}, version {citation.Version}:\n"
                + $"> {Line(citation.Quote)}\n"
        );

    /// <summary>"page 3", "Slide 3", "Sheet Costs, B4:D9".</summary>
    private static string PlaceOf(Citation citation) =>
        (citation.PageLabel, citation.Place) switch
        {
            (null, null) => $"page {citation.Page}",
            ({ } label, null) => label,
            (null, { } place) => place,
            ({ } label, { } place) => place.StartsWith(label, StringComparison.Ordinal) ? place : $"{label}, {place}",
        };

    private static string? NoteOn(Message? answer) =>
        answer switch
        {
            null or { Outcome: AnswerOutcome.Failed } => "There is no answer.",
            { Outcome: AnswerOutcome.Unsupported } => "The documents do not support an answer.",
            { Outcome: AnswerOutcome.Blocked } => "The answer was stopped: it would have told what must not leave.",
            { Outcome: AnswerOutcome.Partial } => "The answer was broken off.",
            { Degraded: true } => "The model did not answer: these are quotes from the documents.",
            _ => null,
        };

    private static string Line(string text) =>
        Harmless(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));

    private static string Harmless(string text) =>
        text.Replace("<", "&lt;", StringComparison.Ordinal).Replace("![", "!\\[", StringComparison.Ordinal);
}
