using System.Net;
using Chancery.Client;
using Chancery.Server.Commands.Terminal;

namespace Chancery.Server.Commands.Remote;

/// <summary>Shows a draft or a change as it is written, until it ends. For one operation.</summary>
internal sealed class ContractFollower(RemoteCommand verb, ChanceryClient client, string stage)
{
    private const int MostAttempts = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private Guid? _operation;
    private string? _last;

    /// <summary>
    /// Follows it over broken connections. Interrupted, it ends the work on the server, too; before the server has told the
    /// operation's id there is nothing to end, so that is waited for.
    /// </summary>
    /// <exception cref="RemoteException">Nothing came of it.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public async Task<OperationResult> FollowAsync(
        Func<CancellationToken, IAsyncEnumerable<ContractEvent>> begin,
        CancellationToken cancellationToken
    )
    {
        using var reading = new CancellationTokenSource();
        await using var interrupt = cancellationToken.Register(() =>
            reading.CancelAfter(_operation is null ? Patience : TimeSpan.Zero)
        );
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var events = _operation is { } operation
                    ? client.WatchContractOperationAsync(operation, _last, reading.Token)
                    : begin(reading.Token);
                if (await ReadAsync(events, attempt, cancellationToken) is { } result)
                {
                    return result;
                }

                await Task.Delay(Pause, TimeProvider.System, reading.Token);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await EndAsync();
            throw;
        }
    }

    /// <summary>Null when the connection broke and may be taken up again.</summary>
    private async Task<OperationResult?> ReadAsync(
        IAsyncEnumerable<ContractEvent> events,
        int attempt,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await foreach (var happened in events)
            {
                _last = happened.Id ?? _last;
                switch (happened)
                {
                    case ContractEvent.Began began:
                        _operation = began.Operation;
                        cancellationToken.ThrowIfCancellationRequested();
                        break;
                    case ContractEvent.Done done:
                        return done.Result;
                    case ContractEvent.Broken broken:
                        throw new RemoteException(Exit.Failed, $"{broken.Problem.Title}. {broken.Problem.Detail}");
                    default:
                        Show(happened);
                        break;
                }
            }
        }
        catch (Exception exception)
            when (_operation is not null && attempt < MostAttempts && RemoteCommand.IsPassing(exception))
        {
            return null;
        }

        return _operation is not null && attempt < MostAttempts
            ? null
            : throw new RemoteException(
                Exit.Failed,
                "The connection broke off. The work may go on: chancery contracts list shows what comes of it."
            );
    }

    private void Show(ContractEvent happened)
    {
        switch (happened)
        {
            case ContractEvent.Found { Sources.Count: > 0 } found when !verb.AsJson:
                verb.Say($"Builds on {Titles(found.Sources)}.");
                break;
            case ContractEvent.Outlined outlined:
                if (!verb.AsJson)
                {
                    verb.Print(new Piece(outlined.Outline.Title, Ink.Strong));
                }

                verb.Line.Report(stage, 0, outlined.Outline.Headings.Count, "clauses");
                break;
            case ContractEvent.Written { Clause: var clause }:
                if (!verb.AsJson)
                {
                    verb.Print("");
                    verb.Print(
                        new Piece($"[{clause.Number}/{clause.Of}] ", Ink.Faint),
                        new Piece(clause.Heading, Ink.Strong)
                    );
                    verb.Print(clause.Text);
                }

                verb.Line.Report(stage, clause.Number, clause.Of, "clauses");
                break;
            case ContractEvent.Noted noted:
                verb.Say(noted.Text);
                break;
            default:
                break;
        }
    }

    private async Task EndAsync()
    {
        if (_operation is not { } operation)
        {
            verb.Say("The server had not said that it began; chancery contracts list shows whether it did.");
            return;
        }

        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await client.CancelContractOperationAsync(operation, patience.Token);
            // One that had ended before is forgotten by the call, and what came of it stays.
            var ended = await client.GetContractOperationAsync(operation, patience.Token);
            verb.Say(
                ended.State == OperationState.Cancelled
                    ? "It was ended on the server, too: nothing was stored."
                    : "It had ended before: chancery contracts list shows what came of it."
            );
        }
        catch (ChanceryException gone) when (gone.StatusCode == HttpStatusCode.NotFound)
        {
            verb.Say("It had ended before: chancery contracts list shows what came of it.");
        }
        catch (Exception exception)
            when (exception
                    is ChanceryException
                        or RemoteException
                        or HttpRequestException
                        or IOException
                        or OperationCanceledException
            )
        {
            verb.Say("The server could not be told, and goes on; chancery contracts list shows what comes of it.");
        }
    }

    private static string Titles(IReadOnlyList<ClauseOrigin> sources)
    {
        const int Most = 5;
        var titles = sources
            .Select(source => string.IsNullOrEmpty(source.Title) ? Choices.WordOf(source.Kind) : source.Title)
            .Distinct()
            .ToArray();
        return string.Join(", ", titles.Take(Most)) + (titles.Length > Most ? $" and {titles.Length - Most} more" : "");
    }
}
