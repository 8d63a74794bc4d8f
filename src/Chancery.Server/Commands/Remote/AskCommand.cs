using System.CommandLine;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery ask</c>: an answer as it comes, then where each part of it stands.</summary>
internal static class AskCommand
{
    private static readonly Argument<string[]> Question = new("QUESTION")
    {
        Description = "What you want to know",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> Model = new("--model") { Description = "The model that answers" };

    private static readonly Option<string?> Conversation = new("--session")
    {
        Description = "Go on with a conversation: the session_id of an earlier answer",
    };

    public static Command Create()
    {
        var command = new Command("ask", "Ask a question and get an answer with citations")
        {
            Question,
            Scope.Collection,
            Scope.Document,
            Scope.Tag,
            Model,
            Conversation,
            RemoteCommand.Server,
            RemoteCommand.Json,
        };
        RemoteCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var request = new ChatRequest
        {
            Question = string.Join(' ', verb.Value(Question)!),
            Model = verb.Value(Model),
            SessionId = verb.Value(Conversation),
            Documents = await Lookup.DocumentsAsync(session.Client, verb.Value(Scope.Document), cancellationToken),
            Collections = await Lookup.CollectionsAsync(
                session.Client,
                verb.Value(Scope.Collection),
                cancellationToken
            ),
            Tags = verb.Value(Scope.Tag) is { Length: > 0 } tags ? tags : null,
        };
        // Without an Idempotency-Key: nothing is asked twice here, and with one the model would talk on after Ctrl-C.
        await foreach (var happened in session.Client.AskAsync(request, null, cancellationToken))
        {
            switch (happened)
            {
                case AnswerEvent.Retrieved { Retrieval.Note: { } note } when !verb.AsJson:
                    verb.Say(note);
                    break;
                case AnswerEvent.Text text when !verb.AsJson:
                    verb.PrintPart(text.Delta);
                    break;
                case AnswerEvent.Broken broken:
                    verb.PrintPart(verb.AsJson ? "" : "\n");
                    throw new RemoteException(
                        Exit.Failed,
                        $"The answer broke off: {broken.Problem.Title}. {broken.Problem.Detail}"
                    );
                case AnswerEvent.Done done:
                    Finish(verb, done.Answer);
                    return Exit.Ok;
                default:
                    break;
            }
        }

        throw new RemoteException(Exit.Failed, "The answer broke off. Ask again.");
    }

    private static void Finish(RemoteCommand verb, ChatAnswer answer)
    {
        if (verb.AsJson)
        {
            verb.PrintJson(answer);
            return;
        }

        verb.Print("");
        foreach (var citation in answer.Citations.OrderBy(citation => citation.Number))
        {
            verb.Print(
                $"\n[{citation.Number}] {citation.Title} ({citation.Path}), version {citation.Version}, page {citation.Page}"
            );
            verb.Print(
                $"    \"{string.Join(' ', citation.Quote.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}\""
            );
        }

        if (answer.Degraded == true)
        {
            verb.Say("The model could not be reached; the answer was quoted from the documents.");
        }
    }
}
