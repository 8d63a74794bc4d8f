using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Chancery.Testing;

namespace Chancery.Isolation.Tests;

/// <summary>
/// One wall of documents at a time is taken away, and somebody looks for what they may not read: either another wall holds, or the
/// attacks of this suite see the hole. Writes <c>artifacts/walls.md</c>.
/// </summary>
public sealed class WallTests(WallTests.Fixture chancery) : IClassFixture<WallTests.Fixture>
{
    // What of search_passages and search_frequencies looks at the reader.
    private const string FullTextWall =
        "AND ((SELECT reads_everything()) OR (SELECT has_no_lists()) OR c.document_id NOT IN (SELECT hidden_documents()))";

    private static readonly string[] Tables =
    [
        "documents",
        "document_versions",
        "pages",
        "chunks",
        "chunk_places",
        "collections",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="Wall">For a person.</param>
    /// <param name="Seen">What was seen that must not be.</param>
    private sealed record Finding(string Wall, IReadOnlyList<string> Seen);

    [Fact]
    public async Task Each_wall_that_is_taken_away_is_missed_or_another_one_holds()
    {
        var acme = await Organisation.CreateAsync(chancery);
        await acme.MakeAsync("document");
        var document = await acme.MakeHiddenAsync("document");
        var collection = await acme.MakeHiddenAsync("collection");
        var viewer = await chancery.InviteAsync(acme.Owner, "viewer");
        chancery.Settings["SEARCH_ENGINE"] = "postgres";
        var postgres = await chancery.StartReplicaAsync();
        var findings = new List<Finding> { new("none", await SeenAsync()) };

        foreach (var table in Tables)
        {
            var policy = await TextAsync(
                $"SELECT qual FROM pg_policies WHERE tablename = '{table}' AND policyname = 'readable'"
            );
            await RunAsync($"DROP POLICY readable ON {table}");
            findings.Add(new($"policy of `{table}`", await SeenAsync()));
            await RunAsync(
                $"CREATE POLICY readable ON {table} AS RESTRICTIVE FOR SELECT TO chancery_app USING ({policy})"
            );
        }

        foreach (var function in new[] { "search_passages", "search_frequencies" })
        {
            var source = await TextAsync($"SELECT pg_get_functiondef('{function}'::regproc)");
            Assert.Contains(FullTextWall, source, StringComparison.Ordinal);
            await RunAsync(source.Replace(FullTextWall, "", StringComparison.Ordinal));
            findings.Add(new($"the reader in `{function}`", await SeenAsync()));
            await RunAsync(source);
        }

        var marks = await TextAsync("SELECT pg_get_functiondef('reader_marks'::regproc)");
        await RunAsync(
            marks.Replace("SELECT NOT reads_everything() AND (", "SELECT false AND (", StringComparison.Ordinal)
        );
        findings.Add(new("the filter of the index in memory", await SeenAsync()));
        await RunAsync(marks);
        findings.Add(new("none again", await SeenAsync()));
        Write(findings);

        // Everything of a document hangs on the document's own policy: its loss is seen at once.
        Assert.Contains("list", Seen("policy of `documents`"));
        Assert.Contains("document", Seen("policy of `documents`"));
        Assert.Contains("collections", Seen("policy of `collections`"));
        // A statement that forgets the document still meets the others.
        Assert.Contains("versions", Seen("policy of `document_versions`"));
        // The others have a second wall, as joins go through the document.
        foreach (
            var wall in new[]
            {
                "none",
                "policy of `pages`",
                "policy of `chunks`",
                "policy of `chunk_places`",
                "the reader in `search_passages`",
                "the reader in `search_frequencies`",
                "the filter of the index in memory",
                "none again",
            }
        )
        {
            Assert.Empty(Seen(wall));
        }

        IReadOnlyList<string> Seen(string wall) => findings.Single(finding => finding.Wall == wall).Seen;

        async Task<IReadOnlyList<string>> SeenAsync()
        {
            // What is counted and remembered goes with the revision.
            await acme.MakeAsync("document");
            var seen = new List<string>();
            await LookAsync("list", "/api/v1/docs?limit=100");
            await LookAsync("tags", "/api/v1/tags?limit=100");
            await LookAsync("collections", "/api/v1/collections?limit=100");
            await LookAsync("document", $"/api/v1/docs/{document}");
            await LookAsync("collection", $"/api/v1/collections/{collection}");
            await LookAsync("versions", $"/api/v1/docs/{document}/versions", document);
            await LookAsync("page", $"/api/v1/docs/{document}/versions/1/pages/1");
            await LookAsync("file", $"/api/v1/docs/{document}/versions/1/content");
            await SearchAsync("search in memory", chancery.Address);
            await SearchAsync("search in PostgreSQL", postgres);
            return seen;

            async Task LookAsync(string what, string address, string? also = null)
            {
                using var response = await viewer.Http.GetAsync(address, Cancel);
                var text = await response.Content.ReadAsStringAsync(Cancel);
                if (
                    text.Contains(acme.HiddenCanary, StringComparison.OrdinalIgnoreCase)
                    || (also is not null && response.StatusCode == HttpStatusCode.OK)
                )
                {
                    seen.Add(what);
                }
            }

            async Task SearchAsync(string what, Uri server)
            {
                using var client = ChanceryFixture.Client(server);
                client.DefaultRequestHeaders.Authorization = viewer.Http.DefaultRequestHeaders.Authorization;
                using var response = await client.PostAsJsonAsync(
                    "/api/v1/search",
                    new { query = $"canary {acme.HiddenCanary}", limit = 100 },
                    Cancel
                );
                var found = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
                if (found.GetRawText().Contains(acme.HiddenCanary, StringComparison.OrdinalIgnoreCase))
                {
                    seen.Add(what);
                }
            }
        }
    }

    private static void Write(IReadOnlyList<Finding> findings)
    {
        var text = new StringBuilder();
        text.AppendLine("# Walls of documents, one at a time").AppendLine();
        text.AppendLine("| Taken away | What somebody saw who must not |").AppendLine("|---|---|");
        foreach (var (wall, seen) in findings)
        {
            text.AppendLine($"| {wall} | {(seen.Count == 0 ? "nothing" : string.Join(", ", seen))} |");
        }

        Report.WriteFile("walls.md", text.ToString());
    }

    private async Task<string> TextAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private async Task RunAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    /// <summary>Of its own: its walls are taken away.</summary>
    public sealed class Fixture : ChanceryFixture;
}
