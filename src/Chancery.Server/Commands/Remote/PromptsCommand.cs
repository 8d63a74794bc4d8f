using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery prompts</c>: what models are told, version by version, and how versions come into use.</summary>
internal static class PromptsCommand
{
    private static readonly Argument<string> Name = new("PROMPT") { Description = "By name or id" };
    private static readonly Argument<FileInfo> File = new("FILE") { Description = "As export wrote it" };
    private static readonly Option<int?> Version = new("--version-number")
    {
        Description = "Else the one in production",
    };
    private static readonly Option<int> Wanted = new("--version-number")
    {
        Description = "The version that shall come into production",
        Required = true,
    };
    private static readonly Option<int> From = new("--from") { Description = "The earlier version", Required = true };
    private static readonly Option<int> To = new("--to") { Description = "The later version", Required = true };
    private static readonly Option<string?> Why = new("--why") { Description = "For the history" };
    private static readonly Option<bool> SkipGate = new("--skip-gate")
    {
        Description = "Begin without passing the prompt's gate; takes --why",
    };
    private static readonly Option<double?> JudgeSample = new("--judge-sample")
    {
        Description =
            "Of the prompt answer: have a model judge this share of the answers of the version that fewer have, 0 to 1, and as many of the other one's",
    };
    private static readonly Option<decimal?> JudgeCap = new("--judge-cap")
    {
        Description = "For --judge-sample: what that may cost in a day, in dollars",
    };
    private static readonly Option<string?> Output = new("--output")
    {
        Description = "Where to write; else standard output",
    };

    public static Command Create() =>
        new("prompts", "What models are told, version by version")
        {
            RemoteCommand.Verb("list", "List prompts by name", ListAsync),
            RemoteCommand.Verb("show", "Print what a version says", ShowAsync, Name, Version),
            RemoteCommand.Verb("versions", "List versions, newest first", VersionsAsync, Name),
            RemoteCommand.Verb("diff", "Compare two versions word by word", DiffAsync, Name, From, To),
            RemoteCommand.Verb(
                "rollout",
                "Give a version to a few, and to more as long as it does no harm",
                RollOutAsync,
                Name,
                Wanted,
                Why,
                SkipGate,
                JudgeSample,
                JudgeCap
            ),
            RemoteCommand.Verb("status", "Show the rollout that is running, or the last one", StatusAsync, Name),
            RemoteCommand.Verb("rollback", "Go back to the version before", RollBackAsync, Name, Why),
            RemoteCommand.Verb("export", "Write prompts and their versions as JSON", ExportAsync, Output),
            RemoteCommand.Verb("import", "Bring prompts and their versions in", ImportAsync, File),
        };

    private static async Task<int> ListAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var prompts = await AllAsync(session.Client, cancellationToken);
        if (verb.AsJson)
        {
            verb.PrintJson(prompts);
            return Exit.Ok;
        }

        foreach (var prompt in prompts)
        {
            var rolling = prompt.Rollout is null ? "" : ", rolling out";
            verb.Print($"{prompt.Id}  {prompt.Name}  version {prompt.Production} of {prompt.Latest}{rolling}");
        }

        return Exit.Ok;
    }

    private static async Task<int> ShowAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var prompt = await FindAsync(session.Client, verb.Value(Name)!, cancellationToken);
        var version = await session.Client.GetPromptVersionAsync(
            prompt.Id,
            verb.Value(Version) ?? prompt.Production,
            cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(version);
            return Exit.Ok;
        }

        verb.Print(version.Content.System);
        if (version.Content.Text.Length > 0)
        {
            verb.Print("---");
            verb.Print(version.Content.Text);
        }

        return Exit.Ok;
    }

    private static async Task<int> VersionsAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var prompt = await FindAsync(session.Client, verb.Value(Name)!, cancellationToken);
        var versions = new List<PromptVersionView>();
        int? cursor = null;
        do
        {
            var page = await session.Client.ListPromptVersionsAsync(prompt.Id, 200, cursor, cancellationToken);
            versions.AddRange(page.Items);
            cursor = page.NextCursor is { } next ? int.Parse(next, CultureInfo.InvariantCulture) : null;
        } while (cursor is not null);

        if (verb.AsJson)
        {
            verb.PrintJson(versions);
            return Exit.Ok;
        }

        foreach (var version in versions)
        {
            var here = version.Number == prompt.Production ? ", in production" : "";
            var why = version.Why is { } said ? $": {said}" : "";
            verb.Print($"{version.Number}  {version.Sha256[..12]}  {version.Author}{here}{why}");
        }

        return Exit.Ok;
    }

    private static async Task<int> DiffAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var prompt = await FindAsync(session.Client, verb.Value(Name)!, cancellationToken);
        var diff = await session.Client.ComparePromptVersionsAsync(
            prompt.Id,
            verb.Value(From),
            verb.Value(To),
            cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(diff);
            return Exit.Ok;
        }

        // As `git diff --word-diff` marks words, which needs no colours.
        verb.Print(Marked(diff.System));
        if (diff.Text.Count > 0)
        {
            verb.Print("---");
            verb.Print(Marked(diff.Text));
        }

        foreach (var field in diff.Fields)
        {
            verb.Print($"{field.Field}: {field.From ?? "not set"} → {field.To ?? "not set"}");
        }

        return Exit.Ok;
    }

    private static async Task<int> RollOutAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var prompt = await FindAsync(session.Client, verb.Value(Name)!, cancellationToken);
        var rollout = await session.Client.StartRolloutAsync(
            prompt.Id,
            new RolloutStartRequest
            {
                Version = verb.Value(Wanted),
                Why = verb.Value(Why),
                SkipGate = verb.Value(SkipGate),
                JudgeSample = verb.Value(JudgeSample),
                JudgeCapUsd = (double?)verb.Value(JudgeCap),
            },
            cancellationToken: cancellationToken
        );
        return Print(verb, rollout);
    }

    private static async Task<int> StatusAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var prompt = await FindAsync(session.Client, verb.Value(Name)!, cancellationToken);
        return Print(verb, await session.Client.GetRolloutAsync(prompt.Id, cancellationToken));
    }

    private static async Task<int> RollBackAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var prompt = await FindAsync(session.Client, verb.Value(Name)!, cancellationToken);
        var back = await session.Client.RollBackPromptAsync(
            prompt.Id,
            new RolloutStepRequest { Why = verb.Value(Why) },
            cancellationToken: cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(back);
            return Exit.Ok;
        }

        verb.Print($"Everybody gets version {back.Production}.");
        return Exit.Ok;
    }

    private static async Task<int> ExportAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var file = await session.Client.ExportPromptsAsync(cancellationToken);
        var json = JsonSerializer.Serialize(file, ChanceryClient.Json);
        if (verb.Value(Output) is { } path)
        {
            await System.IO.File.WriteAllTextAsync(path, json, cancellationToken);
            verb.Say($"{file.Prompts.Count} prompts are in {path}.");
        }
        else
        {
            verb.Print(json);
        }

        return Exit.Ok;
    }

    private static async Task<int> ImportAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        var path = verb.Value(File)!.FullName;
        PromptTransferPromptFile? file;
        try
        {
            await using var stream = System.IO.File.OpenRead(path);
            file = await JsonSerializer.DeserializeAsync<PromptTransferPromptFile>(
                stream,
                ChanceryClient.Json,
                cancellationToken
            );
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new RemoteException(Exit.Failed, $"{path} cannot be read: {exception.Message}");
        }

        using var session = verb.Open();
        var imported = await session.Client.ImportPromptsAsync(
            file ?? throw new RemoteException(Exit.Failed, $"{path} holds no prompts."),
            cancellationToken: cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(imported);
            return Exit.Ok;
        }

        foreach (var prompt in imported.Prompts)
        {
            verb.Print(
                $"{prompt.Name}  {prompt.Added} versions added{(prompt.IsNew ? ", new" : "")}, version {prompt.Production} in production"
            );
        }

        return Exit.Ok;
    }

    private static int Print(RemoteCommand verb, RolloutView rollout)
    {
        if (verb.AsJson)
        {
            verb.PrintJson(rollout);
            return Exit.Ok;
        }

        verb.Print(
            string.Create(
                CultureInfo.InvariantCulture,
                $"version {rollout.Treatment.Version} beside {rollout.Control.Version}: {rollout.State}, {rollout.Percent:0.##} %"
            )
        );
        if (rollout is { State: RolloutState.Running, Judging: { } judging })
        {
            verb.Print($"what the judge says: {Choices.WordOf(judging)}");
        }

        if (rollout.Reason is { } reason)
        {
            verb.Print(reason);
        }

        return Exit.Ok;
    }

    private static string Marked(IEnumerable<PromptDiffPart> parts) =>
        string.Concat(
            parts.Select(part =>
                part.Kind switch
                {
                    PromptDiffKind.Deleted => $"[-{part.Text}-]",
                    PromptDiffKind.Inserted => $"{{+{part.Text}+}}",
                    _ => part.Text,
                }
            )
        );

    private static async Task<IReadOnlyList<PromptSummary>> AllAsync(
        ChanceryClient client,
        CancellationToken cancellationToken
    ) => (await client.ListPromptsAsync(cancellationToken: cancellationToken)).Items;

    private static async Task<PromptSummary> FindAsync(
        ChanceryClient client,
        string wanted,
        CancellationToken cancellationToken
    )
    {
        var prompts = await AllAsync(client, cancellationToken);
        return prompts.FirstOrDefault(prompt =>
                string.Equals(prompt.Name, wanted, StringComparison.OrdinalIgnoreCase)
                || (Guid.TryParse(wanted, out var id) && prompt.Id == id)
            )
            ?? throw new RemoteException(
                Exit.Failed,
                $"There is no prompt \"{wanted}\"; there are: {string.Join(", ", prompts.Take(20).Select(prompt => prompt.Name))}."
            );
    }
}
