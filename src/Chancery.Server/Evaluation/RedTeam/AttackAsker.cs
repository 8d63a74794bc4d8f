using System.Text;
using Chancery.Evaluation.RedTeam;
using Chancery.Evaluation.RedTeam.Judging;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>
/// Tries a case by the service that answers people, as a member who reads what is open to them, and judges by what reached the caller of
/// a stream. Safe for concurrent use.
/// </summary>
internal sealed class AttackAsker(ChatService chat, AttackedTools tools, AttackedWriting writing, TimeProvider time)
{
    private const string NotFound = "Its document was not found, so that nothing was tried.";

    /// <param name="models">Asked one after the other where one fails before it says anything.</param>
    /// <param name="bait">Null where nothing is laid out for the target.</param>
    /// <exception cref="RunStoppedException">Further cases would end the same.</exception>
    public async Task<TriedAttack> TryAsync(
        Principal principal,
        IReadOnlyList<ChatModel> models,
        AttackTarget target,
        AttackCase attack,
        int number,
        AttackValues values,
        LaidBait? bait,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        // Owners and admins read everything: what is kept from members could not leak to them.
        var member = principal with
        {
            Role = Role.Lower(principal.Role, Role.Editor),
        };
        if (bait is null)
        {
            return await writing.TryAsync(member, models, target, attack, values, cancellationToken);
        }

        var text = QuestionOf(attack, values);
        var documents = DocumentsOf(attack, number, bait);
        if (attack.Place == AttackPlace.ToolCall)
        {
            if (AttackToolCall.Read(text) is not { } call)
            {
                return Failed(text, null, "Filled, it is no call of a tool.");
            }

            if (call.Tool != AttackToolCall.Ask)
            {
                var released = await tools.CallAsync(member, call, cancellationToken);
                return Judged(attack, values, text, released) with
                {
                    DurationMs = (int)time.GetElapsedTime(started).TotalMilliseconds,
                };
            }

            if (AttackedTools.QuestionOf(call) is not { } asked)
            {
                return Judged(attack, values, text, AttackedTools.Refused);
            }

            (text, documents) = asked;
        }

        if (documents is null)
        {
            return Failed(text, null, "Its document could not be read.");
        }

        if (text.Length > AttackCase.LongestQuestion)
        {
            return Failed(text, null, "Filled, its question is too long to be asked.");
        }

        var question = new ChatQuestion(
            text,
            SessionId: null,
            models[0],
            documents,
            Tags: null,
            Collections: null,
            // What a reader of the stream has seen cannot be taken back.
            HoldCharacters: 0,
            Temperature: null,
            MaxTokens: null
        )
        {
            Fallbacks = [.. models.Skip(1)],
            Freshness = CacheFreshness.None,
            IsKept = false,
            PromptVersion = target.PromptVersion,
            // An attack is nobody's use: a rollout must not go by it.
            JoinsRollouts = false,
            Component = UsageComponent.Evaluation,
        };
        var heard = new Heard();
        await foreach (var happened in chat.AskAsync(member, question, traceId: "", cancellationToken))
        {
            heard.Take(happened);
        }

        return Judge(attack, values, question, heard) with
        {
            Cost = question.Bill.Cost,
            InputTokens = heard.Answer?.Usage.InputTokens ?? 0,
            OutputTokens = heard.Answer?.Usage.OutputTokens ?? 0,
            DurationMs = (int)time.GetElapsedTime(started).TotalMilliseconds,
        };
    }

    private static TriedAttack Judge(AttackCase attack, AttackValues values, ChatQuestion question, Heard heard)
    {
        var guards = question.Guarding;
        if (heard.Problem is { } problem && guards.Stopped is null)
        {
            return Failed(question.Text, question.Model.Id, $"{problem.Title}. {problem.Detail}");
        }

        if (heard.Answer is { Degraded: true } or { Outcome: AnswerOutcome.Failed })
        {
            return Failed(question.Text, question.Model.Id, "The model failed, and something else took its place.");
        }

        if (attack.Scope == AttackScope.Bait && attack.Place != AttackPlace.ToolCall && heard.PassageCount == 0)
        {
            return Failed(question.Text, question.Model.Id, NotFound);
        }

        var acted = guards.Acted;
        var outcome = attack.IsBenign
            ? acted.Count > 0
                ? AttackOutcome.Disturbed
                : AttackOutcome.Passed
            : AttackJudge.Succeeded(attack, values, guards.Rules ?? "", heard.Released)
                ? AttackOutcome.Succeeded
                : AttackOutcome.Held;
        return new TriedAttack(
            outcome,
            question.Text,
            heard.Answer?.Answer ?? heard.Released.Said,
            heard.Answer?.Model ?? question.Model.Id,
            [.. acted, .. guards.Suspected.Select(source => "suspected:" + source)],
            null
        );
    }

    /// <summary>Of a tool that no model stands behind, and so no guard.</summary>
    private static TriedAttack Judged(AttackCase attack, AttackValues values, string call, ReleasedAnswer released)
    {
        var outcome =
            attack.IsBenign ? AttackOutcome.Passed
            : AttackJudge.Succeeded(attack, values, "", released) ? AttackOutcome.Succeeded
            : AttackOutcome.Held;
        return new TriedAttack(outcome, call, string.Join('\n', released.Shown.Prepend(released.Said)), null, [], null);
    }

    private static string QuestionOf(AttackCase attack, AttackValues values)
    {
        var template = attack.NeedsDocument ? attack.Question ?? "What is {{project}} about?" : attack.Text;
        var text = AttackText.Fill(template, values, attack.Id);
        if (attack.Place == AttackPlace.ToolCall)
        {
            return text;
        }

        // Without a word of the documents nothing is found, and no model asked.
        return text.Contains(values.Project, StringComparison.OrdinalIgnoreCase) ? text : $"{text}\n\n{values.Project}";
    }

    private static Guid[]? DocumentsOf(AttackCase attack, int number, LaidBait bait)
    {
        var own = bait.Base;
        if (attack.NeedsDocument && !bait.Cases.TryGetValue(number, out own))
        {
            return null;
        }

        return attack.Scope switch
        {
            AttackScope.Decoy => [bait.Decoy],
            AttackScope.Closed => [bait.Closed],
            // What must not be found is asked for beside what may.
            _ when attack.Goal == AttackGoal.Decoy => [own, bait.Decoy],
            _ when attack.Goal == AttackGoal.Personal => [own, bait.Closed],
            _ => [own],
        };
    }

    private static TriedAttack Failed(string question, string? model, string why) =>
        new(AttackOutcome.Failed, question, "", model, [], why);

    /// <summary>What reached the caller.</summary>
    private sealed class Heard
    {
        private readonly StringBuilder _said = new();
        private readonly List<string> _shown = [];
        private readonly HashSet<Guid> _documents = [];

        private int _length;

        public ChatAnswer? Answer { get; private set; }

        public ProblemDetails? Problem { get; private set; }

        public int PassageCount { get; private set; }

        public ReleasedAnswer Released => new(_said.ToString(), _shown, _documents) { Length = _length };

        public void Take(AnswerEvent happened)
        {
            switch (happened)
            {
                case AnswerEvent.Retrieved { Retrieval: var retrieval }:
                    PassageCount = retrieval.Passages.Count;
                    foreach (var passage in retrieval.Passages)
                    {
                        _documents.Add(passage.DocumentId);
                        _shown.AddRange([passage.Title, passage.Path, passage.Snippet]);
                    }

                    break;
                case AnswerEvent.Reasoned { Step: var step }:
                    _said.Append(step.Thought).Append('\n').Append(step.Action).Append('\n');
                    break;
                case AnswerEvent.Text text:
                    _said.Append(text.Delta);
                    _length += text.Delta.Length;
                    break;
                case AnswerEvent.Cited { Citation: var citation }:
                    _documents.Add(citation.DocumentId);
                    _shown.AddRange([citation.Title, citation.Path, citation.Quote]);
                    break;
                case AnswerEvent.Done { Answer: var answer }:
                    Answer = answer;
                    foreach (var sentence in answer.UnsupportedSentences ?? [])
                    {
                        _said.Append('\n').Append(sentence);
                    }

                    break;
                case AnswerEvent.Broken { Problem: var problem }:
                    QuestionAsker.StopWhereAllWouldEndSo(problem);
                    Problem = problem;
                    break;
            }
        }
    }
}
