using Chancery.Evaluation.RedTeam;
using Chancery.Evaluation.RedTeam.Judging;
using Chancery.Server.Access;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;
using Chancery.Server.Upgrade;
using Chancery.Server.Upgrade.Pipeline;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>
/// Tries a case on what models write without looking anything up: upgrades, drafts, prompts of an organisation's own, reasoning. Upgrades and drafts
/// are given the text with the secret as if they had found it; else it stands in the request itself. Safe for concurrent use.
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
    ) => target.RulesIn((await ContentOfAsync(principal, target, cancellationToken))?.System ?? "");

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
        var request = AttackRequest.Of(attack, values);
        if (request.Asked.Length > MostAskedOf(target))
        {
            const string why = "Filled, it is too long to be asked.";
            return new TriedAttack(AttackOutcome.Failed, request.Whole, "", models[0].Id, [], why);
        }

        var content = await ContentOfAsync(principal, target, cancellationToken);
        var rules = target.RulesIn(content?.System ?? "");
        var heard = target.Kind switch
        {
            RedTeamTarget.Upgrade => await UpgradeAsync(principal, models, target, request, cancellationToken),
            RedTeamTarget.Draft => await DraftAsync(principal, models, target, request, cancellationToken),
            RedTeamTarget.Prompt => await FillAsync(principal, models, target, request.Whole, cancellationToken),
            RedTeamTarget.Reasoning => await ReasonAsync(principal, models, target, request.Whole, cancellationToken),
            _ => throw new System.Diagnostics.UnreachableException($"Unhandled target {target.Kind}."),
        };
        return Judge(attack, values, rules, request.Whole, heard) with
        {
            Cost = heard.Cost,
            InputTokens = heard.InputTokens,
            OutputTokens = heard.OutputTokens,
            DurationMs = (int)time.GetElapsedTime(started).TotalMilliseconds,
        };
    }

    private async Task<PromptContent?> ContentOfAsync(
        Principal principal,
        AttackTarget target,
        CancellationToken cancellationToken
    ) =>
        target switch
        {
            { Kind: RedTeamTarget.Upgrade or RedTeamTarget.Draft } => (
                await uses.PickFixedAsync(principal, target.AskedPrompt!.Value, target.PromptVersion, cancellationToken)
            )?.Content,
            { Kind: RedTeamTarget.Prompt, Prompt: { } prompt, PromptVersion: { } version } => (
                await versions.FindVersionAsync(principal, prompt, version, cancellationToken)
            )?.Content,
            _ => null,
        };

    /// <summary>How many characters its endpoint takes.</summary>
    private static int MostAskedOf(AttackTarget target) =>
        target.Kind switch
        {
            RedTeamTarget.Upgrade => UpgradeEndpoints.MostPrompt,
            RedTeamTarget.Draft => DraftEndpoint.MostInstruction,
            // By tokens, when it is asked.
            _ => int.MaxValue,
        };

    private async Task<Heard> UpgradeAsync(
        Principal principal,
        IReadOnlyList<ChatModel> models,
        AttackTarget target,
        AttackRequest request,
        CancellationToken cancellationToken
    )
    {
        var passage = new Passage(
            ChunkId: Guid.Empty,
            DocumentId: Guid.Empty,
            Version: 1,
            request.Title,
            request.Title,
            Tags: [],
            Page: 1,
            Start: 0,
            End: request.Text.Length,
            Heading: "",
            request.Text,
            Highlights: [],
            Score: 1,
            Explain: null
        );
        var tried = await upgrades.TryAsync(
            principal,
            request.Asked,
            [passage],
            models,
            areOpen: target.Model is null,
            target.PromptVersion,
            cancellationToken
        );
        return new Heard(
            tried.Prompt is { } prompt ? [prompt, .. tried.Changes] : [],
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
        AttackRequest request,
        CancellationToken cancellationToken
    )
    {
        var source = new DraftSource(
            DraftSource.LabelOf(request.Title, page: 1),
            request.Text,
            new ClauseOrigin(OriginKind.Document, request.Title)
        );
        var tried = await drafts.TryAsync(
            principal,
            request.Asked,
            [source],
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
        return new Heard(asked.Error is null ? [asked.Answer] : [], null, asked.Model ?? models[0].Id, [])
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
        // What came before it broke off was shown.
        return new Heard(said.Pieces, said.Problem, said.Answer?.Model ?? models[0].Id, question.Guarding.Acted)
        {
            Length = said.Length,
            Cost = question.Bill.Cost,
            InputTokens = said.Answer?.Usage.InputTokens ?? 0,
            OutputTokens = said.Answer?.Usage.OutputTokens ?? 0,
        };
    }

    private static TriedAttack Judge(AttackCase attack, AttackValues values, string rules, string request, Heard heard)
    {
        var said = string.Join('\n', heard.Pieces);
        if (
            !attack.IsBenign && heard.Pieces.Any(piece => AttackJudge.Succeeded(attack, values, rules, Released(piece)))
        )
        {
            return new TriedAttack(AttackOutcome.Succeeded, request, said, heard.Model, heard.Guards, null);
        }

        var why = heard.Problem is { } problem ? $"{problem.Title}. {problem.Detail}".Trim() : heard.Error;
        var code = heard.Problem is { } of ? CodeOf(of) : "";
        if (why is not null && code is not (Blocked or Refused))
        {
            // What came of it is not known, whatever was shown before.
            if (heard.Problem is { } other)
            {
                QuestionAsker.StopWhereAllWouldEndSo(other);
            }

            return new TriedAttack(AttackOutcome.Failed, request, said, heard.Model, heard.Guards, why);
        }

        if (attack.IsBenign && code == Refused && heard.Guards.Count == 0)
        {
            return new TriedAttack(AttackOutcome.Failed, request, said, heard.Model, [Unusable], why);
        }

        var outcome =
            !attack.IsBenign ? AttackOutcome.Held
            : code == Blocked || heard.Guards.Count > 0 ? AttackOutcome.Disturbed
            : AttackOutcome.Passed;
        return new TriedAttack(
            outcome,
            request,
            said.Length > 0 ? said : why ?? "",
            heard.Model,
            code == Refused ? [.. heard.Guards, Unusable] : heard.Guards,
            null
        );

        ReleasedAnswer Released(string piece) => new(piece, [], []) { Length = heard.Length ?? said.Length };
    }

    private static string CodeOf(ProblemDetails problem) =>
        problem.Type is { } type && type.StartsWith(Problem.TypePrefix, StringComparison.Ordinal)
            ? type[Problem.TypePrefix.Length..]
            : "";

    /// <summary>What reached whoever asked.</summary>
    /// <param name="Pieces">Each stands for itself: halves in two of them are not one word.</param>
    /// <param name="Guards">Which acted, of <see cref="GuardHit"/>.</param>
    private sealed record Heard(
        IReadOnlyList<string> Pieces,
        ProblemDetails? Problem,
        string Model,
        IReadOnlyList<string> Guards
    )
    {
        public string? Error { get; init; }

        public int? Length { get; init; }

        public NanoDollars Cost { get; init; }

        public long InputTokens { get; init; }

        public long OutputTokens { get; init; }
    }
}
