using System.Text;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Models;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Using;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Writing;

/// <summary>Which models may write, one after the other until one does.</summary>
/// <param name="AreOpen">Whether nobody named them, so that a version of a prompt may say whom to ask first.</param>
internal sealed record Writers(Principal Principal, IReadOnlyList<ChatModel> Targets, bool AreOpen)
{
    private readonly KnownRules _rules = new();

    public ChatModel First => Targets[0];

    /// <summary>What the organisation says: read once for all that they are asked to write, before the first is asked.</summary>
    public async Task<AnswerRules> RulesAsync(OrganizationStore organizations, CancellationToken cancellationToken) =>
        _rules.Value ??= await organizations.RulesAsync(Principal.Tenant, cancellationToken);

    /// <summary>The same for all that are made of one.</summary>
    private sealed class KnownRules
    {
        public AnswerRules? Value { get; set; }
    }
}

/// <summary>One thing that a model is asked to write.</summary>
/// <param name="Component">One of <see cref="UsageComponent"/>: who pays for it.</param>
/// <param name="Operation">As the ledger names it.</param>
/// <param name="Prompt">Which version of which of our prompts it is.</param>
/// <param name="Boundary">Of the fences around what is quoted; must not come back.</param>
internal sealed record WritingTask(
    string Component,
    string Operation,
    PromptUse Prompt,
    string System,
    string Request,
    string Boundary,
    int MostTokens
)
{
    /// <summary>What it is to be, for a model whose answer was not that.</summary>
    public string Form { get; init; } = "one JSON object of the form that was asked for";

    /// <summary>
    /// Whether an answer with something in it that a guard takes out (an address or an id that the model was not told, an image, …) is to be written
    /// again; else its reader cleans it.
    /// </summary>
    public bool RefusesStrangers { get; init; }

    /// <summary>How it may be answered from the cache; null for never.</summary>
    public WritingSources? Sources { get; init; }
}

/// <summary>What an answer of the cache rests on.</summary>
/// <param name="Passages">Ids of what is quoted, in its order.</param>
internal sealed record WritingSources(
    CacheSpace Space,
    CacheFreshness Freshness,
    IReadOnlyList<string> Passages,
    IReadOnlyList<Guid> Documents
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
internal sealed class ModelWriter(
    ModelCalls calls,
    WritingModels models,
    OrganizationStore organizations,
    GuardNotes guards,
    ShutdownGrace grace,
    ILogger<ModelWriter> logger
)
{
    private const int MessageTokens = 8;

    // Work that is to be exact, where the version of the prompt says nothing else.
    private const float UsualTemperature = 0.2f;

    // A model that goes on for ever is stopped by its limit of tokens; this is for one that counts otherwise.
    private const int MostCharacters = 400_000;

    /// <exception cref="ProblemException">No model wrote it, or none in that form.</exception>
    public async Task<T> WriteAsync<T>(
        Writers writers,
        WritingTask task,
        Func<string, Written<T>> read,
        WorkTally tally,
        CancellationToken cancellationToken
    )
        where T : class
    {
        if (writers.AreOpen)
        {
            writers = writers with
            {
                Targets = await models.WithOwnOfAsync(
                    writers.Principal,
                    task.Prompt.Content,
                    writers.Targets,
                    cancellationToken
                ),
            };
        }

        // Before anything is paid for.
        var rules = await writers.RulesAsync(organizations, cancellationToken);
        List<ChatMessage> messages = [new(ChatRole.System, task.System), new(ChatRole.User, task.Request)];
        var first = await AskAsync(writers, task, messages, tally, cancellationToken);
        var told = ToldText.Of(messages);
        var written = Read(first, task, told, rules, tally, read);
        if (written.Value is { } value)
        {
            return value;
        }

        Log.UnusableAnswer(logger, writers.First.Id, written.Fault!);
        messages.Add(new ChatMessage(ChatRole.Assistant, first.Text));
        messages.Add(
            new ChatMessage(
                ChatRole.User,
                $"That cannot be used: {written.Fault} Write it again, whole, as {task.Form}, and nothing else."
            )
        );
        var second = await AskAsync(writers, task, messages, tally, cancellationToken);
        written = Read(second, task, told, rules, tally, read);
        if (written.Value is { } mended)
        {
            return mended;
        }

        Log.UnusableAnswer(logger, writers.First.Id, written.Fault!);
        throw new ProblemException(
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

    private Written<T> Read<T>(
        Answer answer,
        WritingTask task,
        ToldText told,
        AnswerRules rules,
        WorkTally tally,
        Func<string, Written<T>> read
    )
        where T : class
    {
        if (answer.IsCut)
        {
            return Written<T>.Wrong("it was longer than there is room for. Be briefer.");
        }

        // As it stands, and as it is read: what JSON writes as \u0073 is an s.
        var plain = JsonEscapes.Undo(answer.Text);
        var guard = new OutputGuard([task.Boundary], told, rules: task.RefusesStrangers ? rules : null);
        guard.Feed(plain);
        guard.Finish();
        if ((OutputGuard.Find(answer.Text, [task.Boundary]) ?? guard.Hit) is { } hit)
        {
            guards.Stopped(hit, answer.Model);
            tally.Guarded(hit);
            throw new ProblemException(ModelProblems.Blocked(hit));
        }

        if (!task.RefusesStrangers)
        {
            return read(answer.Text);
        }

        guards.Passed(guard, answer.Model);
        tally.Guarded(guard.Removed);
        // What nobody sees is no reason to have a good text written again.
        var strange = guard.Removed.Where(kind => kind != GuardHit.Invisible).Select(Strange).ToList();
        return strange.Count == 0
            ? read(JsonEscapes.WithoutInvisible(answer.Text))
            : Written<T>.Wrong($"it holds {string.Join(" and ", strange)}. Leave that out.");
    }

    private static string Strange(string removed) =>
        removed switch
        {
            GuardHit.Link => "an address that stands nowhere in what you were told, or an image",
            GuardHit.Id => "an id that stands nowhere in what you were told",
            GuardHit.PersonalData => "personal data that stands nowhere in what you were told",
            _ => "the mark of a call of a tool",
        };

    private async Task<Answer> AskAsync(
        Writers writers,
        WritingTask task,
        IReadOnlyList<ChatMessage> messages,
        WorkTally tally,
        CancellationToken cancellationToken
    )
    {
        var input = messages.Sum(message => (long)TokenEstimate.Of(message.Text) + MessageTokens);
        ChatRequest RequestFor(ChatModel model)
        {
            var options = new ChatOptions
            {
                Temperature = (float?)task.Prompt.Content.Temperature ?? UsualTemperature,
                MaxOutputTokens = Math.Min(
                    Math.Min(task.MostTokens, model.MaxOutputTokens ?? int.MaxValue),
                    model.Endpoint!.ContextWindowTokens / 2
                ),
            };
            return new(messages, options, input) { Cache = WishOf(task, model, messages, options) };
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, grace.Expired);
        try
        {
            var outcome = await calls.OpenAsync(
                Payer.Of(writers.Principal),
                new UsagePurpose(task.Component, task.Operation) { Prompt = task.Prompt.Used },
                writers.Targets,
                RequestFor,
                either.Token
            );
            if (outcome is not RouteOutcome<ChatResponseUpdate>.Answering { Answer: var answer })
            {
                throw Failed(writers, task, outcome);
            }

            await using (answer)
            {
                var text = await ReadAsync(answer, task, tally);
                return text;
            }
        }
        catch (ModelException exception)
        {
            throw Failed(writers, task, new ModelStep.Broke(exception, Stopping: false));
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(writers, task, new ModelStep.Broke(exception, grace.Expired.IsCancellationRequested));
        }
    }

    private static CacheWish<ChatResponseUpdate>? WishOf(
        WritingTask task,
        ChatModel model,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options
    ) =>
        task.Sources is { } sources
            ? new CacheWish<ChatResponseUpdate>(
                AnswerCacheKey.Of(
                    sources.Space,
                    model,
                    messages,
                    options,
                    task.Prompt.Reference,
                    sources.Passages,
                    task.Boundary
                ),
                UpdateCodec.Instance,
                sources.Freshness
            )
            {
                IsFit = text => OutputGuard.Find(text, [task.Boundary]) is null,
                Documents = sources.Documents,
            }
            : null;

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
            tally.Add(
                answer.Model.Id,
                task.Prompt.Reference,
                answer.Tokens,
                answer.Cost,
                answer.IsEstimated,
                answer.Cache is CacheOutcome.Hit
            );
        }

        text.Append(spoken.Finish());
        return new Answer(text.ToString(), isCut || text.Length > MostCharacters, answer.Model.Id);
    }

    private ProblemException Failed(Writers writers, WritingTask task, RouteOutcome<ChatResponseUpdate> outcome) =>
        Failed(
            writers,
            task,
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

    private ProblemException Failed(Writers writers, WritingTask task, ModelStep.Broke broke)
    {
        Log.WritingBrokeOff(logger, writers.First.Id, task.Operation, broke.Fault);
        return new ProblemException(ModelProblems.Of(broke, writers.First));
    }

    private readonly record struct Answer(string Text, bool IsCut, string Model);
}
