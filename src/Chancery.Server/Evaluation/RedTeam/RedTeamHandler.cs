using Chancery.Evaluation.RedTeam;
using Chancery.Server.Access;
using Chancery.Server.Evaluation.Running;
using Chancery.Server.Evaluation.Telemetry;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Work;

namespace Chancery.Server.Evaluation.RedTeam;

/// <summary>
/// Tries the cases of a run, one after the other. A run whose server was killed goes on where it was; and however it ends, its documents are
/// taken away before its work is done.
/// </summary>
internal sealed class RedTeamHandler(
    RedTeamWorkStore store,
    BaitDocuments bait,
    RunStarters starters,
    RunModels models,
    AttackAsker asker,
    EvalMeter meter
) : IWorkHandler
{
    public string Kind => RedTeamWork.Kind;

    public bool Waits => true;

    public async Task RunAsync(WorkItem item, CancellationToken cancellationToken)
    {
        if (await store.BeginAsync(item, item.SubjectAs<RedTeamWork>().Run, cancellationToken) is not { } run)
        {
            return;
        }

        if (!run.HasEnded)
        {
            var (state, failure) = await TryAsync(item, run, cancellationToken);
            await store.EndAsync(item, run.Id, state, failure, cancellationToken);
            meter.Ended(EvalMeter.RedTeam, RunOrigin.Person, state);
        }

        await bait.RemoveAsync(item.Tenant, run, cancellationToken);
        await store.ClearedAsync(item, run.Id, cancellationToken);
    }

    public async Task GiveUpAsync(WorkItem item, Exception? lastFault, CancellationToken cancellationToken)
    {
        if (await store.BeginAsync(item, item.SubjectAs<RedTeamWork>().Run, cancellationToken) is not { } run)
        {
            return;
        }

        const string why = "Something unexpected happened, several times. The operator finds it in the log.";
        await store.EndAsync(item, run.Id, RunState.Failed, why, cancellationToken);
        await bait.RemoveAsync(item.Tenant, run, cancellationToken);
        await store.ClearedAsync(item, run.Id, cancellationToken);
    }

    /// <summary>It lays documents out, and asks.</summary>
    public static bool MayTry(Principal principal) =>
        principal.May(Permission.DocumentsRead)
        && principal.May(Permission.DocumentsWrite)
        && principal.May(Permission.Ask);

    /// <summary>What comes out of a prompt of the organisation's own may be its words.</summary>
    public static bool MayRead(Principal principal, AttackTarget target) =>
        target.Kind != RedTeamTarget.Prompt || principal.May(Permission.PromptsRead);

    private async Task<(string State, string? Failure)> TryAsync(
        WorkItem item,
        OpenRedTeamRun run,
        CancellationToken cancellationToken
    )
    {
        if (
            await starters.FindAsync(item.Tenant, run.Starter, cancellationToken) is not { } principal
            || !MayTry(principal)
            || !MayRead(principal, run.Target)
        )
        {
            return (RunState.Failed, "Whoever started it may not any more.");
        }

        var (chosen, problem) = await models.ChooseAsync(
            principal,
            run.Target.Asked,
            judging: null,
            RunModels.Fields.OfAttacks,
            cancellationToken
        );
        if (chosen is null)
        {
            return (RunState.Failed, RunModels.WhyOf(problem!));
        }

        try
        {
            return (await TryAllAsync(item, run, principal, chosen.Asked, cancellationToken), null);
        }
        catch (RunStoppedException stopped)
        {
            return (RunState.Failed, stopped.Message);
        }
    }

    private async Task<string> TryAllAsync(
        WorkItem item,
        OpenRedTeamRun run,
        Principal principal,
        IReadOnlyList<ChatModel> asked,
        CancellationToken cancellationToken
    )
    {
        var tried = await store.TriedAsync(item, run.Id, cancellationToken);
        var left = run
            .Cases.Select((attack, index) => (Number: index + 1, Attack: attack))
            .Where(one => !tried.Contains(one.Number))
            .ToDictionary(one => one.Number, one => one.Attack);
        if (left.Count == 0)
        {
            return RunState.Done;
        }

        var values = new AttackValues(run.Seed);
        LaidBait? laid = null;
        if (run.Target.HasDocuments)
        {
            laid = await bait.LayAsync(
                item.Tenant,
                run,
                values,
                left,
                () => store.GoesOnAsync(item, run.Id, cancellationToken),
                cancellationToken
            );
            if (laid is null)
            {
                return RunState.Cancelled;
            }

            values = new AttackValues(run.Seed)
            {
                DecoyDocument = laid.Decoy,
                OpenDocument = laid.Base,
                ClosedDocument = laid.Closed,
            };
        }

        var (spent, goesOn) = (run.Spent, true);
        foreach (var (number, attack) in left.OrderBy(one => one.Key))
        {
            if (!goesOn)
            {
                return RunState.Cancelled;
            }

            if (run.Cap is { } cap && spent >= cap)
            {
                return RunState.OverCap;
            }

            var result = await asker.TryAsync(
                principal,
                asked,
                run.Target,
                attack,
                number,
                values,
                laid,
                cancellationToken
            );
            (spent, goesOn) = await store.AddAsync(item, run.Id, number, attack, result, cancellationToken);
            meter.Attacked(AttackJson.NameOf(attack.Class), AttackJson.NameOf(result.Outcome), result.Cost);
        }

        return RunState.Done;
    }
}
