using System.Diagnostics;
using System.Globalization;
using System.Text;
using Chancery.Server.Platform.Engines;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Chancery.Bench.Retrieval;

/// <summary>What the full text of other stores finds for the same questions: 100 passages, by id.</summary>
internal sealed class OtherRankings
{
    private const int Most = 100;

    // PostgreSQL's own way to rank by full text, by how it counts long passages. Its other one, ts_rank_cd, takes minutes for
    // questions that are paragraphs.
    private static readonly (string Function, int Normalisation)[] Ways = [("ts_rank", 0), ("ts_rank", 1)];

    private readonly Dictionary<string, Dictionary<JudgedQuestion, string[]>> _found = new(StringComparer.Ordinal);

    /// <summary>Each method's name; PostgreSQL's is there once for each way of its own.</summary>
    public IEnumerable<string> Names => _found.Keys;

    /// <summary>Why a store is not among them; empty where all are.</summary>
    public List<string> Missing { get; } = [];

    public IEnumerable<string> Of(string method, JudgedQuestion question) =>
        _found[method].GetValueOrDefault(question) ?? [];

    public static async Task<OtherRankings> MeasureAsync(IReadOnlyList<JudgedCollection> collections)
    {
        var rankings = new OtherRankings();
        await rankings.AskPostgresAsync(collections);
        foreach (var collection in collections)
            await rankings.AskSqliteAsync(collection);
        return rankings;
    }

    private void Add(string method, JudgedQuestion question, string[] found)
    {
        if (!_found.TryGetValue(method, out var all))
            _found.Add(method, all = new(ReferenceEqualityComparer.Instance));
        all[question] = found;
    }

    private async Task AskPostgresAsync(IReadOnlyList<JudgedCollection> collections)
    {
        var directory = Directory.CreateTempSubdirectory("chancery-bench-fulltext-");
        // Root's engines run as other users, who have to pass through.
        directory.UnixFileMode |= UnixFileMode.OtherExecute | UnixFileMode.GroupExecute;
        try
        {
            await using var engines = await PrivateEngines.StartAsync(
                new EngineOptions(Path.Combine(directory.FullName, "data")) { Redis = false },
                NullLoggerFactory.Instance,
                TimeProvider.System,
                CancellationToken.None
            );
            await using var source = NpgsqlDataSource.Create(engines.OwnerConnectionString!);
            await using var connection = await source.OpenConnectionAsync();
            foreach (var collection in collections)
                await AskPostgresAsync(connection, collection);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private async Task AskPostgresAsync(NpgsqlConnection connection, JudgedCollection collection)
    {
        // What an operator who knows the language would choose.
        var configuration = collection.Name switch
        {
            "xquad de" => "german",
            "xquad es" => "spanish",
            "xquad zh" => "simple",
            _ => "english",
        };
        await using (
            var create = new NpgsqlCommand(
                """
                DROP TABLE IF EXISTS passages;
                CREATE TEMP TABLE passages (place int, words tsvector)
                """,
                connection
            )
        )
        {
            await create.ExecuteNonQueryAsync();
        }

        await using (
            var fill = new NpgsqlCommand(
                """
                INSERT INTO passages
                SELECT place, to_tsvector($1::regconfig, content) FROM unnest($2, $3) AS given (place, content)
                """,
                connection
            )
        )
        {
            fill.Parameters.Add(new NpgsqlParameter { Value = configuration });
            fill.Parameters.Add(
                new NpgsqlParameter { Value = Enumerable.Range(0, collection.Passages.Count).ToArray() }
            );
            fill.Parameters.Add(
                new NpgsqlParameter
                {
                    Value = collection.Passages.Select(one => $"{one.Title} {one.Text}".Replace('\0', ' ')).ToArray(),
                }
            );
            await fill.ExecuteNonQueryAsync();
        }

        foreach (var (function, normalisation) in Ways)
        {
            var name = $"PostgreSQL full text ({function}, {normalisation})";
            // Any word of a question may do: all of them together stand in no passage.
            await using var ask = new NpgsqlCommand(
                $"""
                WITH asked AS (
                    SELECT replace(plainto_tsquery($1::regconfig, $2)::text, ' & ', ' | ')::tsquery AS words
                )
                SELECT place FROM passages, asked
                WHERE passages.words @@ asked.words
                ORDER BY {function}(passages.words, asked.words, {normalisation}) DESC, place
                LIMIT {Most}
                """,
                connection
            );
            ask.Parameters.Add(new NpgsqlParameter { Value = configuration });
            var text = new NpgsqlParameter<string>();
            ask.Parameters.Add(text);
            foreach (var question in collection.Questions)
            {
                text.TypedValue = question.Text.Replace('\0', ' ');
                var found = new List<string>();
                await using var rows = await ask.ExecuteReaderAsync();
                while (await rows.ReadAsync())
                    found.Add(collection.Passages[rows.GetInt32(0)].Id);
                Add(name, question, [.. found]);
            }
        }
    }

    /// <summary>Through Debian's program: its library is in no package that this product takes.</summary>
    private async Task AskSqliteAsync(JudgedCollection collection)
    {
        Process process;
        try
        {
            process = Process.Start(
                new ProcessStartInfo("sqlite3", [":memory:"])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                }
            )!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            if (Missing.Count == 0)
                Missing.Add("SQLite FTS5: the package sqlite3 is not installed.");
            return;
        }

        using (process)
        {
            var reading = process.StandardOutput.ReadToEndAsync();
            await using (var input = process.StandardInput)
                await WriteAsync(input, collection);
            var lines = (await reading).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            await process.WaitForExitAsync();
            var found = new List<string>();
            var asked = -1;
            foreach (var line in lines.Append("#end"))
            {
                if (line[0] != '#')
                {
                    found.Add(collection.Passages[int.Parse(line, CultureInfo.InvariantCulture)].Id);
                    continue;
                }

                if (asked >= 0)
                    Add("SQLite FTS5 (bm25, porter)", collection.Questions[asked], [.. found]);
                found.Clear();
                asked++;
            }

            if (asked != collection.Questions.Count)
                throw new InvalidOperationException(
                    $"sqlite3 answered {asked} of {collection.Questions.Count} questions."
                );
        }
    }

    private static async Task WriteAsync(StreamWriter input, JudgedCollection collection)
    {
        await input.WriteLineAsync(
            "CREATE VIRTUAL TABLE passages USING fts5(title, text, tokenize = 'porter unicode61'); BEGIN;"
        );
        foreach (var (place, passage) in collection.Passages.Index())
        {
            await input.WriteLineAsync(
                $"INSERT INTO passages (rowid, title, text) VALUES ({place + 1}, {Quoted(passage.Title)}, {Quoted(passage.Text)});"
            );
        }

        await input.WriteLineAsync("COMMIT;");
        foreach (var question in collection.Questions)
        {
            await input.WriteLineAsync("SELECT '#';");
            var words = WordsOf(question.Text);
            if (words.Length > 0)
                await input.WriteLineAsync(
                    $"SELECT rowid - 1 FROM passages WHERE passages MATCH {Quoted(words)} ORDER BY bm25(passages), rowid LIMIT {Most};"
                );
        }
    }

    /// <summary>As FTS5 asks for any of them.</summary>
    private static string WordsOf(string text)
    {
        var words = new StringBuilder();
        foreach (var character in text)
            words.Append(char.IsLetterOrDigit(character) ? character : ' ');
        return string.Join(
            " OR ",
            words.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct().Select(word => $"\"{word}\"")
        );
    }

    private static string Quoted(string text) =>
        $"'{text.Replace("'", "''", StringComparison.Ordinal).Replace('\0', ' ').Replace('\n', ' ').Replace('\r', ' ')}'";
}
