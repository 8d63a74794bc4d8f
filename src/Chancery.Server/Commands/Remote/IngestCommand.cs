using System.CommandLine;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery ingest</c>: files and directories into the server, as often as one likes.</summary>
internal static class IngestCommand
{
    private static readonly Argument<string[]> Paths = new("PATH")
    {
        Description = "Files and directories; directories with everything below them, except hidden files",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string[]> Include = new("--include")
    {
        Description = "Only files that fit a pattern, such as '*.pdf'; may be given again",
    };

    private static readonly Option<string[]> Exclude = new("--exclude")
    {
        Description = "Not what fits a pattern, such as 'drafts/**'; may be given again",
    };

    private static readonly Option<string?> Collection = new("--collection")
    {
        Description = "The collection to put them into, by name or id",
    };

    private static readonly Option<string[]> Tag = new("--tag") { Description = "A tag for each; may be given again" };

    private static readonly Option<int> Jobs = new("--jobs")
    {
        Description = "Uploads at once, 1 to 32",
        DefaultValueFactory = _ => 4,
    };

    private static readonly Option<int> Patience = new("--patience")
    {
        Description = "Seconds for which a server that does not answer is tried again",
        DefaultValueFactory = _ => 120,
    };

    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Only say what would be done" };

    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "End when everything is uploaded, without waiting until it is read",
    };

    public static Command Create()
    {
        var command = new Command("ingest", "Upload what is new or changed, and wait until it can be searched")
        {
            Paths,
            Include,
            Exclude,
            Collection,
            Tag,
            Jobs,
            Patience,
            DryRun,
            NoWait,
            RemoteCommand.Server,
            RemoteCommand.Json,
        };
        Jobs.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 32)
            {
                result.AddError("--jobs takes 1 to 32.");
            }
        });
        RemoteCommand.Set(command, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var walk = new FileWalk(new Globs(verb.Value(Include) ?? []), new Globs(verb.Value(Exclude) ?? []));
        var found = walk.Run(verb.Value(Paths)!).ToList();
        var journal = new IngestJournal(session.Owner);
        var run = new IngestRun(
            session.Client,
            journal,
            new IngestOptions(
                verb.Value(Collection) is { } name
                    ? await Lookup.CollectionAsync(session.Client, name, cancellationToken)
                    : null,
                verb.Value(Tag) is { Length: > 0 } tags ? tags : null,
                verb.Value(Jobs),
                TimeSpan.FromSeconds(verb.Value(Patience)),
                verb.Value(DryRun),
                Wait: !verb.Value(NoWait) && !verb.Value(DryRun)
            ),
            (stage, done, total) => verb.Line.Report(stage, done, total, "files"),
            verb.Say
        );
        try
        {
            await run.RunAsync(found, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Print(verb, run, found.Count);
            verb.Say("chancery: interrupted. Run the same command again to go on.");
            return Exit.Interrupted;
        }
        catch (Exception exception) when (exception is HttpRequestException or HttpIOException)
        {
            Print(verb, run, found.Count);
            verb.Say($"chancery: {verb.Unreachable(exception)} Run the same command again to go on.");
            return Exit.Unreachable;
        }
        catch (ChanceryException exception) when (RemoteCommand.IsPassing(exception))
        {
            Print(verb, run, found.Count);
            verb.Say($"chancery: {exception.Message} Run the same command again to go on.");
            return Exit.Failed;
        }

        Print(verb, run, found.Count);
        return run.Files.Any(file => file.Outcome == "failed") ? Exit.Failed : Exit.Ok;
    }

    private static void Print(RemoteCommand verb, IngestRun run, int found)
    {
        var files = run.Files;
        var counts = files.CountBy(file => file.Outcome).ToDictionary();
        if (verb.AsJson)
        {
            verb.PrintJson(
                new
                {
                    found,
                    uploaded = counts.GetValueOrDefault("uploaded"),
                    updated = counts.GetValueOrDefault("updated"),
                    unchanged = counts.GetValueOrDefault("unchanged"),
                    skipped = counts.GetValueOrDefault("skipped"),
                    failed = counts.GetValueOrDefault("failed"),
                    files,
                }
            );
            return;
        }

        foreach (var file in files.Where(file => file.Outcome.StartsWith("would-", StringComparison.Ordinal)))
        {
            verb.Print(
                $"{(file.Outcome == "would-upload" ? "Would upload" : "Would update")}: {file.Path}"
                    + (file.Reason is null ? "" : $" ({file.Reason})")
            );
        }

        verb.Print(
            found == 0 ? "There is nothing to upload."
            : counts.Count == 0 ? $"Nothing was done yet, of {found}."
            : $"{string.Join(", ", counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Value} {count.Key.Replace('-', ' ')}"))}, of {found}."
        );
    }
}
