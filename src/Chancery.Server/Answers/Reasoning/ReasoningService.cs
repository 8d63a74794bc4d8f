using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Answers.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Prompts.Using;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>What happens while a model reasons: steps, then text, then an end.</summary>
internal abstract record ReasoningEvent
{
    private ReasoningEvent() { }

    public sealed record Reasoned(ReasoningStep Step) : ReasoningEvent;

    public sealed record Text(string Delta) : ReasoningEvent;

    public sealed record Done(ReasonedAnswer Answer) : ReasoningEvent;

    /// <summary>Last, in place of Done: what there was is no answer.</summary>
    public sealed record Broken(ProblemDetails Problem) : ReasoningEvent;
}

/// <summary>A request to reason that was checked.</summary>
/// <param name="Messages">The last one is the user's.</param>
/// <param name="Targets">Asked one after the other until one says something; all of them can reason.</param>
/// <param name="Prompt">The version of <see cref="ReasoningPrompt"/> whose words are in the wish; null where all targets think by themselves.</param>
internal sealed record ReasoningQuestion(
    IReadOnlyList<ChatMessage> Messages,
    IReadOnlyList<ChatModel> Targets,
    ReasoningWish Wish,
    PromptUse? Prompt,
    float? Temperature,
    int? MaxTokens
)
{
    /// <summary>One of <see cref="UsageComponent"/>: what models are paid for.</summary>
    public string Component { get; init; } = UsageComponent.Chat;

    /// <summary>What models cost for it; known when it has ended, however it did.</summary>
    public AnswerBill Bill { get; } = new();

    /// <summary>What guards had to do with the answer; known when it has ended, however it did.</summary>
    public AnswerGuarding Guarding { get; } = new();
}

/// <summary>Has a model think about messages, without documents. Nothing of it is stored. Safe for concurrent use.</summary>
internal sealed class ReasoningService(
    ModelCalls calls,
    PromptUses prompts,
    ReasoningSettings settings,
    OrganizationStore organizations,
    GuardNotes guards,
    ShutdownGrace grace,
    TimeProvider time,
    ILogger<ReasoningService> logger
)
{
    private const int MostAnswerTokens = 1024;
    private const int MessageTokens = 8;

    /// <summary>The version of the prompt that these models are asked with; null where all of them think by themselves.</summary>
    public async Task<PromptUse?> PickAsync(
        Principal principal,
        IEnumerable<ChatModel> targets,
        CancellationToken cancellationToken
    ) =>
        targets.Any(model => model.Reasons is ModelReasoning.Prompted)
            ? await prompts.PickAsync(principal, ReasoningPrompt.Name, conversation: null, cancellationToken)
            : null;

    /// <summary>What the request takes of a model's window, without an answer; an estimate on the high side.</summary>
    public static long TokensOf(ReasoningQuestion question, ChatModel model) =>
        MessagesFor(question, ReasoningRequest.RoomFor(model, question.Wish)).Sum(CostOf);

    public async IAsyncEnumerable<ReasoningEvent> AskAsync(
        Principal principal,
        ReasoningQuestion question,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var rules = await organizations.RulesAsync(principal.Tenant, cancellationToken);
        var started = time.GetTimestamp();
        var tokens = new ConcurrentDictionary<string, long>();
        var outputs = new ConcurrentDictionary<string, int>();
        ChatRequest RequestFor(ChatModel model)
        {
            var room = ReasoningRequest.RoomFor(model, question.Wish);
            var messages = MessagesFor(question, room);
            var window = model.Endpoint!.ContextWindowTokens;
            var thinking = Math.Min(room.Tokens, window / 4);
            var options = new ChatOptions
            {
                Temperature = question.Temperature,
                MaxOutputTokens = Math.Min(question.MaxTokens ?? MostAnswerTokens, window / 4) + thinking,
            };
            ReasoningRequest.Apply(options, model, settings, thinking);
            outputs[model.Id] = options.MaxOutputTokens.Value;
            var estimate = tokens[model.Id] = messages.Sum(CostOf);
            return new ChatRequest(messages, options, estimate);
        }

        Ending? ending = null;
        try
        {
            await using var voice = new ModelVoice(
                cancel =>
                    calls.OpenAsync(
                        Payer.Of(principal),
                        new UsagePurpose(question.Component, "reasoning") { Prompt = question.Prompt?.Used },
                        question.Targets,
                        RequestFor,
                        cancel,
                        showsThoughts: question.Wish.IsShown,
                        mostOutputTokens: question.Targets.Max(model => RequestFor(model).Options.MaxOutputTokens)
                    ),
                grace,
                cancellationToken,
                model => ReasoningRequest.ReaderFor(model, question.Wish),
                paid => question.Bill.Cost += paid
            );
            // Whoever asks wrote all of it, the rules too.
            var told = ToldText.Of(question.Messages.Select(message => message.Text));
            var guard = new OutputGuard([], told, rules: rules, isAsked: true);
            var steps = new List<ReasoningStep>();
            var thoughts = 0;
            var answer = new StringBuilder();
            var spokenCharacters = 0L;
            while (true)
            {
                var next = await voice.NextAsync();
                if (
                    next is ModelStep.Said more
                    && (spokenCharacters += more.Text.Length)
                        > (long)outputs[voice.Model!.Id] * ChatService.MostCharactersOfToken
                )
                {
                    // It does not keep to the limit of tokens that it was given.
                    next = new ModelStep.Ended(Truncated: true, Usage: null);
                }

                switch (next)
                {
                    case ModelStep.Reasoned { Step: var step }:
                        thoughts++;
                        if (question.Wish.IsShown)
                        {
                            if (guard.HitIn(step.All) is { } thought)
                            {
                                ending = new Ending(RunOutcome.Guarded, voice.Model);
                                yield return Block(question, thought);
                                yield break;
                            }

                            var thinking = step with
                            {
                                Thought = guard.Clean(step.Thought),
                                Action = step.Action is { } action ? guard.Clean(action) : null,
                            };
                            var shown = thinking.At(time.GetUtcNow());
                            steps.Add(shown);
                            yield return new ReasoningEvent.Reasoned(shown);
                        }

                        break;
                    case ModelStep.Said { Text: var said }:
                        if (guard.Feed(said) is { Length: > 0 } text)
                        {
                            answer.Append(text);
                            yield return new ReasoningEvent.Text(text);
                        }

                        if (guard.Hit is { } hit)
                        {
                            ending = new Ending(RunOutcome.Guarded, voice.Model);
                            yield return Block(question, hit);
                            yield break;
                        }

                        break;
                    case ModelStep.Ended ended:
                        if (guard.Finish() is { Length: > 0 } rest)
                        {
                            answer.Append(rest);
                            yield return new ReasoningEvent.Text(rest);
                        }

                        var (raw, rawHit) = guard.WholeEscaped(question.Wish.IsShown ? voice.Raw : "");
                        if ((guard.Hit ?? rawHit) is { } found)
                        {
                            ending = new Ending(RunOutcome.Guarded, voice.Model);
                            yield return Block(question, found);
                            yield break;
                        }

                        guards.Passed(guard, voice.Model!.Id);
                        question.Guarding.Removed = guard.Removed;
                        var usage = TokenUsage.Of(ended.Usage, tokens[voice.Model.Id], voice.EstimatedTokens);
                        ending = new Ending(OutcomeOf(thoughts), voice.Model, usage);
                        yield return new ReasoningEvent.Done(
                            new ReasonedAnswer(
                                answer.ToString().TrimEnd(),
                                question.Wish.IsShown ? steps : null,
                                question.Wish.IsShown ? raw : null,
                                voice.Model.Id,
                                ended.Truncated ? true : null,
                                usage
                            )
                        );
                        yield break;
                    case ModelStep.Broke broke:
                        // Where there is no money nobody was asked, and nothing is known of the prompt.
                        ending =
                            broke.OverBudget is null && !broke.IsUncounted
                                ? new Ending(RunOutcome.Failed, voice.Model)
                                : null;
                        Log.ModelBrokeOff(logger, question.Targets[0].Id, broke.Fault);
                        yield return new ReasoningEvent.Broken(ModelProblems.Of(broke, question.Targets[0]));
                        yield break;
                }
            }
        }
        finally
        {
            // What it cost is known once the model is done with, also where the caller left after the last event.
            await RecordAsync(principal, question.Prompt, ending, question.Bill.Cost, started);
        }
    }

    /// <summary>A prompted answer without a thought is one in another form than was asked for.</summary>
    private static string OutcomeOf(int thoughts) => thoughts > 0 ? RunOutcome.Succeeded : RunOutcome.Faulty;

    /// <summary>What became of the prompt's version; nothing where it was not used, or the caller left in the middle.</summary>
    private async Task RecordAsync(Principal principal, PromptUse? use, Ending? ending, NanoDollars cost, long started)
    {
        if (use is null || ending is null || ending.Model?.Reasons is ModelReasoning.Native)
        {
            return;
        }

        await prompts.RecordAsync(
            principal,
            use,
            new RunResult(
                ending.Outcome,
                ending.Model?.Id,
                ending.Usage?.InputTokens ?? 0,
                ending.Usage?.OutputTokens ?? 0,
                cost.Value,
                time.GetElapsedTime(started).TotalMilliseconds
            ),
            CancellationToken.None
        );
    }

    private ReasoningEvent.Broken Block(ReasoningQuestion question, string hit)
    {
        guards.Stopped(hit, question.Targets[0].Id);
        question.Guarding.Stopped = hit;
        return new ReasoningEvent.Broken(ModelProblems.Blocked(hit));
    }

    private static IReadOnlyList<ChatMessage> MessagesFor(ReasoningQuestion question, ThinkingRoom room)
    {
        if (room.Form is not { } form)
        {
            return question.Messages;
        }

        // One system message: several local models' templates take no second.
        var first = question.Messages[0];
        return first.Role == ChatRole.System
            ? [new ChatMessage(ChatRole.System, $"{first.Text}\n\n{form}"), .. question.Messages.Skip(1)]
            : [new ChatMessage(ChatRole.System, form), .. question.Messages];
    }

    private static long CostOf(ChatMessage message) => TokenEstimate.Of(message.Text) + MessageTokens;

    /// <summary>How it ended, and by whom.</summary>
    private sealed record Ending(string Outcome, ChatModel? Model, TokenUsage? Usage = null);
}
