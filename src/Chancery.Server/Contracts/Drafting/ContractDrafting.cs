using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Chancery.Contracts;
using Chancery.Server.Access;
using Chancery.Server.Answers.Writing;
using Chancery.Server.Contracts.Operations;
using Chancery.Server.Contracts.Searching;
using Chancery.Server.Contracts.Storing;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Prompts.Templates;
using Chancery.Server.Prompts.Using;
using ClauseOrigin = Chancery.Server.Contracts.Storing.ClauseOrigin;

namespace Chancery.Server.Contracts.Drafting;

/// <summary>A draft that somebody asked for, checked.</summary>
/// <param name="Models">Who writes it, one after the other; the extractive one alone: templates and the organisation's own clauses.</param>
/// <param name="AreModelsOpen">Whether nobody named them, so that a version of a prompt may say whom to ask.</param>
internal sealed record DraftRequest(
    string Instruction,
    DraftWish Wish,
    DraftScope Scope,
    IReadOnlyList<string> Tags,
    IReadOnlyCollection<Guid>? Readers,
    IReadOnlyList<ChatModel> Models,
    bool AreModelsOpen
)
{
    /// <summary>Who pays for it: one of <see cref="UsageComponent"/>.</summary>
    public string Component { get; init; } = UsageComponent.Contracts;
}

/// <summary>From an instruction to the first revision of a contract. Safe for concurrent use.</summary>
/// <remarks>No database session is open while a model writes.</remarks>
internal sealed partial class ContractDrafting(
    DraftSources sources,
    ModelWriter writer,
    ContractStore contracts,
    OperationStore operations,
    DraftReaders readers,
    ClauseSearch clauses,
    Library.LibraryStore library,
    PromptedWork prompted,
    TimeProvider time
)
{
    private const int OutlineSources = 6;
    private const int ClauseSources = 3;
    private const int OutlineTokens = 4000;
    private const int ClauseTokens = 4000;
    private const int SourceTokens = 6000;

    // Later clauses wait for none before them: what they share is in the outline.
    private const int AtOnce = 3;

    /// <summary>Writes the draft and stores it; what is told meanwhile goes to <paramref name="progress"/>.</summary>
    /// <exception cref="ProblemException">No contract came of it.</exception>
    public async Task DraftAsync(Principal principal, DraftRequest request, OperationProgress progress)
    {
        var draft = request.Models[0].IsExtractive
            ? await AssembleAsync(principal, request, progress)
            : await WriteAsync(principal, request, progress);
        if (draft.Text.FindFaults() is { Count: > 0 } faults)
        {
            throw new ProblemException(
                Problem
                    .Of(502, "draft-unusable", "The draft cannot be kept", string.Join(" ", faults.Take(3)))
                    .ProblemDetails
            );
        }

        var facts = new RevisionFacts(RevisionSource.Drafted, principal.UserId, AuthorOf(principal), null)
        {
            Instruction = request.Instruction,
            InstructionLanguage = InstructionLanguage.Of(request.Instruction),
            Work = draft.Work,
            Note = draft.Notes.Count == 0 ? null : string.Join('\n', draft.Notes),
            Origins = draft.Origins,
        };
        var limited = await readers.ForAsync(principal, draft.Seen, request.Readers, progress.Cancelled);
        if (limited.IsNarrowed)
        {
            await progress.TellAsync(
                OperationEvent.Note,
                new OperationNote(
                    "It rests on a document or contract that not everybody may read, so that only you and the organisation's admins can open it. "
                        + "Change who may read it when it is ready for others."
                )
            );
        }

        await contracts.CreateAsync(
            principal,
            new NewContract(draft.Text, draft.Type, request.Tags, limited.Readers),
            [(draft.Text, facts)],
            progress.Cancelled,
            (session, id) =>
                operations.EndAsync(session, progress.Id, new OperationResult(id, 1, null), progress.Cancelled)
        );
    }

    /// <summary>
    /// Drafts with a version of the instructions, whatever is in production, and from the request and what is given alone: without documents,
    /// contracts and the library. It is kept nowhere, and nobody's use.
    /// </summary>
    /// <param name="given">As if it had been found, for the outline and for each clause.</param>
    /// <param name="models">Asked one after the other.</param>
    /// <param name="areOpen">Whether the version may say whom to ask first.</param>
    public async Task<TriedDraft> TryAsync(
        Principal principal,
        string instruction,
        IReadOnlyList<DraftSource> given,
        IReadOnlyList<ChatModel> models,
        bool areOpen,
        int? version,
        CancellationToken cancellationToken
    )
    {
        if (await prompted.FixedAsync(principal, DraftPrompts.Shipped.Id, version, cancellationToken) is not { } use)
        {
            return new TriedDraft(null, Problem.NotFound("version").ProblemDetails, ModelWork.None);
        }

        var request = new DraftRequest(
            instruction,
            new DraftWish(null, null, [], null, null, null),
            DraftScope.Of(given),
            [],
            Readers: null,
            models,
            areOpen
        )
        {
            Component = UsageComponent.Evaluation,
        };
        var tally = new WorkTally();
        var silent = new SilentTeller(cancellationToken);
        try
        {
            var draft = await WriteAsync(principal, request, silent, use, tally);
            if (draft.Text.FindFaults() is [var fault, ..])
            {
                return new TriedDraft(
                    null,
                    Problem.Of(502, "draft-unusable", "The draft cannot be kept", fault).ProblemDetails,
                    tally.Work
                )
                {
                    Shown = ShownOf(silent),
                    Guards = tally.Guards,
                };
            }

            var tried = new TriedDraft(
                string.Join(
                    "\n\n",
                    [
                        draft.Text.Title,
                        .. silent.Partial.Select(clause =>
                            FormattableString.Invariant($"{clause.Number}. {clause.Heading}\n{clause.Text}")
                        ),
                    ]
                ),
                null,
                tally.Work
            );
            return tried with
            {
                Shown = [.. ShownOf(silent), .. FactsOf(draft.Text), .. draft.Notes],
                Guards = tally.Guards,
            };
        }
        catch (ProblemException failure)
        {
            return new TriedDraft(null, failure.Problem, tally.Work) { Shown = ShownOf(silent), Guards = tally.Guards };
        }
    }

    /// <summary>What events show.</summary>
    private static IReadOnlyList<string> ShownOf(SilentTeller told) =>
        told.Outline is { } outline
            ? [outline.Title, .. outline.Headings, .. told.Partial.Select(clause => $"{clause.Heading}\n{clause.Text}")]
            : [];

    /// <summary>What the draft shows besides its clauses, as far as a model writes it in words.</summary>
    private static IEnumerable<string> FactsOf(ContractText text) =>
        text
            .Parties.Select(party => string.Join(", ", party.Name, party.Role, party.Address))
            .Append(text.GoverningLaw ?? "")
            .Append(text.Language ?? "")
            .Where(fact => fact.Length > 0);

    public static string AuthorOf(Principal principal) => principal.Name.Length > 0 ? principal.Name : principal.Email;

    private async Task<Draft> WriteAsync(Principal principal, DraftRequest request, OperationProgress progress)
    {
        var tally = new WorkTally();
        return await prompted.DoAsync(
            principal,
            DraftPrompts.Name,
            tally,
            use => WriteAsync(principal, request, progress, use, tally),
            progress.Cancelled
        );
    }

    private async Task<Draft> WriteAsync(
        Principal principal,
        DraftRequest request,
        IDraftTeller progress,
        PromptUse use,
        WorkTally tally
    )
    {
        var boundary = RandomNumberGenerator.GetHexString(24, lowercase: true);
        var writers = new Writers(principal, request.Models, request.AreModelsOpen);
        var cancelled = progress.Cancelled;
        var found = await sources.FindAsync(
            principal,
            request.Scope,
            request.Instruction,
            heading: null,
            OutlineSources,
            cancelled
        );
        await progress.TellAsync(OperationEvent.Sources, new FoundSources([.. found.Select(source => source.Origin)]));
        var room = RoomOf(writers);
        var (block, _) = DraftSources.Write(found, boundary, room);
        var plan = await writer.WriteAsync(
            writers,
            new WritingTask(
                request.Component,
                "draft_outline",
                use,
                PromptText.FillSystem(use.Content, boundary),
                DraftPrompts.Outline(request.Instruction, request.Wish, block, boundary),
                boundary,
                OutlineTokens
            )
            {
                RefusesStrangers = true,
            },
            answer => DraftReader.Plan(answer, request.Wish),
            tally,
            cancelled
        );
        await progress.TellAsync(
            OperationEvent.Outline,
            new DraftedOutline(plan.Title, [.. plan.Clauses.Select(clause => clause.Heading)])
        );

        using var places = new SemaphoreSlim(AtOnce);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        var writing = Enumerable
            .Range(1, plan.Clauses.Count)
            .Select(number =>
                ClauseAsync(request, writers, use, plan, number, boundary, room, places, tally, stop.Token)
            )
            .ToArray();
        var written = new List<(WrittenClause Clause, IReadOnlyList<DraftSource> Shown)>();
        try
        {
            foreach (var one in writing)
            {
                written.Add(await one);
                var shown = Shown(written.Count, plan.Clauses.Count, written[^1].Clause);
                progress.Partial.Add(shown);
                await progress.TellAsync(OperationEvent.Clause, shown);
            }
        }
        catch
        {
            // The others are of no use any more; what they cost is booked by the time this ends.
            await stop.CancelAsync();
            await Task.WhenAll(writing)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }

        return Assemble(plan, written, [.. found, .. written.SelectMany(one => one.Shown)], tally.Work);
    }

    private async Task<(WrittenClause, IReadOnlyList<DraftSource>)> ClauseAsync(
        DraftRequest request,
        Writers writers,
        PromptUse use,
        DraftPlan plan,
        int number,
        string boundary,
        int room,
        SemaphoreSlim places,
        WorkTally tally,
        CancellationToken cancellationToken
    )
    {
        await places.WaitAsync(cancellationToken);
        try
        {
            var planned = plan.Clauses[number - 1];
            var found = await sources.FindAsync(
                writers.Principal,
                request.Scope,
                $"{planned.Heading}. {planned.Purpose}",
                planned.Heading,
                ClauseSources,
                cancellationToken
            );
            var (block, shown) = DraftSources.Write(found, boundary, room);
            var clause = await writer.WriteAsync(
                writers,
                new WritingTask(
                    request.Component,
                    "draft_clause",
                    use,
                    PromptText.FillSystem(use.Content, boundary),
                    DraftPrompts.Clause(request.Instruction, plan, number, block, boundary),
                    boundary,
                    ClauseTokens
                )
                {
                    RefusesStrangers = true,
                },
                answer => Referenced(DraftReader.Clause(answer, planned.Heading), plan.Clauses.Count),
                tally,
                cancellationToken
            );
            return (clause, shown);
        }
        finally
        {
            places.Release();
        }
    }

    private static Draft Assemble(
        DraftPlan plan,
        List<(WrittenClause Clause, IReadOnlyList<DraftSource> Shown)> written,
        IReadOnlyList<DraftSource> seen,
        ModelWork work
    )
    {
        var ids = written.Select(_ => Guid.CreateVersion7()).ToArray();
        var origins = new Dictionary<Guid, IReadOnlyList<ClauseOrigin>>();
        var top = new List<Clause>(written.Count);
        for (var i = 0; i < written.Count; i++)
        {
            var (clause, shown) = written[i];
            top.Add(ClauseOf(clause, ids[i], ids));
            origins[ids[i]] = DraftSources.Judge(WordsOf(clause), SourcesOf(clause), shown);
        }

        return new Draft(
            new ContractText
            {
                Title = plan.Title,
                Parties = plan.Parties,
                EffectiveDate = plan.EffectiveDate,
                EndDate = plan.EndDate,
                GoverningLaw = plan.GoverningLaw,
                Language = plan.Language,
                Clauses = top,
            },
            plan.Type,
            origins,
            [.. seen.Select(source => source.Origin)],
            work,
            []
        );
    }

    /// <param name="ids">Of the clauses that references count.</param>
    public static Clause ClauseOf(WrittenClause written, Guid id, IReadOnlyList<Guid> ids) =>
        new(id)
        {
            Heading = written.Heading,
            Text = Referring(written.Text, ids),
            Children = [.. written.Children.Select(child => ClauseOf(child, Guid.CreateVersion7(), ids))],
        };

    /// <summary>With the numbers that a model writes for clauses as references; one that no clause has stays a number.</summary>
    private static string Referring(string text, IReadOnlyList<Guid> ids) =>
        NumberedReference()
            .Replace(
                text,
                match =>
                    int.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var number)
                    && number >= 1
                    && number <= ids.Count
                        ? ClauseReference.To(ids[number - 1])
                        : match.Groups[1].Value
            );

    /// <summary>Refuses what names a clause that the contract will not have.</summary>
    private static Written<WrittenClause> Referenced(Written<WrittenClause> written, int clauses) =>
        written.Value is { } clause
        && ParagraphsOf(clause)
            .SelectMany(text => NumberedReference().Matches(text))
            .Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            .FirstOrDefault(number => number < 1 || number > clauses, -1)
            is >= 0
                and var missing
            ? Written<WrittenClause>.Wrong($"it names clause {missing}, and the contract has {clauses}.")
            : written;

    private static DraftedClause Shown(int number, int of, WrittenClause clause) =>
        new(
            number,
            of,
            clause.Heading,
            NumberedReference().Replace(string.Join('\n', ParagraphsOf(clause).Where(one => one.Length > 0)), "$1")
        );

    private static IEnumerable<string> ParagraphsOf(WrittenClause clause) =>
        [clause.Text, .. clause.Children.SelectMany(child => (string[])[child.Heading, .. ParagraphsOf(child)])];

    private static string WordsOf(WrittenClause clause) => string.Join('\n', ParagraphsOf(clause));

    private static IReadOnlyList<int> SourcesOf(WrittenClause clause) =>
        [.. clause.Sources.Concat(clause.Children.SelectMany(SourcesOf)).Distinct()];

    private static int RoomOf(Writers writers) =>
        Math.Min(SourceTokens, writers.Targets.Min(model => model.Endpoint!.ContextWindowTokens) / 4);

    [GeneratedRegex(@"\{\{clause:(\d{1,3})\}\}")]
    private static partial Regex NumberedReference();

    /// <summary>A contract that is not stored yet.</summary>
    /// <param name="Seen">Everything that whoever wrote it was shown, named or not.</param>
    private sealed record Draft(
        ContractText Text,
        string Type,
        IReadOnlyDictionary<Guid, IReadOnlyList<ClauseOrigin>> Origins,
        IReadOnlyList<ClauseOrigin> Seen,
        ModelWork Work,
        IReadOnlyList<string> Notes
    );
}
