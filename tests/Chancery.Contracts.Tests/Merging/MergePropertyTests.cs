using Chancery.Contracts.Comparing;
using Chancery.Contracts.Merging;

namespace Chancery.Contracts.Tests.Merging;

public sealed class MergePropertyTests
{
    [Fact]
    public void Where_one_changed_nothing_the_others_text_is_the_merged_one() =>
        AnyContracts.HoldChanged(
            (@base, changed) =>
            {
                Assert.Equal(changed, Merged(@base, changed, @base));
                Assert.Equal(changed, Merged(@base, @base, changed));
                Assert.Equal(changed, Merged(@base, changed, changed));
            }
        );

    [Fact]
    public void Without_a_conflict_it_does_not_matter_whose_changes_come_first() =>
        AnyContracts.HoldChangedTwice(
            (@base, mine, theirs) =>
            {
                var one = ContractMerge.Merge(@base, mine, theirs);
                var other = ContractMerge.Merge(@base, theirs, mine);

                Assert.Equal(one is MergeOutcome.Merged, other is MergeOutcome.Merged);
                if (one is MergeOutcome.Merged merged)
                {
                    Assert.Equal(merged.Contract, ((MergeOutcome.Merged)other).Contract);
                }
            }
        );

    [Fact]
    public void A_merged_text_has_no_faults_and_no_clause_that_nobody_had() =>
        AnyContracts.HoldChangedTwice(
            (@base, mine, theirs) =>
            {
                var merged = ContractMerge.Merge(@base, mine, theirs) switch
                {
                    MergeOutcome.Merged clean => clean.Contract,
                    MergeOutcome.Conflicted disputed => disputed.Partial,
                    _ => null!,
                };
                var known = mine.Walk().Concat(theirs.Walk()).Select(c => c.Clause.Id).ToHashSet();

                Assert.Empty(merged.FindFaults());
                Assert.All(merged.Walk(), placed => Assert.Contains(placed.Clause.Id, known));
            }
        );

    [Fact]
    public void What_one_wrote_is_merged_or_named_as_a_conflict() =>
        AnyContracts.HoldChangedTwice(
            (@base, mine, theirs) =>
            {
                var outcome = ContractMerge.Merge(@base, mine, theirs);
                var (merged, conflicts) = outcome is MergeOutcome.Conflicted disputed
                    ? (disputed.Partial, disputed.Conflicts)
                    : (((MergeOutcome.Merged)outcome).Contract, []);
                AssertKept(@base, mine, merged, conflicts);
                AssertKept(@base, theirs, merged, conflicts);
            }
        );

    [Fact]
    public void Changes_of_different_clauses_never_conflict_and_lose_no_word() =>
        AnyContracts.HoldShared(
            (@base, mine, theirs) =>
            {
                var sameHead = theirs with
                {
                    Title = mine.Title,
                    EffectiveDate = mine.EffectiveDate,
                    Parties = mine.Parties,
                };
                var merged = Merged(@base, mine, sameHead);

                AssertKept(@base, mine, merged, []);
                AssertKept(@base, theirs, merged, []);
                Assert.DoesNotContain(
                    merged.Walk(),
                    placed => IsDeleted(placed.Clause.Id, @base, mine) || IsDeleted(placed.Clause.Id, @base, theirs)
                );
            }
        );

    [Fact]
    public void All_of_a_proposal_is_the_proposal_and_none_of_it_is_what_was() =>
        AnyContracts.HoldChanged(
            (from, proposed) =>
            {
                var changed = ContractComparison
                    .Between(from, proposed)
                    .Clauses.Where(change => change.Kind != ClauseChangeKind.Same)
                    .Select(change => change.Id)
                    .ToHashSet();

                Assert.Equal(proposed, ChangeSelection.Take(from, proposed, changed, head: true));
                Assert.Equal(from, ChangeSelection.Take(from, proposed, new HashSet<Guid>(), head: false));
            }
        );

    [Fact]
    public void Some_of_a_proposal_changes_only_what_was_chosen() =>
        AnyContracts.HoldChanged(
            (from, proposed) =>
            {
                var chosen = from.Walk()
                    .Concat(proposed.Walk())
                    .Select(c => c.Clause.Id)
                    .Where((_, i) => i % 3 == 0)
                    .ToHashSet();
                var taken = ChangeSelection.Take(from, proposed, chosen, head: false);
                var now = taken.Walk().ToDictionary(c => c.Clause.Id, c => c.Clause);

                Assert.Empty(taken.FindFaults());
                Assert.Equal(from.Title, taken.Title);
                Assert.All(
                    from.Walk().Where(c => !chosen.Contains(c.Clause.Id)),
                    was => Assert.Equal(was.Clause with { Children = [] }, now[was.Clause.Id] with { Children = [] })
                );
                Assert.All(
                    proposed.Walk().Where(c => chosen.Contains(c.Clause.Id)),
                    told => Assert.Equal(told.Clause with { Children = [] }, now[told.Clause.Id] with { Children = [] })
                );
            }
        );

    private static ContractText Merged(ContractText @base, ContractText mine, ContractText theirs) =>
        Assert.IsType<MergeOutcome.Merged>(ContractMerge.Merge(@base, mine, theirs)).Contract;

    private static bool IsDeleted(Guid id, ContractText @base, ContractText side) =>
        @base.Walk().Any(c => c.Clause.Id == id) && side.Walk().All(c => c.Clause.Id != id);

    /// <summary>Every paragraph and heading that a side added to a clause is in the merged clause.</summary>
    private static void AssertKept(
        ContractText @base,
        ContractText side,
        ContractText merged,
        IReadOnlyList<MergeConflict> conflicts
    )
    {
        var before = @base.Walk().ToDictionary(c => c.Clause.Id, c => c.Clause);
        var now = merged.Walk().ToDictionary(c => c.Clause.Id, c => c.Clause);
        foreach (var (clause, _, _, _) in side.Walk())
        {
            var was = before.GetValueOrDefault(clause.Id);
            var isDisputed = conflicts.Any(conflict => conflict.Clause == clause.Id);
            if (isDisputed || (was is not null && was.Heading == clause.Heading && was.Text == clause.Text))
            {
                continue;
            }

            Assert.True(now.ContainsKey(clause.Id), $"Clause “{clause.Heading}” is lost.");
            var kept = now[clause.Id];
            Assert.Subset(
                kept.Text.Split('\n').ToHashSet(),
                clause.Text.Split('\n').Except(was?.Text.Split('\n') ?? []).Where(line => line.Length > 0).ToHashSet()
            );
            Assert.True(was?.Heading == clause.Heading || kept.Heading == clause.Heading);
        }
    }
}
