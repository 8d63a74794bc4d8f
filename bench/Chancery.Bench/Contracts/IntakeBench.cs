using System.Text;
using Chancery.Contracts.Reading;
using Chancery.Contracts.Word;

namespace Chancery.Bench.Contracts;

/// <summary>
/// How many of the contracts of CUAD does the product take in: their texts, the Word files that are written of them, and the PDFs that there
/// are? Through <c>POST /api/v1/contracts/import</c> of a server of its own.
/// </summary>
internal static class IntakeBench
{
    private const int ShownProblems = 10;

    public static async Task<int> RunAsync()
    {
        await using var server = await ContractServer.StartAsync("off");
        var texts = Files(TestData.PathOf("contracts", "cuad", "full_contract_txt"), "*.txt");
        Console.WriteLine("| Files | Number | Taken in | Refused | With warnings | Clauses | Seconds, 4 at a time |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        var fromText = await TakeAsync(server, "text", texts);
        var fromWord = await TakeAsync(
            server,
            "Word, written of what was read of the text",
            [.. texts.Select(text => (Written(text), Path.ChangeExtension(text.Name, "docx")))]
        );
        await TakeAsync(server, "PDF", Files(TestData.PathOf("contracts", "cuad", "pdf"), "*.pdf"));
        var same = fromText
            .Zip(fromWord)
            .Count(pair =>
                pair.First.Contract is { } text && pair.Second.Contract is { } word && Shape(text) == Shape(word)
            );
        Console.WriteLine($"\nThe same clauses with the same numbers by way of Word: {same} of {texts.Count}.");
        return 0;
    }

    private static List<(byte[] File, string Name)> Files(string folder, string pattern) =>
        [
            .. Directory
                .EnumerateFiles(folder, pattern, SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(path => (File.ReadAllBytes(path), Path.GetFileName(path))),
        ];

    private static async Task<ImportOutcome[]> TakeAsync(
        ContractServer server,
        string what,
        List<(byte[] File, string Name)> files
    )
    {
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        var outcomes = await server.ImportAllAsync(files);
        var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
        var refused = outcomes.Count(outcome => outcome.Contract is null);
        var clauses = outcomes.Sum(outcome => outcome.Contract?.GetProperty("clauses").GetArrayLength() ?? 0);
        Console.WriteLine(
            FormattableString.Invariant(
                $"| {what} | {files.Count} | {files.Count - refused} | {refused} | {outcomes.Count(outcome => outcome.Warnings.Count > 0)} | {clauses} | {seconds:F0} |"
            )
        );
        foreach (var (i, outcome) in outcomes.Index().Where(one => one.Item.Contract is null).Take(ShownProblems))
        {
            Console.Error.WriteLine($"{files[i].Name}: {outcome.Problem}");
        }

        return outcomes;
    }

    private static byte[] Written((byte[] File, string Name) text)
    {
        using var output = new MemoryStream();
        var read = ContractTextReader.Read(
            Encoding.UTF8.GetString(text.File),
            new ReadingHints { Title = Path.GetFileNameWithoutExtension(text.Name) }
        );
        ContractWordWriter.Write(read.Text, new WordOptions(), output);
        return output.ToArray();
    }

    /// <summary>All that is shown of the clauses, whatever their ids.</summary>
    private static string Shape(System.Text.Json.JsonElement contract)
    {
        var shape = new StringBuilder();
        foreach (var clause in contract.GetProperty("clauses").EnumerateArray())
        {
            shape.AppendJoin(
                '\u0001',
                clause.GetProperty("depth").GetInt32(),
                clause.GetProperty("label").GetString(),
                clause.GetProperty("heading").GetString(),
                clause.GetProperty("text").GetString()
            );
            shape.Append('\u0002');
        }

        return shape.ToString();
    }
}
