using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Contracts;
using Chancery.Contracts.Word;

namespace Chancery.Bench.Contracts;

/// <summary>
/// How long do people wait for a contract of 300 clauses that has 1,000 revisions, in an organisation that has two hundred others? Through a
/// server of its own; 95 of 100 calls shall end within 100 ms.
/// </summary>
internal static class ScaleBench
{
    private const int Clauses = 300;
    private const int Revisions = 1_000;
    private const int Others = 200;
    private const int WarmUps = 20;
    private const int Rounds = 200;
    private const int MostAttempts = 5;

    public static async Task<int> RunAsync()
    {
        await using var server = await ContractServer.StartAsync("off");
        await server.ImportAllAsync([
            .. Enumerable.Range(0, Others).Select(i => (Write(ComparisonBench.Make(new Random(i), 12)), $"{i}.docx")),
        ]);
        var random = new Random(8);
        var imported = await server.ImportAsync(Write(ComparisonBench.Make(random, Clauses)), "large.docx", "large");
        if (imported.Contract is not { } contract)
        {
            Console.Error.WriteLine(imported.Problem);
            return 1;
        }

        var revising = await ReviseAsync(server.Http, imported.Id, contract, random);
        var path = $"/api/v1/contracts/{imported.Id}";
        Console.WriteLine(
            $"{Machine.Describe()}. One caller, {Rounds} calls after {WarmUps}, answers read to their end.\n"
        );
        Console.WriteLine("| What is called | Answer, KB | p50, ms | p95, ms | Most, ms | Server's processor, ms |");
        Console.WriteLine("|---|---|---|---|---|---|");
        Print("an edit of one clause (a revision), 2 to 500", 0, revising[..(Revisions / 2)]);
        Print("an edit of one clause (a revision), 501 to 1,000", 0, revising[(Revisions / 2)..]);
        foreach (
            var (what, address) in new[]
            {
                ("who am I, to compare", "/api/v1/me"),
                ("list of contracts, 50", "/api/v1/contracts"),
                ("the contract", path),
                ("revision 1", $"{path}/revisions/1"),
                ("revision 500", $"{path}/revisions/500"),
                ("revisions, the newest 50", $"{path}/revisions"),
                ("revisions, a page of 100", $"{path}/revisions?limit=100"),
                ("diff 1 to 1,000", $"{path}/diff?from=1&to=1000"),
                ("diff 500 to 501", $"{path}/diff?from=500&to=501"),
                ("diff of the latest and the one before", $"{path}/diff"),
                ("findings of the checks", $"{path}/review"),
            }
        )
        {
            var (times, size, own) = await MeasureAsync(server, address);
            Print(what, size, times, own);
        }

        return 0;
    }

    /// <summary>Processor time is of one call, in milliseconds: it says what a busy machine hides.</summary>
    private static async Task<(List<double> Times, int Size, double Server)> MeasureAsync(
        ContractServer server,
        string address
    )
    {
        var own = TimeSpan.Zero;
        var times = new List<double>();
        var size = 0;
        for (var i = -WarmUps; i < Rounds; i++)
        {
            if (i == 0)
            {
                own = server.ServerTime;
            }

            var start = Stopwatch.GetTimestamp();
            var answer = await server.Http.GetByteArrayAsync(new Uri(address, UriKind.Relative));
            if (i >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            size = answer.Length;
        }

        return (times, size, (server.ServerTime - own).TotalMilliseconds / Rounds);
    }

    /// <summary>Makes all revisions after the first: other words in a clause, and now and then a clause moved, taken out, put in.</summary>
    private static async Task<List<double>> ReviseAsync(HttpClient http, Guid id, JsonElement contract, Random random)
    {
        var times = new List<double>();
        var clauses = contract.GetProperty("clauses").EnumerateArray().ToList();
        for (var revision = 2; revision <= Revisions; )
        {
            var chosen = clauses[random.Next(clauses.Count)];
            var clause = chosen.GetProperty("id").GetGuid();
            var near = clauses[random.Next(clauses.Count)].GetProperty("id").GetGuid();
            object[] edits = (revision % 10) switch
            {
                3 when near != clause && IsLeaf(clauses, clause) =>
                [
                    new
                    {
                        op = "move",
                        clause,
                        place = "after",
                        near,
                    },
                ],
                6 when IsLeaf(clauses, clause) =>
                [
                    new { op = "delete", clause },
                    new
                    {
                        op = "insert",
                        place = near == clause ? "under" : "after",
                        near = near == clause ? (Guid?)null : near,
                        clause = new { heading = "A new one", text = ComparisonBench.Sentence(random, 60) },
                    },
                ],
                _ =>
                [
                    new
                    {
                        op = "replace_text",
                        clause,
                        text = Reworded(chosen.GetProperty("text").GetString()!, random),
                    },
                ],
            };
            if (
                await EditAsync(
                    http,
                    id,
                    new { edits, note = string.Create(CultureInfo.InvariantCulture, $"Change {revision}") }
                )
                is not var (body, milliseconds)
            )
            {
                continue;
            }

            revision++;
            times.Add(milliseconds);
            clauses =
            [
                .. JsonSerializer
                    .Deserialize<JsonElement>(body)
                    .GetProperty("revision")
                    .GetProperty("clauses")
                    .EnumerateArray(),
            ];
        }

        return times;
    }

    /// <summary>The answer of the attempt that went through: a machine that does something else may make the database late.</summary>
    /// <returns>Null where the clause already stood where the change would have put it.</returns>
    private static async Task<(string Body, double Milliseconds)?> EditAsync(HttpClient http, Guid id, object request)
    {
        for (var attempt = 1; ; attempt++)
        {
            var start = Stopwatch.GetTimestamp();
            using var response = await http.PostAsJsonAsync(
                new Uri($"/api/v1/contracts/{id}/edits", UriKind.Relative),
                request
            );
            var body = await response.Content.ReadAsStringAsync();
            if (response.IsSuccessStatusCode)
            {
                return (body, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }

            if (body.Contains("\"nothing-to-change\"", StringComparison.Ordinal))
            {
                return null;
            }

            if (response.StatusCode != HttpStatusCode.ServiceUnavailable || attempt == MostAttempts)
            {
                throw new InvalidOperationException(body);
            }

            Console.Error.WriteLine(body);
        }
    }

    private static bool IsLeaf(List<JsonElement> clauses, Guid id) =>
        !clauses.Exists(clause =>
            clause.TryGetProperty("parent_id", out var parent)
            && parent.ValueKind == JsonValueKind.String
            && parent.GetGuid() == id
        );

    private static string Reworded(string text, Random random)
    {
        var words = text.Split(' ');
        for (var i = 0; i < 4; i++)
        {
            words[random.Next(words.Length)] = $"new{random.Next(100_000)}";
        }

        return string.Join(' ', words);
    }

    private static byte[] Write(ContractText contract)
    {
        using var output = new MemoryStream();
        ContractWordWriter.Write(contract, new WordOptions(), output);
        return output.ToArray();
    }

    private static void Print(string what, int size, List<double> times, double? server = null)
    {
        var sorted = times.Order().ToList();
        Console.WriteLine(
            FormattableString.Invariant(
                $"| {what} | {(size == 0 ? "" : size / 1024)} | {sorted[sorted.Count / 2]:F1} | {sorted[sorted.Count * 95 / 100]:F1} | {sorted[^1]:F1} | {server:F1} |"
            )
        );
    }
}
