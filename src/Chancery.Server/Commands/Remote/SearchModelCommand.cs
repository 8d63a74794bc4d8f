using System.CommandLine;
using System.Globalization;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>
/// The verbs of <c>chancery models</c> that talk to a running server: what an organisation is searched with, and the change to
/// another model.
/// </summary>
internal static class SearchModelCommand
{
    private const decimal NanosPerDollar = 1_000_000_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly Argument<string?> Name = new("MODEL")
    {
        Description = "As status names it; left out, the installation's own",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<bool> Wait = new("--wait") { Description = "Until the change has ended" };

    public static void AddTo(Command models)
    {
        models.Subcommands.Add(Verb("status", "Which model your organisation is searched with", StatusAsync));
        models.Subcommands.Add(Verb("estimate", "What a change to a model would take", EstimateAsync, Name));
        models.Subcommands.Add(Verb("use", "Have your organisation searched with a model", UseAsync, Name, [Wait]));
        models.Subcommands.Add(Verb("cancel", "Take the running change back", CancelAsync));
        models.Subcommands.Add(Verb("return", "Back to the model of before", ReturnAsync, null, [Wait]));
    }

    private static Command Verb(
        string name,
        string description,
        Func<RemoteCommand, CancellationToken, Task<int>> run,
        Argument? argument = null,
        IEnumerable<Option>? options = null
    )
    {
        var verb = new Command(name, description);
        if (argument is not null)
        {
            verb.Arguments.Add(argument);
        }

        foreach (var option in (options ?? []).Concat([RemoteCommand.Server, RemoteCommand.Json]))
        {
            verb.Options.Add(option);
        }

        RemoteCommand.Set(verb, run);
        return verb;
    }

    private static async Task<int> StatusAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        Tell(verb, await session.Client.GetSearchModelAsync(cancellationToken));
        return Exit.Ok;
    }

    private static async Task<int> EstimateAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var estimate = await session.Client.EstimateModelChangeAsync(
            new ModelChangeRequest { Model = verb.Value(Name) },
            cancellationToken
        );
        if (verb.AsJson)
        {
            verb.PrintJson(estimate);
            return Exit.Ok;
        }

        var price = estimate.CostNanoDollars switch
        {
            null => "not known (EMBEDDING_PRICES)",
            0 => "nothing",
            { } nanos => string.Create(CultureInfo.InvariantCulture, $"about ${nanos / NanosPerDollar:0.######}"),
        };
        verb.Print(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                {estimate.Model}
                  to make   {estimate.Missing} of {estimate.Passages} passages, about {estimate.Tokens} tokens in {estimate.Calls} calls
                  time      {(
                    estimate.Seconds is { } seconds
                        ? "about " + Span(seconds)
                        : "not known: " + estimate.Note
                )}
                  price     {price}
                """
            )
        );
        return Exit.Ok;
    }

    private static async Task<int> UseAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        return await ChangeAsync(verb, session, verb.Value(Name), cancellationToken);
    }

    private static async Task<int> ReturnAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        var standing = await session.Client.GetSearchModelAsync(cancellationToken);
        var former = standing.Ended.FirstOrDefault(change =>
            change.State is ModelChangeState.Done or ModelChangeState.Forced && change.To == standing.Serving
        );
        return former is null
            ? throw new RemoteException(Exit.Failed, "There is no model of before.")
            : await ChangeAsync(verb, session, former.From, cancellationToken);
    }

    private static async Task<int> CancelAsync(RemoteCommand verb, CancellationToken cancellationToken)
    {
        using var session = verb.Open();
        Tell(verb, await session.Client.CancelModelChangeAsync(cancellationToken));
        return Exit.Ok;
    }

    private static async Task<int> ChangeAsync(
        RemoteCommand verb,
        ServerSession session,
        string? model,
        CancellationToken cancellationToken
    )
    {
        var standing = await session.Client.ChangeSearchModelAsync(
            new ModelChangeRequest { Model = model },
            cancellationToken
        );
        var id = standing.Change?.Id;
        while (verb.Value(Wait) && standing.Change is { } change)
        {
            verb.Line.Report("embedding", change.Done, change.Passages, "passages");
            await Task.Delay(Pause, cancellationToken);
            standing = await session.Client.GetSearchModelAsync(cancellationToken);
        }

        Tell(verb, standing);
        return standing.Ended.Any(change =>
            change.Id == id && change.State is ModelChangeState.Failed or ModelChangeState.Cancelled
        )
            ? Exit.Failed
            : Exit.Ok;
    }

    private static void Tell(RemoteCommand verb, SearchModelView standing)
    {
        if (verb.AsJson)
        {
            verb.PrintJson(standing);
            return;
        }

        foreach (var model in standing.Models)
        {
            string?[] facts =
            [
                model.IsServing ? "serves" : null,
                model.IsDefault ? "the installation's own" : null,
                model.IsOffered ? null : "no longer offered",
                model.IsOffered && !model.IsAvailable ? "not available on this server" : null,
                string.Create(CultureInfo.InvariantCulture, $"{model.Vectors} vectors"),
                model.KeptUntil is { } until
                    ? string.Create(CultureInfo.InvariantCulture, $"kept until {until:yyyy-MM-dd}")
                    : null,
            ];
            verb.Print($"{model.Label}: {string.Join(", ", facts.OfType<string>())}");
        }

        if (standing.Models.Count == 0)
        {
            verb.Say("There is no embedding model: search is by words.");
        }

        if (standing.Change is { } running)
        {
            var rest =
                running.Waiting is { } why ? $"waits: {why}"
                : running.SecondsLeft is { } left ? $"about {Span(left)} left"
                : "just begun";
            verb.Print(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Changing to {running.To}: {running.Done} of {running.Passages} passages, {rest}"
                )
            );
        }
        else if (standing.Ended is [{ State: ModelChangeState.Failed } failed, ..])
        {
            verb.Print($"The change to {failed.To} failed: {failed.Failure}");
        }
    }

    private static string Span(double seconds) =>
        seconds switch
        {
            < 90 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds)} s"),
            < 5400 => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds / 60)} minutes"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(seconds / 3600)} hours"),
        };
}
