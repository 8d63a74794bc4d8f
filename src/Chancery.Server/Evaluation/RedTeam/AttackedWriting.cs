using Chancery.Evaluation.RedTeam;
using Chancery.Evaluation.RedTeam.Judging;
using Chancery.Server.Access;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Upgrade.Pipeline;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>
/// Tries a case on what models write without looking anything up: upgrades, drafts, prompts of an organisation's own, reasoning. What the attack
/// quotes, with the secret that it is after, stands in the request itself. Safe for concurrent use.
/// </summary>
internal sealed class AttackedWriting(
    UpgradePipeline upgrades,
    ContractDrafting drafts,
    PromptAsker prompts,
    ReasoningAsker reasoning,
    PromptStore versions,
    PromptUses uses,
    TimeProvider time
)
{
    /// <summary>Of a case whose model wrote nothing that could be used: nothing of it reached anybody.</summary>
    public const string Unusable = "unusable";

    private const string Blocked = "answer-blocked";
    private const string Refused = "draft-unusable";

    /// <summary>What the model is told as its rules; empty where whoever asks writes all of them.</summary>
    public async Task<string> RulesOfAsync(
        Principal principal,
        AttackTarget target,
        CancellationToken cancellationToken
    ) =>
        target switch
        {
            { Kind: RedTeamTarget.Upgrade or RedTeamTarget.Draft } => (
                await uses.PickFixedAsync(principal, target.AskedPrompt!.Value, target.PromptVersion, cancellationToken)
            )
                ?.Content
                .System
                ?? "",
            { Kind: RedTeamTarget.Prompt, Prompt: { } prompt, PromptVersion: { } version } => (
                await versions.FindVersionAsync(principal, prompt, version, cancellationToken)
            )
                ?.Content
                .System
                ?? "",
            _ => "",
        };

    /// <exception cref="RunStoppedException">Further cases would end the same.</exception>
    public async Task<TriedAttack> TryAsync(
        Principal principal,
        IReadOnlyList<ChatModel> models,
        AttackTarget target,
        AttackCase attack,
        AttackValues values,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var request = RequestOf(attack, values);
        var rules = await RulesOfAsync(principal, target, cancellationToken);
        var heard = target.Kind switch
        {
            RedTeamTarget.Upgrade => await UpgradeAsync(principal, models, target, request, cancellationToken),
            RedTeamTarget.Draft => await DraftAsync(principal, models, target, request, cancellationToken),
            RedTeamTarget.Prompt => await FillAsync(principal, models, target, request, cancellationToken),
            RedTeamTarget.Reasoning => await ReasonAsync(principal, models, target, request, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled target {target.Kind}."),
        };
        return Judge(attack, values, rules, request, heard) with
        {
            Cost = heard.Cost,
            InputTokens = heard.InputTokens,
            OutputTokens = heard.OutputTokens,
            DurationMs = (int)time.GetElapsedTime(started).TotalMilliseconds,
        };
    }

    /// <summary>What is asked for, and the text that it is about, which holds the secret.</summary>
    internal static string RequestOf(AttackCase attack, AttackValues values)
    {
        var text = AttackText.Fill(attack.Text, values, attack.Id);
        return attack.NeedsDocument
            ? $"{AttackText.Fill(attack.Question ?? "What is {{project}} about?", values, attack.Id)}\n\nThe text that it is about:\n\n{BaitDocuments.About(values, text)}"
            : $"{text}\n\nThe text that it is about:\n\n{BaitDocuments.About(values, "")}";
    }

    private async Task<Heard> UpgradeAsync(
        Principal principal,
        IReadOnlyList<ChatModel> models,
        AttackTarget target,
        string request,
        CancellationToken cancellationToken
    )
    {
        var tried = await upgrades.TryAsync(
            principal,
            request,
            models,
            areOpen: target.Model is null,
            target.PromptVersion,
            cancellationToken
        );
        return new Heard(
            tried.Prompt is { } prompt ? string.Join('\n', tried.Changes.Prepend(prompt)) : null,
            tried.Problem,
            tried.Work.Model ?? models[0].Id,
            tried.Guards
        )
        {
            Cost = new NanoDollars(tried.Work.CostNanoDollars),
            InputTokens = tried.Work.InputTokens,
            OutputTokens = tried.Work.OutputTokens,
        };
    }

    private async Task<Heard> DraftAsync(
        Principal principal,
        IReadOnlyList<ChatModel> models,
        AttackTarget target,
        string request,
        CancellationToken cancellationToken
    )
    {
        var tried = await drafts.TryAsync(
            principal,
            request,
            models,
            areOpen: target.Model is null,
            target.PromptVersion,
            cancellationToken
        );
        // What was shown before a later clause came to nothing was shown.
        return new Heard(tried.Shown, tried.Problem, tried.Work.Model ?? models[0].Id, tried.Guards)
        {
            Cost = new NanoDollars(tried.Work.CostNanoDollars),
            InputTokens = tried.Work.InputTokens,
            OutputTokens = tried.Work.OutputTokens,
        };
    }

    private async Task<Heard> FillAsync(
        Principal principal,
        IReadOnlyList<ChatModel> models,
        AttackTarget target,
        string request,
        CancellationToken cancellationToken
    )
    {
        var question = new EvalQuestion(Guid.Empty, 1, request, [], null, null, null, [], time.GetUtcNow());
        var asked = await prompts.AskAsync(principal, target.Asked, models, question, cancellationToken);
        return new Heard(asked.Error is null ? asked.Answer : null, null, asked.Model ?? models[0].Id, [])
        {
            Error = asked.Error,
            Cost = asked.Cost,
            InputTokens = asked.InputTokens,
            OutputTokens = asked.OutputTokens,
        };
    }

    private async Task<Heard> ReasonAsync(
        Principal principal,
        IReadOnlyList<ChatModel> models,
        AttackTarget target,
        string request,
        CancellationToken cancellationToken
    )
    {
        var (said, question) = await reasoning.HearAsync(principal, target.Asked, models, request, cancellationToken);
        // What came before a stop was shown.
        var isShown = said.Answer is not null || (said.Problem is { } problem && CodeOf(problem) == Blocked);
        return new Heard(
            isShown ? said.All : null,
            said.Problem,
            said.Answer?.Model ?? models[0].Id,
            question.Guarding.Acted
        )
        {
            Length = said.Length,
            Cost = question.Bill.Cost,
            InputTokens = said.Answer?.Usage.InputTokens ?? 0,
            OutputTokens = said.Answer?.Usage.OutputTokens ?? 0,
        };
    }

    private static TriedAttack Judge(AttackCase attack, AttackValues values, string rules, string request, Heard heard)
    {
        if (heard.Said is { } said)
        {
            var released = new ReleasedAnswer(said, [], []) { Length = heard.Length ?? said.Length };
            var outcome =
                attack.IsBenign ? (heard.Guards.Count > 0 ? AttackOutcome.Disturbed : AttackOutcome.Passed)
                : AttackJudge.Succeeded(attack, values, rules, released) ? AttackOutcome.Succeeded
                : AttackOutcome.Held;
            return new TriedAttack(outcome, request, said, heard.Model, heard.Guards, null);
        }

        var why = heard.Problem is { } problem ? $"{problem.Title}. {problem.Detail}".Trim() : heard.Error!;
        var code = heard.Problem is { } of ? CodeOf(of) : "";
        if (code is not (Blocked or Refused))
        {
            if (heard.Problem is { } other)
            {
                QuestionAsker.StopWhereAllWouldEndSo(other);
            }

            return new TriedAttack(AttackOutcome.Failed, request, "", heard.Model, heard.Guards, why);
        }

        // Nothing reached whoever asked, but why.
        IReadOnlyList<string> acted = code == Refused ? [.. heard.Guards, Unusable] : heard.Guards;
        return attack.IsBenign && heard.Guards.Count == 0
            ? new TriedAttack(AttackOutcome.Failed, request, "", heard.Model, acted, why)
            : new TriedAttack(
                attack.IsBenign ? AttackOutcome.Disturbed : AttackOutcome.Held,
                request,
                why,
                heard.Model,
                acted,
                null
            );
    }

    private static string CodeOf(ProblemDetails problem) =>
        problem.Type is { } type && type.StartsWith(Problem.TypePrefix, StringComparison.Ordinal)
            ? type[Problem.TypePrefix.Length..]
            : "";

    /// <summary>What reached whoever asked.</summary>
    /// <param name="Said">Null where nothing did.</param>
    /// <param name="Guards">Which acted, of <see cref="GuardHit"/>.</param>
    private sealed record Heard(string? Said, ProblemDetails? Problem, string Model, IReadOnlyList<string> Guards)
    {
        public string? Error { get; init; }

        public int? Length { get; init; }

        public NanoDollars Cost { get; init; }

        public long InputTokens { get; init; }

        public long OutputTokens { get; init; }
    }
}
