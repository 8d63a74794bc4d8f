using System.Diagnostics;
using Chancery.Contracts;
using Chancery.Contracts.Reading;

namespace Chancery.Bench.Contracts;

/// <summary>How many contracts get their right clause tree from plain text, what of their head is found, and how long that takes.</summary>
internal static class ImportBench
{
    private const string Annotations = "bench/Chancery.Bench/Contracts/Annotations";

    public static void Run()
    {
        var texts = TestData.PathOf("contracts", "cuad", "full_contract_txt");
        JudgeOutlines(texts, "development");
        JudgeOutlines(texts, "held-out");
        MeasureAll(texts);
    }

    private static void JudgeOutlines(string texts, string half)
    {
        Console.WriteLine($"| {half} | Clauses | Read | Right | Their headings right | Begin right | Tree |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        var sum = new OutlineScore(0, 0, 0, 0, 0);
        var (exact, count) = (0, 0);
        foreach (
            var path in Directory
                .EnumerateFiles(Path.Combine(FindAnnotations(), half), "*.tsv")
                .Order(StringComparer.Ordinal)
        )
        {
            var (file, truth) = OutlineRow.ReadAnnotation(path);
            var score = OutlineScore.Of(
                truth,
                OutlineRow.Of(ContractTextReader.Read(File.ReadAllText(Path.Combine(texts, file))))
            );
            sum += score;
            count++;
            exact += score.IsExact ? 1 : 0;
            Console.WriteLine(
                $"| {Path.GetFileNameWithoutExtension(path)} | {score.True} | {score.Read} | {score.Right} | {score.Headings} | {score.Places} | {(score.IsExact ? "right" : "")} |"
            );
        }

        Console.WriteLine();
        Console.WriteLine(
            $"{half}: {exact} of {count} trees exactly right; clauses: precision {sum.Precision:P1}, recall {sum.Recall:P1}; headings of right clauses {(double)sum.Headings / sum.Right:P1}"
        );
        Console.WriteLine();
    }

    private static void MeasureAll(string texts)
    {
        var answers = ContractFacts.ReadAnswers(TestData.PathOf("contracts", "cuad", "master_clauses.csv"));
        var facts = new ContractFacts();
        var times = new List<double>();
        var (numbers, words, references) = (0, 0, 0);
        foreach (var path in Directory.EnumerateFiles(texts, "*.txt").Order(StringComparer.Ordinal))
        {
            var text = File.ReadAllText(path);
            var start = Stopwatch.GetTimestamp();
            var read = ContractTextReader.Read(text);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            numbers += read.Labels.Count;
            words += read
                .Text.Walk()
                .Count(placed => !placed.Clause.IsNumbered && read.Labels.ContainsKey(placed.Clause.Id));
            references += read.Text.Walk().Sum(placed => ClauseReference.In(placed.Clause.Text).Count());
            if (answers.TryGetValue(ContractFacts.Stem(path), out var known))
            {
                facts.Judge(read, known);
            }
        }

        times.Sort();
        Console.WriteLine("| Of the head | Known | Found | Right |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var (fact, (known, found, right)) in facts.Counts)
        {
            Console.WriteLine($"| {fact} | {known} | {found} | {right} |");
        }

        Console.WriteLine();
        Console.WriteLine(
            $"{times.Count} contracts: p50 {times[times.Count / 2]:F0} ms, p95 {times[times.Count * 95 / 100]:F0} ms, longest {times[^1]:F0} ms"
        );
        Console.WriteLine(
            $"{numbers} printed numbers, {numbers - words} of them computed by the scheme, {words} kept as words; {references} references follow their clause"
        );
    }

    private static string FindAnnotations()
    {
        for (
            var folder = new DirectoryInfo(Directory.GetCurrentDirectory());
            folder is not null;
            folder = folder.Parent
        )
        {
            var found = Path.Combine(folder.FullName, Annotations);
            if (Directory.Exists(found))
            {
                return found;
            }
        }

        throw new DirectoryNotFoundException($"Run it in the repository: {Annotations} was not found.");
    }
}
