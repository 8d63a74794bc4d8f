using System.CommandLine;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery search</c>: the passages that fit a query.</summary>
internal static class SearchCommand
{
    private static readonly Argument<string[]> Query = new("QUERY")
    {
        Description = "What to look for",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most passages",
        DefaultValueFactory = _ => 10,
    };

    private static readonly Option<Rerank?> Again = Choices.Of<Rerank>(
        "--rerank",
        "Rank the best passages once more, in another way; else as the server does it"
    );

    public static Command Create()
    {
        var command = new Command("search", "Find passages")
        {
            Query,
            Limit,
            Again,
            Scope.Collection,
            Scope.Document,
            Scope.Tag,
            RemoteCommand.Server,
            RemoteCommand.Json,
        };
        RemoteCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var response = await session.Client.SearchAsync(
            new SearchRequest
            {
                Query = string.Join(' ', verb.Value(Query)!),
                Limit = verb.Value(Limit),
                Rerank = verb.Value(Again),
                Documents = await Lookup.DocumentsAsync(session.Client, verb.Value(Scope.Document), cancellationToken),
                Collections = await Lookup.CollectionsAsync(
                    session.Client,
                    verb.Value(Scope.Collection),
                    cancellationToken
                ),
                Tags = verb.Value(Scope.Tag) is { Length: > 0 } tags ? tags : null,
            },
            cancellationToken: cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(response);
            return Exit.Ok;
        }

        if (response.Note is { } note)
        {
            verb.Say(note);
        }

        if (response.Rerank?.Note is { } unranked)
        {
            verb.Say(unranked);
        }

        if (response.Results.Count == 0)
        {
            verb.Print("Nothing was found.");
        }

        foreach (var (passage, number) in response.Results.Select((passage, place) => (passage, place + 1)))
        {
            var place = string.IsNullOrEmpty(passage.Place) ? $"page {passage.Page}" : passage.Place;
            verb.Print($"{number}. {passage.Title} ({passage.Path}), version {passage.Version}, {place}");
            verb.Print("   " + Shortened(passage.Text));
        }

        return Exit.Ok;
    }

    private static string Shortened(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 300 ? line : line[..300] + "…";
    }
}

/// <summary>Where search and answers look.</summary>
internal static class Scope
{
    public static readonly Option<string[]> Collection = new("--collection")
    {
        Description = "Only in this collection, by name or id; may be given again",
    };

    public static readonly Option<string[]> Document = new("--document")
    {
        Description = "Only in this document, by name or id; may be given again",
        // Else the help asks the server for names.
        HelpName = "document",
    };

    public static readonly Option<string[]> Tag = new("--tag")
    {
        Description = "Only with this tag; may be given again",
    };

    static Scope() => Document.CompletionSources.Add(CompletionCommand.DocumentNames);
}
