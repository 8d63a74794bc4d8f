using System.Net.ServerSentEvents;

namespace Chancery.Server.Answers.Chat;

/// <summary>An answer's events as server-sent events.</summary>
internal static class AnswerStream
{
    public static SseItem<object> Render(AnswerEvent happened) =>
        happened switch
        {
            AnswerEvent.Retrieved retrieved => new SseItem<object>(retrieved.Retrieval, "retrieval"),
            AnswerEvent.Reasoned reasoned => new SseItem<object>(reasoned.Step, "reasoning"),
            AnswerEvent.Text text => new SseItem<object>(new TextDelta(text.Delta), "text"),
            AnswerEvent.Cited cited => new SseItem<object>(cited.Citation, "citation"),
            AnswerEvent.Done done => new SseItem<object>(done.Answer, "done"),
            AnswerEvent.Broken broken => new SseItem<object>(broken.Problem, "error"),
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled event {happened}."),
        };

    internal sealed record TextDelta(string Delta);

    internal sealed record Ping(DateTimeOffset At);
}
