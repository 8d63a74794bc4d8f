using System.Diagnostics;
using Chancery.Evaluation.Judging;
using Chancery.Evaluation.Scoring;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Evaluation.Judging;
using Chancery.Server.Evaluation.Scores;
using Chancery.Server.Evaluation.Telemetry;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Platform.Telemetry.Ratings;
using Chancery.Server.Platform.Telemetry.Tracing;
using Chancery.Server.Platform.Work;
using Chancery.Server.Prompts.Using;

namespace Chancery.Server.Evaluation.Running;

/// <summary>
/// Asks the questions of a run, one after the other. What has a result is not asked again, so that a run whose server was killed goes on
/// where it was; only the question that was being asked then is paid twice.
/// </summary>
internal sealed class RunHandler(
    RunWorkStore store,
    RunStore runs,
    RunStarters starters,
    RunModels models,
    QuestionAsker asker,
    Judges judges,
    JudgePrompts judgePrompts,
    AuditTrail trail,
    ScoreExport export,
    EvalMeter meter,
    GenAISettings telemetry,
    TimeProvider time,
    ILogger<RunHandler> logger
) : IWorkHandler
{
    private const int Batch = 20;

    // What is done for one question is one trace, which its scores are told of.
    private static readonly ActivitySource Spans = new("Chancery.Evaluation");

    public string Kind => RunWork.Kind;

    public bool Waits => true;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        if (await store.BeginAsync(item, item.SubjectAs<RunWork>().Run, cancellationToken) is not { } run)
        {
            return;
        }

        if (await starters.FindAsync(item.Tenant, run.Starter, cancellationToken) is not { } principal)
        {
            await EndAsync(item, run, RunState.Failed, "Whoever started it may not any more.", cancellationToken);
            return;
        }

        if (!MayAsk(principal, run.Target))
        {
            await EndAsync(item, run, RunState.Failed, "Whoever started it may not ask any more.", cancellationToken);
            return;
        }

        var (chosen, problem) = await models.ChooseAsync(
            principal,
            run.Target,
            run.Judging,
            RunModels.Fields.OfRun,
            cancellationToken
        );
        if (chosen is null)
        {
            await EndAsync(item, run, RunState.Failed, RunModels.WhyOf(problem!), cancellationToken);
            return;
        }

        try
        {
            var told = await JudgesAsync(item, run, principal, chosen, cancellationToken);
            var state = await AskAllAsync(item, run, principal, chosen, told, cancellationToken);
            await EndAsync(item, run, state, null, cancellationToken);
        }
        catch (RunStoppedException stopped)
        {
            await EndAsync(item, run, RunState.Failed, stopped.Message, cancellationToken);
        }
    }

    public async Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken) =>
        await store.EndAsync(
            item,
            item.SubjectAs<RunWork>().Run,
            RunState.Failed,
            "Something unexpected happened, several times. The operator finds it in the log.",
            isNightly: false,
            cancellationToken
        );

    public static bool MayAsk(Principal principal, EvalTarget target) =>
        principal.May(Permission.DocumentsRead)
        && (target.Kind is EvalTargetKind.Search || principal.May(Permission.Ask))
        && (target.PromptVersion is null || principal.May(Permission.PromptsRead));

    /// <summary>What its judges are told, from its beginning to its end, also on another server.</summary>
    private async Task<IReadOnlyDictionary<JudgeCriterion, PromptUse>> JudgesAsync(
        WorkItem item,
        OpenRun run,
        Principal principal,
        RunModels.Chosen chosen,
        CancellationToken cancellationToken
    )
    {
        if (run.Judging is not { } judging || chosen.Judge is null)
        {
            return new Dictionary<JudgeCriterion, PromptUse>();
        }

        var told = await judgePrompts.ForRunAsync(principal, run.Id, judging.Criteria, run.Judges, cancellationToken);
        if (run.Judges is null)
        {
            var named = chosen.Name(judging)!;
            await store.KeepJudgesAsync(item, run, named, JudgePrompts.Keep(told), cancellationToken);
        }

        return told;
    }

    private async Task<string> AskAllAsync(
        WorkItem item,
        OpenRun run,
        Principal principal,
        RunModels.Chosen chosen,
        IReadOnlyDictionary<JudgeCriterion, PromptUse> told,
        CancellationToken cancellationToken
    )
    {
        var spent = run.Spent;
        while (await store.NextAsync(item, run, Batch, cancellationToken) is { Count: > 0 } questions)
        {
            foreach (var (question, before) in questions)
            {
                // What was asked before an interruption is not asked again.
                var times = before.ToList();
                while (times.Count < run.Repeats)
                {
                    if (run.Cap is { } cap && spent >= cap)
                    {
                        return RunState.OverCap;
                    }

                    using var span = Spans.StartActivity("evaluate question");
                    span?.SetTag(SpanNames.Tenant, item.Tenant.Value.ToString());
                    var scored = await ScoreAsync(run, principal, chosen, told, question, cancellationToken);
                    times.Add(scored.Scores);
                    spent =
                        times.Count == 1
                            ? await store.AddAsync(item, run, question, scored, cancellationToken)
                            : await store.AddRepeatAsync(item, run, question, scored, times, cancellationToken);
                    meter.Scored(run.Target.Kind, scored.Asked.Outcome, scored.Scores, scored.Cost);
                    Tell(item, run, question, times.Count, scored, span);
                    if (scored.Stop is { } why)
                    {
                        throw new RunStoppedException(why);
                    }
                }
            }
        }

        return RunState.Done;
    }

    /// <summary>Scores of what a model said; without one there is no trace of it.</summary>
    private void Tell(WorkItem item, OpenRun run, EvalQuestion question, int nth, ScoredQuestion scored, Activity? span)
    {
        if (span is null || run.Target.Kind is EvalTargetKind.Search || scored.OutputTokens == 0)
        {
            return;
        }

        if (span.IsAllDataRequested)
        {
            ScoreEvents.Tell(span, scored, telemetry.Captures(item.Tenant));
        }

        export.Tell(
            new QuestionScores(
                run.Id,
                run.Dataset,
                question.Id,
                span.TraceId.ToHexString(),
                scored
                    .Scores.Where(score => score.Value.Value is not null)
                    .ToDictionary(score => score.Key, score => score.Value.Value!.Value),
                time.GetUtcNow()
            )
            {
                Time = nth,
            }
        );
    }

    private async Task<ScoredQuestion> ScoreAsync(
        OpenRun run,
        Principal principal,
        RunModels.Chosen chosen,
        IReadOnlyDictionary<JudgeCriterion, PromptUse> told,
        EvalQuestion question,
        CancellationToken cancellationToken
    )
    {
        var asked = await asker.AskAsync(principal, run.Target, chosen.Asked, question, cancellationToken);
        // Judges' answers follow in the same span.
        var response = Activity.Current?.GetCustomProperty(SpanNames.NewestResponse) as string;
        var reasons = new Dictionary<string, string>();
        var cached = new List<string>();
        // A run judges the same once, however often it asks: what it wants fresh is younger than itself.
        DateTimeOffset? freshSince = run.Judging?.Fresh == true ? run.StartedAt : null;
        var scores = AnswerScoring.Of(question, asked, run.Target.Kind, out var notes);
        var (cost, input, output) = (asked.Cost, asked.InputTokens, asked.OutputTokens);
        string? stop = null;
        foreach (var (criterion, version) in told)
        {
            var name = Judges.ScoreOf(criterion);
            if (chosen.Judge is not { } judge || asked.Outcome != AnswerOutcome.Answered)
            {
                // A refusal says nothing that could be judged; whether it was right is another score.
                scores[name] = asked.Error is { } error ? new Score.Failed(error) : Score.None;
                continue;
            }

            if (stop is not null)
            {
                scores[name] = new Score.Failed(stop);
                continue;
            }

            try
            {
                var judged = await judges.JudgeAsync(
                    principal,
                    judge,
                    criterion,
                    version,
                    question.Question,
                    asked.Answer,
                    asked.Passages,
                    freshSince,
                    mayBeKnown: true,
                    cancellationToken
                );
                scores[name] = judged.Score;
                reasons[name] = judged.Reasoning;
                if (judged.IsCached)
                {
                    cached.Add(name);
                }

                (cost, input, output) = (cost + judged.Cost, input + judged.InputTokens, output + judged.OutputTokens);
            }
            catch (RunStoppedException stopped)
            {
                // What was paid for this question until then is kept.
                stop = stopped.Message;
                scores[name] = new Score.Failed(stop);
            }
        }

        if (run.Judging?.Rival is { } rival)
        {
            JudgedScore? preferred = null;
            if (stop is null)
            {
                try
                {
                    preferred = await PreferAsync(
                        principal,
                        rival,
                        chosen.Judge,
                        question,
                        asked,
                        freshSince,
                        cancellationToken
                    );
                }
                catch (RunStoppedException stopped)
                {
                    stop = stopped.Message;
                }
            }

            preferred ??= JudgedScore.Free(new Score.Failed(stop!));
            scores[ScoreName.Preference] = preferred.Score;
            if (preferred.IsCached)
            {
                cached.Add(ScoreName.Preference);
            }

            (cost, input, output) = (
                cost + preferred.Cost,
                input + preferred.InputTokens,
                output + preferred.OutputTokens
            );
        }

        return new ScoredQuestion(asked, scores, notes, cost, input, output)
        {
            Reasons = reasons,
            Cached = cached,
            ResponseId = response,
            Stop = stop,
        };
    }

    /// <summary>Says nothing where one of the two did not answer, or the other's answer is not for whoever started this.</summary>
    /// <exception cref="RunStoppedException">There is no money left to ask the judge.</exception>
    private async Task<JudgedScore> PreferAsync(
        Principal principal,
        Guid rival,
        ChatModel? judge,
        EvalQuestion question,
        AskedQuestion asked,
        DateTimeOffset? freshSince,
        CancellationToken cancellationToken
    )
    {
        var nothing = JudgedScore.Free(Score.None);
        if (judge is null || asked.Outcome != AnswerOutcome.Answered)
        {
            return asked.Error is { } error ? nothing with { Score = new Score.Failed(error) } : nothing;
        }

        if (await runs.AnswerAsync(principal, rival, question.Id, cancellationToken) is not { } other)
        {
            return nothing;
        }

        return await judges.PreferAsync(
            principal,
            judge,
            question.Question,
            asked.Answer,
            other,
            freshSince,
            cancellationToken
        );
    }

    private async Task EndAsync(
        WorkItem item,
        OpenRun run,
        string state,
        string? failure,
        CancellationToken cancellationToken
    )
    {
        var isNightly = run.Origin == RunOrigin.Nightly;
        if (await store.EndAsync(item, run.Id, state, failure, isNightly, cancellationToken) is not { } worse)
        {
            return;
        }

        meter.Ended(run.Target.Kind, run.Origin, state);
        if (isNightly && state == RunState.OverCap)
        {
            Log.OverCap(logger, run.Dataset, run.Id);
            await RecordAsync(item, run, "eval_run.over_cap", new AuditDetails().Add("dataset", run.Dataset));
        }

        if (worse.Count > 0)
        {
            Log.Regressed(logger, run.Dataset, run.Id, string.Join(", ", worse.Select(change => change.Name)));
            await RecordAsync(
                item,
                run,
                "eval_run.regressed",
                new AuditDetails().Add("dataset", run.Dataset).Add("scores", worse.Select(change => change.Name))
            );
        }
    }

    private async Task RecordAsync(WorkItem item, OpenRun run, string action, AuditDetails details) =>
        await trail.RecordAsync(
            new AuditEvent(AuditActor.Server(item.Tenant.Value), action, AuditOutcome.Failed)
            {
                SubjectKind = "eval_run",
                SubjectId = run.Id.ToString(),
                Details = details,
            }
        );
}
