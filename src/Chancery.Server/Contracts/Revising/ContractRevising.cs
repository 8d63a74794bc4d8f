using System.Security.Cryptography;
using Chancery.Contracts;
using Chancery.Contracts.Assembly;
using Chancery.Contracts.Editing;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Contracts.Drafting;
using Chancery.Server.Contracts.Operations;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;
using Microsoft.AspNetCore.Http.HttpResults;
using ClauseOrigin = Chancery.Server.Contracts.Storing.ClauseOrigin;

namespace Chancery.Server.Contracts.Revising;

/// <summary>A change that somebody asked for in their own words, checked.</summary>
/// <param name="Base">The revision that it starts from.</param>
/// <param name="Clauses">The only clauses that may be changed; empty for all.</param>
/// <param name="IsProposal">Whether it stays beside the contract's own line until somebody accepts it.</param>
/// <param name="Models">Who writes it; the extractive one alone: rules that understand plain changes.</param>
/// <param name="AreModelsOpen">Whether nobody named them, so that a version of a prompt may say whom to ask.</param>
internal sealed record RevisionRequest(
    string Instruction,
    int Base,
    IReadOnlySet<Guid> Clauses,
    bool IsProposal,
    DraftScope Scope,
    IReadOnlyList<ChatModel> Models,
    bool AreModelsOpen
);

/// <summary>
/// From an instruction to a revision, or a proposal of one: a model writes edits of clauses, never a new text, and what it was not asked to
/// change is found unchanged before anything is stored. Safe for concurrent use.
/// </summary>
internal sealed class ContractRevising(
    ContractStore contracts,
    ProposalStore proposals,
    OperationStore operations,
    DraftSources sources,
    DraftReaders readers,
    ModelWriter writer,
    PromptedWork prompted
)
{
    private const int Sources = 4;
    private const int SourceTokens = 3000;
    private const int AnswerTokens = 8000;

    /// <exception cref="ProblemException">Nothing came of it.</exception>
    public async Task ReviseAsync(
        Principal principal,
        StoredContract contract,
        RevisionRequest request,
        OperationProgress progress
    )
    {
        var change = request.Models[0].IsExtractive
            ? ByRules(contract.Text, request)
            : await PromptedAsync(principal, contract, request, progress);
        if (change.Note is not null)
        {
            await progress.TellAsync(OperationEvent.Note, new OperationNote(change.Note));
        }

        var outcome = ClauseEditing.Apply(contract.Text, change.Edits);
        if (outcome is not EditOutcome.Edited edited)
        {
            throw Unusable(((EditOutcome.Refused)outcome).Reason);
        }

        if (ClauseEditing.FindUnasked(contract.Text, edited.Contract, change.Edits).Count > 0)
        {
            throw Unusable("It would have changed clauses that nobody asked for.");
        }

        if (request.Clauses.Count > 0 && TouchesOthers(contract.Text, edited, request.Clauses))
        {
            throw Unusable("It would have changed clauses that were not selected.");
        }

        if (edited.Contract == contract.Text)
        {
            throw new ProblemException(
                Problem
                    .Of(
                        422,
                        "nothing-to-change",
                        "There is nothing to change",
                        change.Note ?? "The contract says already what was asked for. Nothing was stored."
                    )
                    .ProblemDetails
            );
        }

        await TellChangesAsync(edited, progress);
        var facts = new RevisionFacts(
            RevisionSource.Refined,
            principal.UserId,
            ContractDrafting.AuthorOf(principal),
            request.Base
        )
        {
            Instruction = request.Instruction,
            InstructionLanguage = InstructionLanguage.Of(request.Instruction),
            Work = change.Work,
            Note = change.Note,
            Origins = OriginsOf(edited, change),
        };
        var id = contract.Summary.Id;
        if (request.IsProposal)
        {
            await proposals.CreateAsync(
                principal,
                id,
                request.Base,
                edited.Contract,
                facts,
                progress.Cancelled,
                (session, proposal) =>
                    operations.EndAsync(
                        session,
                        progress.Id,
                        new OperationResult(id, null, proposal),
                        progress.Cancelled
                    )
            );
            return;
        }

        var appended = await contracts.AppendAsync(
            principal,
            id,
            edited.Contract,
            facts,
            progress.Cancelled,
            (session, number) =>
                operations.EndAsync(session, progress.Id, new OperationResult(id, number, null), progress.Cancelled)
        );
        if (AppendProblem.Of(appended) is { } problem)
        {
            throw new ProblemException(problem.ProblemDetails);
        }
    }

    private static Change ByRules(ContractText text, RevisionRequest request) =>
        PlainEdits.Read(request.Instruction, text) switch
        {
            PlainEditOutcome.Understood understood => new Change(
                understood.Edits,
                ModelWork.None,
                understood.Notes.Count == 0 ? null : string.Join('\n', understood.Notes),
                [],
                []
            ),
            PlainEditOutcome.NotUnderstood not => throw new ProblemException(
                Problem
                    .Of(
                        422,
                        "needs-a-model",
                        "This change takes a language model",
                        $"“{not.Part}”: {not.Reason} Without a model plain changes are understood, such as: replace \"30 days\" with \"60 days\"; delete clause 4; "
                            + "change the governing law to Germany. Ask so, edit the clauses yourself, or have the operator connect a model."
                    )
                    .ProblemDetails
            ),
            var other => throw new System.Diagnostics.UnreachableException($"Unhandled outcome {other}."),
        };

    private async Task<Change> PromptedAsync(
        Principal principal,
        StoredContract stored,
        RevisionRequest request,
        OperationProgress progress
    )
    {
        var tally = new WorkTally();
        return await prompted.DoAsync(
            principal,
            RevisionPrompts.Name,
            tally,
            use => WriteAsync(principal, stored, request, progress, use, tally),
            progress.Cancelled
        );
    }

    private async Task<Change> WriteAsync(
        Principal principal,
        StoredContract stored,
        RevisionRequest request,
        OperationProgress progress,
        PromptUse use,
        WorkTally tally
    )
    {
        var text = stored.Text;
        var boundary = RandomNumberGenerator.GetHexString(24, lowercase: true);
        var writers = new Writers(principal, request.Models, request.AreModelsOpen);
        var found = await sources.FindAsync(
            principal,
            request.Scope,
            request.Instruction,
            heading: null,
            Sources,
            progress.Cancelled
        );
        // Others read the contract already: they are told nothing of what is kept from them, unless somebody chose to.
        if (request.Scope == DraftScope.Everything)
        {
            found = await readers.OpenAsync(principal, found, progress.Cancelled);
        }

        await progress.TellAsync(OperationEvent.Sources, new FoundSources([.. found.Select(source => source.Origin)]));
        var (block, shownSources) = DraftSources.Write(found, boundary, SourceTokens);
        var outline = new ContractOutline(text);
        var window = request.Models.Min(model => model.Endpoint!.ContextWindowTokens);
        var (contract, shown) = outline.Write(
            text,
            request.Clauses.Count > 0 ? [.. request.Clauses] : Relevance.Order(text, request.Instruction),
            boundary,
            (window / 2) - TokenEstimate.Of(block) - TokenEstimate.Of(request.Instruction)
        );
        var reader = new EditReader(text, outline, shown, request.Clauses);
        var written = await writer.WriteAsync(
            writers,
            new WritingTask(
                UsageComponent.Contracts,
                "revise",
                use,
                PromptText.FillSystem(use.Content, boundary),
                RevisionPrompts.Request(request.Instruction, outline, request.Clauses, contract, block, boundary),
                boundary,
                Math.Max(AnswerTokens, Math.Min(window / 3, 32_000))
            )
            {
                RefusesStrangers = true,
            },
            reader.Read,
            tally,
            progress.Cancelled
        );
        return new Change(written.Edits, tally.Work, written.Note, written.Sources, shownSources);
    }

    private static bool TouchesOthers(ContractText text, EditOutcome.Edited edited, IReadOnlySet<Guid> selected)
    {
        var known = text.Walk().Select(placed => placed.Clause.Id).ToHashSet();
        return edited.Touched.Any(id => known.Contains(id) && !selected.Contains(id));
    }

    private static async Task TellChangesAsync(EditOutcome.Edited edited, OperationProgress progress)
    {
        var numbers = ClauseNumbers.Of(edited.Contract);
        var changed = edited
            .Contract.Walk()
            .Where(placed => edited.Touched.Contains(placed.Clause.Id))
            .Select(placed => placed.Clause)
            .ToArray();
        foreach (var (clause, place) in changed.Select((clause, place) => (clause, place)))
        {
            var shown = new DraftedClause(
                place + 1,
                changed.Length,
                clause.Heading.Length > 0 ? clause.Heading : numbers.ReferenceOf(clause.Id) ?? "",
                numbers.Write(clause.Text)
            );
            progress.Partial.Add(shown);
            await progress.TellAsync(OperationEvent.Clause, shown);
        }
    }

    private static Dictionary<Guid, IReadOnlyList<ClauseOrigin>> OriginsOf(EditOutcome.Edited edited, Change change)
    {
        var isModel = change.Work.Model is not null;
        return edited
            .Contract.Walk()
            .Where(placed => isModel && edited.Touched.Contains(placed.Clause.Id) && placed.Clause.Text.Length > 0)
            .ToDictionary(
                placed => placed.Clause.Id,
                placed => DraftSources.Judge(placed.Clause.Text, change.Sources, change.Shown)
            );
    }

    private static ProblemException Unusable(string why) =>
        new(
            Problem
                .Of(
                    502,
                    "draft-unusable",
                    "The change cannot be made",
                    $"{why} Nothing was stored. Say it in other words, or edit the clauses yourself."
                )
                .ProblemDetails
        );

    private sealed record Change(
        IReadOnlyList<ClauseEdit> Edits,
        ModelWork Work,
        string? Note,
        IReadOnlyList<int> Sources,
        IReadOnlyList<DraftSource> Shown
    );
}

/// <summary>Clauses that an instruction most likely speaks of, by the words that they share.</summary>
internal static class Relevance
{
    public static IReadOnlyList<Guid> Order(ContractText text, string instruction)
    {
        var asked = Answers.Citing.Claim.Read(instruction).Terms;
        return
        [
            .. text.Walk()
                .Select((placed, place) => (placed.Clause, Place: place))
                .OrderByDescending(one =>
                    Answers.Citing.Claim.Read($"{one.Clause.Heading} {one.Clause.Text}").Terms.Count(asked.Contains)
                )
                .ThenBy(one => one.Place)
                .Select(one => one.Clause.Id),
        ];
    }
}

/// <summary>What a caller is told when a revision could not be added.</summary>
internal static class AppendProblem
{
    /// <summary>Null where it was added.</summary>
    public static ProblemHttpResult? Of(AppendOutcome outcome)
    {
        switch (outcome)
        {
            case AppendOutcome.Appended:
                return null;
            case AppendOutcome.NotFound:
                return Problem.NotFound("contract");
            case AppendOutcome.Unchanged unchanged:
                return Problem.Of(
                    422,
                    "nothing-to-change",
                    "There is nothing to change",
                    $"Revision {unchanged.Latest} says the same already. Nothing was stored."
                );
            case AppendOutcome.Unfit unfit:
                return Problem.Invalid("contract", string.Join(" ", unfit.Faults.Take(5)));
            case AppendOutcome.Conflicted conflicted:
                var problem = Problem.Conflict(
                    "merge-conflict",
                    "Others changed the same words meanwhile",
                    $"The contract is at revision {conflicted.Latest} now. Look at conflicts, decide, and send the change again from that revision. "
                        + "Nothing was stored."
                );
                problem.ProblemDetails.Extensions["latest"] = conflicted.Latest;
                problem.ProblemDetails.Extensions["conflicts"] = conflicted.Conflicts;
                return problem;
            default:
                throw new System.Diagnostics.UnreachableException($"Unhandled outcome {outcome}.");
        }
    }
}
