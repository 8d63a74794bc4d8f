using System.Diagnostics;
using Chancery.Contracts.Comparing;
using Chancery.Contracts.Editing;
using Chancery.Contracts.Merging;

namespace Chancery.Contracts.Tests;

public sealed class HostileContractTests
{
    /// <summary>Far more than it takes on a busy machine, and far less than what grows with the square takes.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    public static TheoryData<string, string> Misshapen =>
        new()
        {
            { "twice", "twice" },
            { "wide", "clauses" },
            { "deep", "levels" },
            { "long", "characters" },
        };

    [Theory]
    [MemberData(nameof(Misshapen))]
    public void A_tree_that_is_no_contract_is_refused_soon_by_everything(string kind, string fault)
    {
        var good = Contract(New("Good."));
        var bad = MisshapenOf(kind);
        var watch = Stopwatch.StartNew();

        Assert.Contains(bad.FindFaults(), told => told.Contains(fault, StringComparison.Ordinal));
        Assert.Throws<ArgumentException>(() => ContractComparison.Between(good, bad));
        Assert.Throws<ArgumentException>(() => ContractComparison.Between(bad, good));
        Assert.Throws<ArgumentException>(() => ContractMerge.Merge(good, good, bad));
        Assert.Throws<ArgumentException>(() => ChangeSelection.Take(good, bad, new HashSet<Guid>(), false));
        Assert.Throws<ArgumentException>(() => ClauseEditing.Apply(bad, []));
        Assert.Throws<ArgumentException>(() => ClauseEditing.FindUnasked(good, bad, []));
        Assert.Throws<ArgumentException>(() => ClauseMatching.Adopt(good, bad));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Soon);
    }

    [Fact]
    public void Faults_of_words_are_named()
    {
        var contract = Contract(New("a\0b"), New("Fine\tand\nfine") with { Heading = "Two\nlines" });

        Assert.Equal(2, contract.FindFaults().Count);
        Assert.Single((contract with { Clauses = [], Title = "Two\nlines" }).FindFaults());
        Assert.Empty(Contract().FindFaults());
    }

    [Fact]
    public void A_contract_as_large_as_may_be_is_compared_merged_and_matched_soon()
    {
        var clauses = Enumerable
            .Range(0, ContractText.MostClauses)
            .Select(i => New($"Clause {i} says word{i} and word{i % 97} of it."))
            .ToArray();
        var contract = Contract(clauses);
        var reversed = Contract([.. clauses.Reverse()]);
        var foreign = Contract([
            .. clauses.Select(clause => New(clause.Text.Replace("says", "tells", StringComparison.Ordinal))),
        ]);
        var watch = Stopwatch.StartNew();

        Assert.Equal(reversed, ContractComparison.Between(contract, reversed).ApplyTo(contract));
        Assert.Equal(
            reversed,
            Assert.IsType<MergeOutcome.Merged>(ContractMerge.Merge(contract, contract, reversed)).Contract
        );
        Assert.True(
            ClauseMatching.Adopt(contract, foreign).Clauses.Zip(clauses).Count(pair => pair.First.Id == pair.Second.Id)
                > 4_900
        );
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Soon);
    }

    public static TheoryData<string, string> Texts
    {
        get
        {
            var random = new Random(8);
            string Words(int count, int vocabulary) =>
                string.Join(' ', Enumerable.Range(0, count).Select(_ => $"w{random.Next(vocabulary)}"));
            return new()
            {
                { Words(180_000, 100_000), Words(180_000, 100_000) },
                { Words(250_000, 2), Words(250_000, 2) },
                { new string('.', 1_000_000), new string(',', 1_000_000) },
                { new string(' ', 1_000_000), "" },
                { new string('a', 1_000_000), new string('a', 999_999) },
                {
                    string.Concat(Enumerable.Repeat("a b ", 250_000)),
                    string.Concat(Enumerable.Repeat("b a ", 250_000))
                },
                {
                    string.Concat(Enumerable.Repeat("a.b ", 250_000)),
                    string.Concat(Enumerable.Repeat("a,c ", 250_000))
                },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Texts), DisableDiscoveryEnumeration = true)]
    public void Texts_of_a_megabyte_are_compared_soon_whatever_they_say(string from, string to)
    {
        var watch = Stopwatch.StartNew();

        var changes = WordDiff.Between(from, to);

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Soon);
        Assert.Equal(from, WordDiff.FromOf(changes));
        Assert.Equal(to, WordDiff.ToOf(changes));
    }

    private static ContractText MisshapenOf(string kind)
    {
        var same = New("Same.");
        return kind switch
        {
            "twice" => Contract(same, New("Other.") with { Children = [same] }),
            "wide" => Contract([.. Enumerable.Range(0, 10_000).Select(i => New($"{i}"))]),
            "long" => Contract([.. Enumerable.Range(0, 6).Select(_ => New(new string('a', 1_000_000)))]),
            _ => Contract(
                Enumerable
                    .Range(0, 1_000)
                    .Aggregate(New("Deepest."), (below, i) => New($"{i}") with { Children = [below] })
            ),
        };
    }

    private static ContractText Contract(params Clause[] clauses) => new() { Title = "T", Clauses = clauses };

    private static Clause New(string text) => new(Guid.CreateVersion7()) { Text = text };
}
