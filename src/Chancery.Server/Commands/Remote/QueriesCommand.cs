using System.CommandLine;
using System.Globalization;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery queries</c>: what was searched for, and the same search again.</summary>
internal static class QueriesCommand
{
    private const string Last = "last";

    private static readonly Option<bool> All = new("--all")
    {
        Description = "Of everybody in the organisation; for owners and admins",
    };

    private static readonly Option<int> Most = new("--limit")
    {
        Description = "Most queries",
        DefaultValueFactory = _ => 20,
    };

    private static readonly Option<string?> Match = new("--match")
    {
        Description = "Only queries in which this stands",
    };

    private static readonly Option<SearchEngine?> Engine = Choices.Of<SearchEngine>(
        "--engine",
        "Only what was answered in memory, or by PostgreSQL"
    );

    private static readonly Option<SearchMode?> Mode = Choices.Of<SearchMode>(
        "--mode",
        "Only what was searched by words and meaning, or by words only"
    );

    private static readonly Option<DateTimeOffset?> From = Choices.Time("--from", "Asked then or later");
    private static readonly Option<DateTimeOffset?> To = Choices.Time("--to", "Asked before");

    private static readonly Option<bool> NoHits = new("--no-hits") { Description = "Only what found nothing" };

    private static readonly Option<SearchEngine?> With = Choices.Of<SearchEngine>(
        "--engine",
        "In memory or by PostgreSQL; else as search does it now"
    );

    private static readonly Option<Rerank?> Again = Choices.Of<Rerank>(
        "--rerank",
        "Rank the best passages once more, in another way; else as the server does it"
    );

    private static readonly Argument<string> Query = new("QUERY")
    {
        Description = "The id of a query, or last for your newest",
    };

    private static readonly Option<bool> Lexical = new("--lexical") { Description = "By words only" };

    private static readonly Option<int?> Limit = new("--limit") { Description = "Most passages; else as then" };

    private static readonly Option<double?> Threshold = new("--threshold")
    {
        Description = "Cosine similarity, 0 to 1, that passages must exceed; else as then",
    };

    private static readonly Argument<string?> Which = new("QUERY")
    {
        Description = "The id of a query, or last for your newest; left out, all of them",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Command Create()
    {
        var command = new Command("queries", "What was searched for");
        command.Subcommands.Add(
            Verb(
                "list",
                "List queries, the newest first",
                ListAsync,
                [All, Most, Match, From, To, Engine, Mode, NoHits]
            )
        );
        command.Subcommands.Add(
            Verb("replay", "Search again and compare", ReplayAsync, [Lexical, With, Again, Limit, Threshold], Query)
        );
        command.Subcommands.Add(Verb("delete", "Delete queries from the log", DeleteAsync, [All], Which));
        return command;
    }

    private static Command Verb(
        string name,
        string description,
        Func<RemoteCommand, CancellationToken, Task<int>> run,
        IEnumerable<Option> options,
        params Argument[] arguments
    )
    {
        var verb = new Command(name, description);
        foreach (var argument in arguments)
        {
            verb.Arguments.Add(argument);
        }

        foreach (var option in options.Concat([RemoteCommand.Server, RemoteCommand.Json]))
        {
            verb.Options.Add(option);
        }

        RemoteCommand.Set(verb, run);
        return verb;
    }

    private static async Task<int> ListAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var queries = new List<QueryView>();
        string? cursor = null;
        var most = verb.Value(Most);
        do
        {
            var page = await session.Client.ListQueriesAsync(
                limit: Math.Clamp(most - queries.Count, 1, 100),
                cursor: cursor,
                q: verb.Value(Match),
                all: verb.Value(All),
                from: verb.Value(From),
                to: verb.Value(To),
                engine: verb.Value(Engine),
                mode: verb.Value(Mode),
                noHits: verb.Value(NoHits),
                cancellationToken: cancellationToken
            );
            queries.AddRange(page.Items);
            cursor = page.NextCursor;
        } while (cursor is not null && queries.Count < most);

        if (verb.AsJson)
        {
            verb.PrintJson(queries);
            return Exit.Ok;
        }

        foreach (var query in queries)
        {
            verb.Print(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{query.Id}  {query.CreatedAt:yyyy-MM-dd HH:mm}  {Choices.WordOf(query.Mode)} in {Choices.WordOf(query.Engine)}, {query.Found} found, {query.TotalMs:0} ms  {query.Query}"
                )
            );
        }

        if (queries.Count == 0)
        {
            verb.Say("Nothing is written down.");
        }

        return Exit.Ok;
    }

    private static async Task<int> ReplayAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var replay = await session.Client.ReplayQueryAsync(
            await IdAsync(session.Client, verb.Value(Query)!, cancellationToken),
            new ReplayRequest
            {
                Mode = verb.Value(Lexical) ? SearchMode.Lexical : null,
                Engine = verb.Value(With),
                Rerank = verb.Value(Again),
                Limit = verb.Value(Limit),
                Threshold = verb.Value(Threshold),
            },
            cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(replay);
            return Exit.Ok;
        }

        if (replay.After.Note is { } note)
        {
            verb.Say(note);
        }

        if (replay.After.Rerank?.Note is { } unranked)
        {
            verb.Say(unranked);
        }

        verb.Print(
            $"{replay.Query.Query}: {replay.Before.Count} found then, {replay.After.Results.Count} now, {replay.Kept} in both"
        );
        foreach (var change in replay.Changes)
        {
            verb.Print($"{Rank(change.Before)} → {Rank(change.After)}  {change.Title ?? "(a document that is gone)"}");
        }

        return Exit.Ok;
    }

    private static async Task<int> DeleteAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var deleted = 1;
        if (verb.Value(Which) is { } which)
        {
            var id = await IdAsync(session.Client, which, cancellationToken);
            await session.Client.DeleteQueryAsync(id, cancellationToken);
        }
        else
        {
            deleted = (
                await session.Client.DeleteQueriesAsync(all: verb.Value(All), cancellationToken: cancellationToken)
            ).Deleted;
        }

        if (verb.AsJson)
        {
            verb.PrintJson(new { Deleted = deleted });
        }
        else
        {
            verb.Say($"Deleted {deleted}.");
        }

        return Exit.Ok;
    }

    private static async Task<Guid> IdAsync(ChanceryClient client, string given, CancellationToken cancellationToken)
    {
        if (Guid.TryParse(given, out var id))
        {
            return id;
        }

        if (given != Last)
        {
            throw new RemoteException(
                Exit.Usage,
                $"\"{given}\" is no id of a query: chancery queries list names them."
            );
        }

        var newest = await client.ListQueriesAsync(limit: 1, cancellationToken: cancellationToken);
        return newest.Items.Count > 0
            ? newest.Items[0].Id
            : throw new RemoteException(Exit.Failed, "No query of yours is written down.");
    }

    private static string Rank(int? rank) =>
        rank is { } number ? number.ToString("D2", CultureInfo.InvariantCulture) : " –";
}
