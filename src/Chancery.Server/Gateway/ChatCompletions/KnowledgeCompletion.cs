using System.Text;
using System.Text.Json;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Citing;
using Chancery.Server.Gateway.Knowledge;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Platform.Problems;

namespace Chancery.Server.Gateway.ChatCompletions;

/// <summary>An answer from documents as a chat completion: its text, and its citations as annotations.</summary>
internal sealed class KnowledgeCompletion(KnowledgeModel knowledge, GatewayOptions options, TimeProvider time)
{
    public async Task AnswerAsync(HttpContext http, Principal principal, ChatRequestBody body)
    {
        var cancellationToken = http.RequestAborted;
        var (question, error) = await knowledge.QuestionOfAsync(
            principal,
            body.Model,
            TextsOf(body.Root.GetProperty("messages")),
            body.Temperature,
            body.MostTokens,
            WantsReasoning(body.Root),
            cancellationToken
        );
        if (question is null)
        {
            await error!.WriteAsync(http);
            return;
        }

        question = question with { Freshness = RequestCaching.FreshnessOf(http.Request) };
        var answer = knowledge.AskAsync(principal, question, FaultHandler.TraceIdOf(http), cancellationToken);
        if (body.IsStreamed)
        {
            await StreamAsync(http, body, answer, question.Cache, cancellationToken);
        }
        else
        {
            await WholeAsync(http, body, answer, question.Cache, cancellationToken);
        }
    }

    /// <summary>Text of each message; pictures and files are not asked documents about.</summary>
    internal static IReadOnlyList<(string Role, string Text)> TextsOf(JsonElement messages) =>
        [
            .. messages
                .EnumerateArray()
                .Where(message => message.ValueKind is JsonValueKind.Object)
                .Select(message => (RoleOf(message), TextOf(message))),
        ];

    private static bool WantsReasoning(JsonElement root) =>
        root.TryGetProperty("reasoning_effort", out var effort)
        && effort.ValueKind is JsonValueKind.String
        && !effort.ValueEquals("none"u8);

    private static string RoleOf(JsonElement message) =>
        message.TryGetProperty("role", out var role) && role.ValueKind is JsonValueKind.String
            ? role.GetString()!
            : "user";

    private static string TextOf(JsonElement message) =>
        !message.TryGetProperty("content", out var content) ? ""
        : content.ValueKind is JsonValueKind.String ? content.GetString()!
        : content.ValueKind is JsonValueKind.Array
            ? string.Concat(
                content
                    .EnumerateArray()
                    .Where(part =>
                        part.ValueKind is JsonValueKind.Object
                        && part.TryGetProperty("text", out var text)
                        && text.ValueKind is JsonValueKind.String
                    )
                    .Select(part => part.GetProperty("text").GetString())
            )
        : "";

    private async Task StreamAsync(
        HttpContext http,
        ChatRequestBody body,
        IAsyncEnumerable<AnswerEvent> answer,
        CacheReport cache,
        CancellationToken cancellationToken
    )
    {
        var events = new EventWriter(http, options.PingInterval, time);
        var writer = new CompletionWriter(body.Model, time);
        var begun = false;
        var written = new StringBuilder();
        var annotations = new List<Annotation>();
        await foreach (var happened in answer.WithCancellation(cancellationToken))
        {
            switch (happened)
            {
                case AnswerEvent.Reasoned reasoned:
                    await BeginAsync();
                    await events.WriteAsync(writer.Thought(reasoned.Step.ToText()), cancellationToken);
                    break;
                case AnswerEvent.Text text:
                    await BeginAsync();
                    written.Append(text.Delta);
                    await events.WriteAsync(writer.Text(text.Delta), cancellationToken);
                    break;
                case AnswerEvent.Cited cited:
                    annotations.Add(Annotation.Of(cited.Citation, written.ToString()));
                    break;
                case AnswerEvent.Broken broken when !begun:
                    await OpenAIError.Of(broken.Problem).WriteAsync(http);
                    return;
                case AnswerEvent.Broken broken:
                    http.BrokeOff();
                    await events.WriteAsync(
                        OpenAIError.Of(broken.Problem).ToJson(http.TraceIdentifier),
                        cancellationToken
                    );
                    return;
                case AnswerEvent.Done done:
                    await events.WriteAsync(
                        writer.Finish(annotations, done.Answer.Truncated is true ? "length" : "stop"),
                        cancellationToken
                    );
                    if (body.WantsUsage)
                    {
                        await events.WriteAsync(writer.Usage(done.Answer.Usage), cancellationToken);
                    }

                    await events.WriteAsync("[DONE]"u8.ToArray(), cancellationToken);
                    return;
            }
        }

        async Task BeginAsync()
        {
            if (!begun)
            {
                begun = true;
                CacheHeader.Tell(http.Response, cache.Outcome);
                events.Begin();
                await events.WriteAsync(writer.Role(), cancellationToken);
            }
        }
    }

    private async Task WholeAsync(
        HttpContext http,
        ChatRequestBody body,
        IAsyncEnumerable<AnswerEvent> answer,
        CacheReport cache,
        CancellationToken cancellationToken
    )
    {
        await foreach (var happened in answer.WithCancellation(cancellationToken))
        {
            switch (happened)
            {
                case AnswerEvent.Broken broken:
                    await OpenAIError.Of(broken.Problem).WriteAsync(http);
                    return;
                case AnswerEvent.Done { Answer: var whole }:
                    http.Response.Headers[CallHeaders.Model] = whole.Model;
                    CacheHeader.Tell(http.Response, cache.Outcome);
                    http.Response.ContentType = "application/json";
                    await http.Response.Body.WriteAsync(
                        new CompletionWriter(body.Model, time).Whole(
                            whole,
                            [.. whole.Citations.Select(citation => Annotation.Of(citation, whole.Answer))]
                        ),
                        cancellationToken
                    );
                    return;
            }
        }
    }
}

/// <summary>A citation in the shape of OpenAI's annotations, with all that Chancery knows of it beside it.</summary>
/// <param name="Start">Where, in characters of the answer, the marker stands that it belongs to.</param>
internal sealed record Annotation(Citation Citation, int Start, int End)
{
    /// <summary>A page of this server, for whoever may read the document.</summary>
    public string Url => $"/documents/{Citation.DocumentId}?version={Citation.Version}&page={Citation.Page}";

    /// <param name="answer">All of it, or what there is of it so far: a citation comes after the text that holds its marker.</param>
    public static Annotation Of(Citation citation, string answer)
    {
        var at = answer.IndexOf(Marker(citation), StringComparison.Ordinal);
        return at < 0
            ? new Annotation(citation, answer.Length, answer.Length)
            : new(citation, at, at + Marker(citation).Length);
    }

    private static string Marker(Citation citation) => $"[{citation.Number}]";
}
