using System.CommandLine;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary><c>chancery upgrade</c>: a rough prompt, made better.</summary>
internal static class UpgradeCommand
{
    private static readonly Argument<string[]> Rough = new("PROMPT")
    {
        Description = "The rough prompt; - reads it from standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> Model = new("--model") { Description = "Which model writes it" };

    private static readonly Option<bool> WithoutPassages = new("--without-passages")
    {
        Description = "Look for nothing in the documents",
    };

    private static readonly Option<bool> ShowPersonalData = new("--show-personal-data")
    {
        Description = "Let the model see personal data",
    };

    public static Command Create()
    {
        var command = new Command("upgrade", "Have a rough prompt improved")
        {
            Rough,
            Model,
            WithoutPassages,
            ShowPersonalData,
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
        var words = verb.Value(Rough)!;
        var upgrade = await session.Client.UpgradePromptAsync(
            new UpgradeRequest
            {
                UserPrompt = words is ["-"]
                    ? await Console.In.ReadToEndAsync(cancellationToken)
                    : string.Join(' ', words),
                Model = verb.Value(Model),
                Options = new UpgradeOptionsRequest
                {
                    EnableRag = !verb.Value(WithoutPassages),
                    EnablePiiRedaction = !verb.Value(ShowPersonalData),
                },
                Sources = new UpgradeScopeRequest
                {
                    Documents = await Lookup.DocumentsAsync(
                        session.Client,
                        verb.Value(Scope.Document),
                        cancellationToken
                    ),
                    Collections = await Lookup.CollectionsAsync(
                        session.Client,
                        verb.Value(Scope.Collection),
                        cancellationToken
                    ),
                    Tags = verb.Value(Scope.Tag) is { Length: > 0 } tags ? tags : null,
                },
            },
            cancellationToken: cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(upgrade);
            return Exit.Ok;
        }

        if (upgrade.Reason is { } reason)
        {
            verb.Say(reason);
        }

        // The prompt alone goes to standard output, so that it can be piped on.
        verb.Print(upgrade.UpgradedPrompt ?? "");
        foreach (var change in upgrade.Changes)
        {
            verb.Say($"- {change.What} {change.Why}");
        }

        return Exit.Ok;
    }
}
