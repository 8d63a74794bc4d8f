using System.CommandLine;
using System.Globalization;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery docs</c>: look at documents and tidy them up.</summary>
internal static class DocumentsCommand
{
    private static readonly Argument<string> One = new("DOCUMENT")
    {
        Description = "By name or id",
        HelpName = "DOCUMENT",
    };

    private static readonly Argument<string[]> Many = new("DOCUMENT")
    {
        Description = "By name or id",
        HelpName = "DOCUMENT",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> InCollection = new("--collection") { Description = "By name or id" };
    private static readonly Option<string?> WithTag = new("--tag") { Description = "Only with this tag" };
    private static readonly Option<string?> Matching = new("--match")
    {
        Description = "Only with this in name or title",
    };
    private static readonly Option<bool> Deleted = new("--deleted") { Description = "Those that were deleted" };

    private static readonly Option<ListedState?> InState = Choices.Of<ListedState>("--state", "Only in this state");

    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "Most documents",
        DefaultValueFactory = _ => 1000,
    };

    private static readonly Option<int?> Version = new("--version-number")
    {
        Description = "Which version; else the latest",
    };

    private static readonly Option<string?> Output = new("--output", "-o")
    {
        Description = "The file to write, - for standard output; else the document's own name, here",
    };

    private static readonly Option<bool> Force = new("--force") { Description = "Overwrite a file that is there" };
    private static readonly Option<string[]> Add = new("--add") { Description = "A tag to add; may be given again" };
    private static readonly Option<string[]> Remove = new("--remove")
    {
        Description = "A tag to take away; may be given again",
    };
    private static readonly Option<string> Target = new("--collection")
    {
        Description = "By name or id",
        Required = true,
    };

    public static Command Create()
    {
        One.CompletionSources.Add(CompletionCommand.DocumentNames);
        Many.CompletionSources.Add(CompletionCommand.DocumentNames);
        return new Command("docs", "Look at documents and tidy them up")
        {
            RemoteCommand.Verb(
                "list",
                "List documents",
                ListAsync,
                InCollection,
                WithTag,
                InState,
                Matching,
                Deleted,
                Limit
            ),
            RemoteCommand.Verb("show", "Show one document", ShowAsync, One),
            RemoteCommand.Verb("versions", "List the versions of a document", VersionsAsync, One),
            RemoteCommand.Verb("download", "Get a document's file back", DownloadAsync, One, Version, Output, Force),
            RemoteCommand.Verb("delete", "Delete documents; restore brings them back", DeleteAsync, Many),
            RemoteCommand.Verb("restore", "Bring deleted documents back", RestoreAsync, Many),
            RemoteCommand.Verb("tag", "Add and take away tags", TagAsync, Many, Add, Remove),
            RemoteCommand.Verb("move", "Move documents to another collection", MoveAsync, Many, Target),
        };
    }

    private static async Task<int> ListAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        Guid? collection = verb.Value(InCollection) is { } name
            ? await Lookup.CollectionAsync(session.Client, name, cancellationToken)
            : null;
        var limit = verb.Value(Limit);
        var documents = new List<DocumentView>();
        var hasMore = false;
        await foreach (
            var document in Lookup.AllAsync(
                session.Client,
                cancellationToken,
                verb.Value(Matching),
                verb.Value(WithTag),
                verb.Value(InState),
                collection,
                verb.Value(Deleted)
            )
        )
        {
            if (documents.Count == limit)
            {
                hasMore = true;
                break;
            }

            documents.Add(document);
        }

        if (verb.AsJson)
        {
            verb.PrintJson(new { items = documents, hasMore });
            return Exit.Ok;
        }

        foreach (var document in documents)
        {
            verb.Print(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{document.Id}  {Name(document.State), -9}  v{document.LatestVersion, -3} {ProgressLine.Size(document.FileSize), 8}  {document.Path}{Tags(document)}"
                )
            );
        }

        if (hasMore || documents.Count == 0)
        {
            verb.Say(hasMore ? "There are more; --limit shows them." : "There are no documents here.");
        }

        return Exit.Ok;
    }

    private static async Task<int> ShowAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var document = await Lookup.DocumentAsync(session.Client, verb.Value(One)!, false, cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(document);
            return Exit.Ok;
        }

        verb.Print($"id          {document.Id}");
        verb.Print($"name        {document.Path}");
        verb.Print($"title       {document.Title}");
        verb.Print(
            $"state       {Name(document.State)}{(document.Failure is { } failure ? $": {failure.Reason}" : "")}"
        );
        verb.Print(
            $"version     {document.LatestVersion}{(document.CurrentVersion is { } current ? $", searched: {current}" : "")}"
        );
        verb.Print($"type        {document.MediaType}, {ProgressLine.Size(document.FileSize)}");
        verb.Print(
            $"pages       {(document.PageCount is { } pages ? pages.ToString(CultureInfo.InvariantCulture) : "not read yet")}"
        );
        verb.Print($"tags        {string.Join(", ", document.Tags)}");
        verb.Print(
            $"collection  {await Lookup.CollectionNameAsync(session.Client, document.CollectionId, cancellationToken)}"
        );
        verb.Print($"changed     {document.UpdatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        return Exit.Ok;
    }

    private static async Task<int> VersionsAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var document = await Lookup.DocumentAsync(session.Client, verb.Value(One)!, false, cancellationToken);
        var versions = new List<VersionView>();
        string? cursor = null;
        do
        {
            var page = await session.Client.ListVersionsAsync(
                document.Id,
                100,
                cursor,
                cancellationToken: cancellationToken
            );
            versions.AddRange(page.Items);
            cursor = page.NextCursor;
        } while (cursor is not null);

        if (verb.AsJson)
        {
            verb.PrintJson(new { items = versions });
            return Exit.Ok;
        }

        foreach (var version in versions)
        {
            verb.Print(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{version.Version, 3}  {Name(version.State), -9}  {version.UploadedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC  {ProgressLine.Size(version.FileSize), 8}  {version.FileName}  {version.Sha256?[..12]}"
                )
            );
        }

        return Exit.Ok;
    }

    private static async Task<int> DownloadAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var document = await Lookup.DocumentAsync(session.Client, verb.Value(One)!, false, cancellationToken);
        var version = verb.Value(Version) ?? document.LatestVersion;
        using var file = await session.Client.DownloadVersionAsync(document.Id, version, cancellationToken);
        // The server's name for it is one name, without a directory; here too nothing else is believed.
        var target = await TargetFile.WriteAsync(
            file.Stream,
            verb.Value(Output),
            Path.GetFileName(document.Path),
            verb.Value(Force),
            cancellationToken
        );
        if (target is null)
        {
            return Exit.Ok;
        }

        Report(
            verb,
            new
            {
                document.Id,
                version,
                file = target,
            },
            $"Wrote {target}."
        );
        return Exit.Ok;
    }

    private static Task<int> DeleteAsync(RemoteCommand verb, CancellationToken cancellationToken) =>
        EachAsync(
            verb,
            deleted: false,
            async (client, document) =>
            {
                await client.DeleteDocumentAsync(document.Id, cancellationToken: cancellationToken);
                return $"Deleted {document.Path}; chancery docs restore {document.Id} brings it back.";
            },
            cancellationToken
        );

    private static Task<int> RestoreAsync(RemoteCommand verb, CancellationToken cancellationToken) =>
        EachAsync(
            verb,
            deleted: true,
            async (client, document) =>
            {
                await client.RestoreDocumentAsync(document.Id, cancellationToken: cancellationToken);
                return $"Restored {document.Path}.";
            },
            cancellationToken
        );

    private static Task<int> TagAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        var (add, remove) = (verb.Value(Add) ?? [], verb.Value(Remove) ?? []);
        return add.Length + remove.Length == 0
            ? throw new RemoteException(Exit.Usage, "Say which tags: --add NAME, --remove NAME.")
            : EachAsync(
                verb,
                deleted: false,
                async (client, document) =>
                {
                    string[] tags = [.. document.Tags.Except(remove).Union(add)];
                    var changed = await client.ChangeDocumentAsync(
                        document.Id,
                        new DocumentChangeRequest { Tags = tags },
                        cancellationToken: cancellationToken
                    );
                    return $"{document.Path}: {(changed.Tags.Count == 0 ? "no tags" : string.Join(", ", changed.Tags))}";
                },
                cancellationToken
            );
    }

    private static async Task<int> MoveAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var collection = await Lookup.CollectionAsync(session.Client, verb.Value(Target)!, cancellationToken);
        return await EachAsync(
            verb,
            deleted: false,
            async (client, document) =>
            {
                await client.ChangeDocumentAsync(
                    document.Id,
                    new DocumentChangeRequest { CollectionId = collection },
                    cancellationToken: cancellationToken
                );
                return $"Moved {document.Path} to {verb.Value(Target)}.";
            },
            cancellationToken
        );
    }

    /// <summary>One after the other; one that fails does not keep the rest from being done.</summary>
    private static async Task<int> EachAsync(
        RemoteCommand verb,
        bool deleted,
        Func<ChanceryClient, DocumentView, Task<string>> act,
        CancellationToken cancellationToken
    )
    {
        using var session = verb.Open();
        var done = new List<object>();
        var code = Exit.Ok;
        foreach (var name in verb.Value(Many)!)
        {
            try
            {
                var document = await Lookup.DocumentAsync(session.Client, name, deleted, cancellationToken);
                var said = await act(session.Client, document);
                done.Add(
                    new
                    {
                        document.Id,
                        document.Path,
                        ok = true,
                    }
                );
                if (!verb.AsJson)
                {
                    verb.Print(said);
                }
            }
            catch (Exception exception)
                when (exception is RemoteException { ExitCode: Exit.Failed }
                    || exception is ChanceryException { StatusCode: not System.Net.HttpStatusCode.Unauthorized }
                )
            {
                code = Exit.Failed;
                done.Add(
                    new
                    {
                        Path = name,
                        ok = false,
                        reason = exception.Message,
                    }
                );
                verb.Say($"chancery: {name}: {exception.Message}");
            }
        }

        if (verb.AsJson)
        {
            verb.PrintJson(new { items = done });
        }

        return code;
    }

    private static void Report<T>(RemoteCommand verb, T outcome, string text)
    {
        if (verb.AsJson)
        {
            verb.PrintJson(outcome);
        }
        else
        {
            verb.Print(text);
        }
    }

    private static string Name(VersionState state) => state.ToString().ToLowerInvariant();

    private static string Tags(DocumentView document) =>
        document.Tags.Count == 0 ? "" : $"  [{string.Join(", ", document.Tags)}]";
}
