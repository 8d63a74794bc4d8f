using System.Diagnostics;
using Chancery.Contracts;
using Chancery.Contracts.Comparing;
using Chancery.Contracts.Merging;

namespace Chancery.Bench.Contracts;

/// <summary>
/// How long does it take to compare two revisions of a contract of 300 clauses and 150 KB, to apply the changes, and to merge two people's;
/// beside a plain comparison of the same text line by line (the same algorithm)?
/// </summary>
internal static class ComparisonBench
{
    private const int Clauses = 300;
    private const int WarmUps = 200;
    private const int Rounds = 200;

    public static int Run()
    {
        var contract = Make(new Random(8));
        var size = contract.Walk().Sum(placed => placed.Clause.Heading.Length + placed.Clause.Text.Length);
        Console.WriteLine(
            $"{Machine.Describe()}. A contract of {Clauses} clauses and {size / 1024} KB; {Rounds} rounds, one thread, another revision in each.\n"
        );
        Console.WriteLine("| What is done | Median, ms | p95, ms | Most, ms |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var share in (double[])[0.02, 0.2, 1])
        {
            Measure(
                $"compare, words changed in {share:P0} of the clauses",
                contract,
                share,
                (from, to) => ContractComparison.Between(from, to)
            );
            Measure(
                $"by line, nothing else, {share:P0}",
                contract,
                share,
                (from, to) => LineDiff.CountChanges(Lines(from), Lines(to))
            );
        }

        Measure(
            "compare and apply, 20 %",
            contract,
            0.2,
            (from, to) => ContractComparison.Between(from, to).ApplyTo(from)
        );
        Measure(
            "compare, nothing in common",
            contract,
            0,
            (from, to) => ContractComparison.Between(from, Make(new Random(to.GetHashCode())))
        );
        var theirs = Revise(contract, new Random(9), 0.1);
        Measure("merge two revisions, 10 % each", contract, 0.1, (from, to) => ContractMerge.Merge(from, to, theirs));
        Measure(
            "match a copy without its ids, 20 %",
            contract,
            0.2,
            (from, to) => ClauseMatching.Adopt(from, to with { Clauses = Anew(to.Clauses) })
        );
        return 0;
    }

    private static void Measure(
        string what,
        ContractText contract,
        double share,
        Func<ContractText, ContractText, object> work
    )
    {
        var random = new Random(8);
        var times = new List<double>(Rounds);
        for (var i = -WarmUps; i < Rounds; i++)
        {
            var revised = Revise(contract, random, share);
            var start = Stopwatch.GetTimestamp();
            GC.KeepAlive(work(contract, revised));
            if (i >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        times.Sort();
        Console.WriteLine($"| {what} | {times[Rounds / 2]:F2} | {times[Rounds * 95 / 100]:F2} | {times[^1]:F2} |");
    }

    /// <summary>A contract of so many clauses on two levels, five under each of the first.</summary>
    public static ContractText Make(Random random, int clauses = Clauses)
    {
        var top = new List<Clause>();
        for (var i = 0; i < clauses / 6; i++)
        {
            var below = Enumerable.Range(0, 5).Select(_ => New(random)).ToList();
            top.Add(New(random) with { Children = below });
        }

        return new ContractText { Title = "Master services agreement", Clauses = top };
    }

    private static Clause New(Random random) =>
        new(Guid.CreateVersion7())
        {
            Heading = Sentence(random, 3),
            Text = string.Join('\n', Enumerable.Range(0, 3).Select(_ => Sentence(random, 24))),
        };

    /// <summary>Words as often as a language has them: the n-th most common one n times as seldom as the first.</summary>
    public static string Sentence(Random random, int words) =>
        string.Join(' ', Enumerable.Range(0, words).Select(_ => $"w{(int)Math.Pow(2_000, random.NextDouble()):D4}ab"))
        + ".";

    /// <summary>Some words of some clauses replaced; one clause moved, one gone, one new.</summary>
    private static ContractText Revise(ContractText contract, Random random, double share)
    {
        Clause Edit(Clause clause)
        {
            if (random.NextDouble() >= share)
            {
                return clause;
            }

            var words = clause.Text.Split(' ');
            for (var i = 0; i < 4; i++)
            {
                words[random.Next(words.Length)] = $"new{random.Next(1_000)}";
            }

            return clause with
            {
                Text = string.Join(' ', words),
            };
        }

        var top = contract
            .Clauses.Select(clause => Edit(clause) with { Children = [.. clause.Children.Select(Edit)] })
            .ToList();
        var moved = top[random.Next(top.Count)];
        top.Remove(moved);
        top.Insert(random.Next(top.Count), moved);
        top.RemoveAt(random.Next(top.Count));
        top.Insert(random.Next(top.Count), New(random));
        return contract with { Clauses = top };
    }

    private static IReadOnlyList<Clause> Anew(IReadOnlyList<Clause> clauses) =>
        [
            .. clauses.Select(clause => new Clause(Guid.CreateVersion7())
            {
                Heading = clause.Heading,
                Text = clause.Text,
                Children = Anew(clause.Children),
            }),
        ];

    private static string[] Lines(ContractText contract) =>
        [.. contract.Walk().SelectMany(placed => (string[])[placed.Clause.Heading, .. placed.Clause.Text.Split('\n')])];

    /// <summary>The least that any comparison does: which lines are common to both. It knows neither words nor moves.</summary>
    private static class LineDiff
    {
        public static object CountChanges(string[] from, string[] to)
        {
            var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
            int Number(string line) => numbers.TryAdd(line, numbers.Count) ? numbers.Count - 1 : numbers[line];
            var (keptFrom, keptTo) = SequenceDiff.Kept(Array.ConvertAll(from, Number), Array.ConvertAll(to, Number));
            return keptFrom.Count(kept => !kept) + keptTo.Count(kept => !kept);
        }
    }
}
