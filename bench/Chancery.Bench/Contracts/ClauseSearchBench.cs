using System.Globalization;
using System.Text.Json;
using Chancery.Bench.Retrieval;

namespace Chancery.Bench.Contracts;

/// <summary>
/// Who asks for what a category of CUAD is about, in plain words: do they find an annotated place among the first five clauses, of one contract
/// and of all? Through <c>POST /api/v1/contracts/search</c> of a server of its own, beside plain BM25 over windows of 100 words.
/// </summary>
internal static class ClauseSearchBench
{
    private const int Few = 5;
    private const int More = 10;
    private const int WindowWords = 100;

    /// <summary>The first results of a search in one contract, or in all of them for null.</summary>
    private delegate Task<IReadOnlyList<Unit>> Search(string query, int? contract, int limit);

    private sealed record Unit(int Contract, IReadOnlyList<LetterRange> Ranges, int Words);

    /// <param name="arguments">
    /// "--meaning": with the local model, too. "--tuned": without the held-out half. "--every n": every n-th contract only.
    /// </param>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var isMeant = arguments.Contains("--meaning");
        if (isMeant && BenchEncoder.Find() is null)
        {
            return 1;
        }

        var every = Array.IndexOf(arguments, "--every") is >= 0 and var at
            ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture)
            : 1;
        var contracts = AnnotatedContract
            .ReadAll()
            .Where(contract => !arguments.Contains("--tuned") || !contract.IsHeldOut)
            .Where((_, i) => i % every == 0)
            .ToList();
        await using var server = await ContractServer.StartAsync(isMeant ? "all-MiniLM-L6-v2" : "off");
        var clauses = await ImportAsync(server, contracts);
        var ways =
            new List<(
                string Name,
                Dictionary<(string Category, bool IsHeldOut), Proportion> Within,
                Dictionary<string, Precision> Over
            )>();
        if (isMeant)
        {
            await server.WaitForVectorsAsync();
            ways.Add(await MeasureAsync("clauses, words and meaning", contracts, OfProduct(server, clauses, "hybrid")));
            await server.RestartAsync("off");
        }

        ways.Insert(0, await MeasureAsync("clauses, words", contracts, OfProduct(server, clauses, "lexical")));
        ways.Add(await MeasureAsync($"windows of {WindowWords} words, BM25", contracts, OfWindows(contracts)));
        Print(contracts, ways);
        return 0;
    }

    /// <summary>Imports the texts and finds in them where the clauses stand that the product made.</summary>
    private static async Task<Dictionary<Guid, Unit>> ImportAsync(
        ContractServer server,
        List<AnnotatedContract> contracts
    )
    {
        var outcomes = await server.ImportAllAsync([
            .. contracts.Select(contract => (System.Text.Encoding.UTF8.GetBytes(contract.Text), contract.File)),
        ]);
        var units = new Dictionary<Guid, Unit>();
        var unplaced = 0;
        for (var i = 0; i < contracts.Count; i++)
        {
            if (outcomes[i].Contract is not { } contract)
            {
                Console.Error.WriteLine($"{contracts[i].File}: {outcomes[i].Problem}");
                continue;
            }

            var clauses = contract.GetProperty("clauses").EnumerateArray().ToList();
            var places = contracts[i].Place(clauses);
            foreach (var clause in clauses)
            {
                var id = clause.GetProperty("id").GetGuid();
                units[id] = new Unit(i, places[id], WordsOf(clause));
                unplaced += places[id].Count == 0 && WordsOf(clause) > 0 ? 1 : 0;
            }
        }

        Console.WriteLine(
            $"{contracts.Count} contracts, {outcomes.Count(outcome => outcome.Contract is null)} not imported; {units.Count} clauses, {unplaced} of them not found again in their text (never counted as right).\n"
        );
        return units;
    }

    private static int WordsOf(JsonElement clause) =>
        $"{clause.GetProperty("heading").GetString()} {clause.GetProperty("text").GetString()}"
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Length;

    private static Search OfProduct(ContractServer server, Dictionary<Guid, Unit> clauses, string mode) =>
        async (query, contract, limit) =>
        {
            var (answered, found) = await server.SearchAsync(
                query,
                contract is { } one ? ContractServer.TagOf(one) : null,
                limit
            );
            return answered == mode
                ? [.. found.Select(one => clauses[one.Clause])]
                : throw new InvalidOperationException($"The search was {answered}, not {mode}.");
        };

    private static Search OfWindows(List<AnnotatedContract> contracts)
    {
        var texts = new List<string>();
        var units = new List<Unit>();
        foreach (var (i, contract) in contracts.Index())
        {
            foreach (var (text, range) in contract.Windows(WindowWords))
            {
                texts.Add(text);
                units.Add(new Unit(i, [range], WindowWords));
            }
        }

        var index = new PlainBm25(texts);
        return (query, contract, limit) =>
            Task.FromResult<IReadOnlyList<Unit>>([
                .. index
                    .Rank(query, unit => contract is null || units[unit].Contract == contract, limit)
                    .Select(unit => units[unit]),
            ]);
    }

    private static async Task<(
        string Name,
        Dictionary<(string, bool), Proportion> Within,
        Dictionary<string, Precision> Over
    )> MeasureAsync(string name, List<AnnotatedContract> contracts, Search search)
    {
        var within = new Dictionary<(string, bool), Proportion>();
        var over = new Dictionary<string, Precision>();
        var (words, results) = (0L, 0L);
        foreach (var category in CuadCategory.All)
        {
            foreach (var (i, contract) in contracts.Index())
            {
                if (contract.Spans.GetValueOrDefault(category.Name) is { Count: > 0 })
                {
                    var found = await search(category.Query, i, Few);
                    var key = (category.Name, contract.IsHeldOut);
                    within[key] =
                        within.GetValueOrDefault(key)
                        + Proportion.Of1(found.Any(unit => IsRight(contracts, unit, category.Name)));
                    words += found.Sum(unit => unit.Words);
                    results += found.Count;
                }
            }

            var anywhere = await search(category.Query, null, More);
            var right = anywhere.Select(unit => IsRight(contracts, unit, category.Name)).ToList();
            over[category.Name] = new Precision(
                right.Take(Few).Any(isRight => isRight),
                right.Take(Few).Count(isRight => isRight),
                right.Count(isRight => isRight)
            );
        }

        Console.WriteLine(
            FormattableString.Invariant($"{name}: {(double)words / Math.Max(1, results):F0} words in a result.\n")
        );
        return (name, within, over);
    }

    private static bool IsRight(List<AnnotatedContract> contracts, Unit unit, string category) =>
        contracts[unit.Contract].Spans.TryGetValue(category, out var spans)
        && spans.Exists(span => AnnotatedContract.Shows(unit.Ranges, span));

    private static void Print(
        List<AnnotatedContract> contracts,
        List<(
            string Name,
            Dictionary<(string Category, bool IsHeldOut), Proportion> Within,
            Dictionary<string, Precision> Over
        )> ways
    )
    {
        Console.WriteLine($"**Within a contract: an annotated place among the first {Few}, %**\n");
        Console.WriteLine(
            $"| Category | Asked | Contracts | {string.Join(" | ", ways.Select(way => $"{way.Name}: tuned half"))} | Contracts | {string.Join(" | ", ways.Select(way => $"{way.Name}: held-out half"))} |"
        );
        Console.WriteLine($"|{string.Concat(Enumerable.Repeat("---|", 4 + (2 * ways.Count)))}");
        foreach (var category in CuadCategory.All)
        {
            PrintRow(category.Name, category.Query, [category]);
        }

        PrintRow("**All but the head**", "", [.. CuadCategory.All.Where(category => !category.IsHead)]);
        PrintRow("**All**", "", CuadCategory.All);
        Console.WriteLine(
            $"\n**Over all {contracts.Count} contracts: how many of the first {Few} and {More} are annotated so**\n"
        );
        Console.WriteLine($"| Category | {string.Join(" | ", ways.Select(way => way.Name))} |");
        Console.WriteLine($"|{string.Concat(Enumerable.Repeat("---|", 1 + ways.Count))}");
        foreach (var category in CuadCategory.All)
        {
            Console.WriteLine(
                $"| {category.Name} | {string.Join(" | ", ways.Select(way => way.Over[category.Name]).Select(one => $"{one.Few}, {one.More}"))} |"
            );
        }

        foreach (var isHead in (bool[])[false, true])
        {
            var asked = CuadCategory.All.Where(category => isHead || !category.IsHead).ToList();
            Console.WriteLine(
                $"| **{(isHead ? "All" : "All but the head")}**: any of the first {Few}, % | {string.Join(" | ", ways.Select(way => new Proportion(asked.Count(category => way.Over[category.Name].Any), asked.Count)))} |"
            );
            Console.WriteLine(
                $"| … of the first {More}, % | {string.Join(" | ", ways.Select(way => new Proportion(asked.Sum(category => way.Over[category.Name].More), More * asked.Count)))} |"
            );
        }

        void PrintRow(string name, string query, IReadOnlyList<CuadCategory> categories)
        {
            var cells = new List<string> { name, query };
            foreach (var isHeldOut in (bool[])[false, true])
            {
                var sums = ways.ConvertAll(way =>
                    categories
                        .Select(category => way.Within.GetValueOrDefault((category.Name, isHeldOut)))
                        .Aggregate((a, b) => a + b)
                );
                cells.Add(sums[0].Of.ToString(CultureInfo.InvariantCulture));
                cells.AddRange(sums.Select(sum => sum.ToString()));
            }

            Console.WriteLine($"| {string.Join(" | ", cells)} |");
        }
    }

    /// <param name="Any">Whether one of the first few is right.</param>
    /// <param name="Few">How many of the first few are.</param>
    private readonly record struct Precision(bool Any, int Few, int More);
}
