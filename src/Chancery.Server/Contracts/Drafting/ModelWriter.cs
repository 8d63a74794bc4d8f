using System.Text;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Models;
using Chancery.Server.Contracts.Operations;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Problems;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Contracts.Drafting;

/// <summary>What models did for one draft or change, summed up. Safe for concurrent use.</summary>
internal sealed class WorkTally
{
    private readonly Lock _adding = new();
    private ModelWork _work = ModelWork.None;

    public ModelWork Work
    {
        get
        {
            lock (_adding)
            {
                return _work;
            }
        }
    }

    public void Add(string model, string promptVersion, TokenCounts tokens, NanoDollars cost, bool isEstimated)
    {
        lock (_adding)
        {
            _work = new ModelWork(
                _work.Model ?? model,
                promptVersion,
                _work.InputTokens + tokens.Input + tokens.CacheRead + tokens.CacheWrite + tokens.CacheWriteHour,
                _work.OutputTokens + tokens.Output,
                _work.CostNanoDollars + cost.Value,
                _work.IsEstimated || isEstimated
            );
        }
    }
}

/// <summary>Which models may write, one after the other until one does.</summary>
internal sealed record Writers(Principal Principal, IReadOnlyList<ChatModel> Targets)
{
    public ChatModel First => Targets[0];
}

/// <summary>One thing that a model is asked to write.</summary>
/// <param name="Operation">As the ledger names it.</param>
/// <param name="PromptVersion">Which of our prompts it is.</param>
/// <param name="Boundary">Of the fences around what is quoted; must not come back.</param>
internal sealed record WritingTask(
    string Operation,
    string PromptVersion,
    string System,
    string Request,
    string Boundary,
    int MostTokens
);

/// <summary>What was read out of an answer, or what is wrong with it, for the model.</summary>
internal readonly record struct Written<T>(T? Value, string? Fault)
    where T : class
{
    public static Written<T> Of(T value) => new(value, null);

    public static Written<T> Wrong(string fault) => new(null, fault);
}

/// <summary>
/// Has a model write something in a form, looks at it, and has it mended once where it is not that form. Safe for concurrent use.
/// </summary>
internal sealed class ModelWriter(ModelCalls calls, ShutdownGrace grace, ILogger<ModelWriter> logger)
{
    private const int MessageTokens = 8;

    // A model that goes on for ever is stopped by its limit of tokens; this is for one that counts otherwise.
    private const int MostCharacters = 400_000;

    /// <exception cref="OperationFailedException">No model wrote it, or none in that form.</exception>
    public async Task<T> WriteAsync<T>(
        Writers writers,
        WritingTask task,
        Func<string, Written<T>> read,
        WorkTally tally,
        CancellationToken cancellationToken
    )
        where T : class
    {
        List<ChatMessage> messages = [new(ChatRole.System, task.System), new(ChatRole.User, task.Request)];
        var first = await AskAsync(writers, task, messages, tally, cancellationToken);
        var told = ToldText.Of(messages);
        var written = Read(first, task, told, read);
        if (written.Value is { } value)
        {
            return value;
        }

        Log.UnusableAnswer(logger, writers.First.Id, written.Fault!);
        messages.Add(new ChatMessage(ChatRole.Assistant, first.Text));
        messages.Add(
            new ChatMessage(
                ChatRole.User,
                $"That cannot be used: {written.Fault} Write it again, whole, as one JSON object of the form that was asked for, and nothing else."
            )
        );
        var second = await AskAsync(writers, task, messages, tally, cancellationToken);
        written = Read(second, task, told, read);
        if (written.Value is { } mended)
        {
            return mended;
        }

        Log.UnusableAnswer(logger, writers.First.Id, written.Fault!);
        throw new OperationFailedException(
            Problem
                .Of(
                    502,
                    "draft-unusable",
                    "The model did not write what was asked for",
                    $"Twice its answer could not be used: {written.Fault} Nothing was stored. Ask again, or choose another model."
                )
                .ProblemDetails
        );
    }

    private static Written<T> Read<T>(Answer answer, WritingTask task, ToldText told, Func<string, Written<T>> read)
        where T : class
    {
        if (answer.IsCut)
        {
            return Written<T>.Wrong("it was longer than there is room for. Be briefer.");
        }

        if (OutputGuard.Find(answer.Text, [task.Boundary]) is not null)
        {
            throw new OperationFailedException(ModelProblems.Blocked());
        }

        // A document may ask for an address that carries out what others say; as it stands in JSON, a line's end belongs to no address.
        var plain = answer
            .Text.Replace("\\n", "\n", StringComparison.Ordinal)
            .Replace("\\/", "/", StringComparison.Ordinal)
            .Replace("\\\"", "\"", StringComparison.Ordinal);
        return told.IsStrangerNamed(plain)
            ? Written<T>.Wrong(
                "it names an address that stands nowhere in what you were told, or an image. Leave it out."
            )
            : read(answer.Text);
    }

    private async Task<Answer> AskAsync(
        Writers writers,
        WritingTask task,
        IReadOnlyList<ChatMessage> messages,
        WorkTally tally,
        CancellationToken cancellationToken
    )
    {
        var input = messages.Sum(message => (long)TokenEstimate.Of(message.Text) + MessageTokens);
        ChatRequest RequestFor(ChatModel model) =>
            new(
                messages,
                new ChatOptions
                {
                    Temperature = 0.2f,
                    MaxOutputTokens = Math.Min(
                        Math.Min(task.MostTokens, model.MaxOutputTokens ?? int.MaxValue),
                        model.Endpoint!.ContextWindowTokens / 2
                    ),
                },
                input
            );

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, grace.Expired);
        try
        {
            var outcome = await calls.OpenAsync(
                Payer.Of(writers.Principal),
                new UsagePurpose(UsageComponent.Contracts, task.Operation),
                writers.Targets,
                RequestFor,
                either.Token
            );
            if (outcome is not RouteOutcome<ChatResponseUpdate>.Answering { Answer: var answer })
            {
                throw Failed(writers, outcome);
            }

            await using (answer)
            {
                var text = await ReadAsync(answer, task, tally);
                return text;
            }
        }
        catch (ModelException exception)
        {
            throw Failed(writers, new ModelStep.Broke(exception, Stopping: false));
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(writers, new ModelStep.Broke(exception, grace.Expired.IsCancellationRequested));
        }
    }

    private static async Task<Answer> ReadAsync(
        RoutedAnswer<ChatResponseUpdate> answer,
        WritingTask task,
        WorkTally tally
    )
    {
        var spoken = new SpokenText();
        var text = new StringBuilder();
        var isCut = false;
        try
        {
            while (text.Length <= MostCharacters && await answer.MoveNextAsync())
            {
                isCut |= answer.Current.FinishReason == ChatFinishReason.Length;
                text.Append(spoken.Feed(answer.Current.Text));
            }
        }
        finally
        {
            // What was paid is told, also for an answer that broke off.
            tally.Add(answer.Model.Id, task.PromptVersion, answer.Tokens, answer.Cost, answer.IsEstimated);
        }

        text.Append(spoken.Finish());
        return new Answer(text.ToString(), isCut || text.Length > MostCharacters);
    }

    private OperationFailedException Failed(Writers writers, RouteOutcome<ChatResponseUpdate> outcome) =>
        Failed(
            writers,
            outcome switch
            {
                RouteOutcome<ChatResponseUpdate>.OverBudget over => new ModelStep.Broke(null, Stopping: false)
                {
                    OverBudget = over.Refusal,
                },
                RouteOutcome<ChatResponseUpdate>.Uncounted => new ModelStep.Broke(null, Stopping: false)
                {
                    IsUncounted = true,
                },
                RouteOutcome<ChatResponseUpdate>.Failed failed => new ModelStep.Broke(
                    failed.Failure.Cause,
                    Stopping: false
                ),
                var other => throw new System.Diagnostics.UnreachableException($"Unhandled outcome {other}."),
            }
        );

    private OperationFailedException Failed(Writers writers, ModelStep.Broke broke)
    {
        Log.ModelBrokeOff(logger, writers.First.Id, broke.Fault);
        return new OperationFailedException(ModelProblems.Of(broke, writers.First));
    }

    private readonly record struct Answer(string Text, bool IsCut);
}
