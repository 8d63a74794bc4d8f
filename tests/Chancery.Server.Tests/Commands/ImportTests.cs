using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
using Npgsql;

namespace Chancery.Server.Tests.Commands;

/// <summary><c>chancery import jsonb</c> from a real table into a server that runs.</summary>
public sealed class ImportTests(EmbeddingFixture chancery) : IClassFixture<EmbeddingFixture>, IAsyncDisposable
{
    private static readonly string Key = Encoding.ASCII.GetString(EngineHost.MasterKey.Export()).Trim();

    private readonly string _schema = $"legacy_{Guid.CreateVersion7():n}";
    private readonly string _root = Directory.CreateTempSubdirectory("chancery-import-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Table => $"{_schema}.ai_knowledge_base";

    [Fact]
    public async Task Rows_become_documents_with_their_vectors_and_what_cannot_is_counted_as_failed_and_said()
    {
        var user = await chancery.SignUpAsync();
        await TableAsync();
        await RowsAsync(250);
        await RowAsync("curlew", "The curlew probes the mud for worms.", file: "birds/curlew.pdf", category: "Birds");
        await RowAsync("short", "Too short a vector.", "[1, 2, 3]");
        await RowAsync("object", "No array.", """{"values": []}""");
        await RowAsync("huge", "A number that no float holds.", WithFirst("1e300"));
        await RowAsync("empty", "  ");
        await RowAsync("inactive", "Nobody uses this row.", isActive: false);

        var dry = await ImportAsync(user, "--dry-run", "--json");
        var before = await user.GetAsync("/api/v1/docs");
        var run = await ImportAsync(user, "--without-backup", "--json");
        var found = await user.SearchAsync("curlews probing mud");

        Assert.Equal((1, 1), (dry.Code, run.Code));
        Assert.Equal((255, 251, 4), Counts(dry));
        Assert.Empty(before.Items());
        Assert.Equal((255, 251, 4), Counts(run));
        Assert.True(run.Json.GetProperty("verified").GetBoolean(), run.ToString());
        Assert.Equal(251, run.Json.GetProperty("counted").GetInt32());
        Assert.Equal(
            (100, 0),
            (run.Json.GetProperty("sampled").GetInt32(), run.Json.GetProperty("different").GetInt32())
        );
        Assert.Contains("200 of 255 rows: 200 migrated", run.Errors, StringComparison.Ordinal);
        Assert.Equal(
            ["empty", "huge", "object", "short"],
            run.Json.GetProperty("failures")
                .EnumerateArray()
                .Select(one => one.Text("row"))
                .Order(StringComparer.Ordinal)
        );
        var best = found.Results()[0];
        Assert.Equal("hybrid", found.Text("mode"));
        Assert.Equal(("curlew.pdf.txt", "curlew"), (best.Text("path"), best.Text("title")));
        Assert.Equal("Birds", best.GetProperty("tags")[0].GetString());
        var (asked, kept) = (Embed("curlews probing mud"), Embed("The curlew probes the mud for worms."));
        Assert.Equal(
            asked.Zip(kept).Sum(pair => pair.First * pair.Second),
            best.GetProperty("explain").GetProperty("dense").GetProperty("score").GetSingle(),
            1e-4
        );
        var file = await user.Http.GetStringAsync(
            $"/api/v1/docs/{best.GetProperty("document_id").GetGuid()}/versions/1/content",
            Cancel
        );
        Assert.Equal("The curlew probes the mud for worms.", file);
    }

    [Fact]
    public async Task An_import_that_was_done_before_imports_only_what_is_new_and_undoing_it_leaves_everything_else()
    {
        var user = await chancery.SignUpAsync();
        var other = await chancery.SignUpAsync();
        var own = (await user.ReadyTextAsync("# Mine\n\nThe godwit is mine.", "godwit.md")).Id();
        await TableAsync();
        await RowsAsync(120);
        var first = await ImportAsync(user, "--without-backup", "--json");
        await RowAsync("later", "The plover came later.");
        var changed = (await user.SearchAsync("text number 7")).Results()[0].GetProperty("document_id").GetGuid();
        await user.ReplaceAsync(changed, "# New\n\nSomebody wrote this anew."u8.ToArray(), "new.md");
        await user.SettledAsync(changed);

        var second = await ImportAsync(user, "--without-backup", "--json");
        var foreign = await other.SearchAsync("plover");
        var undone = await UndoAsync(user, "--source", $"{Database}.{Table}", "--json");
        var left = await user.GetAsync("/api/v1/docs?limit=100");
        var again = await UndoAsync(user, "--source", $"{Database}.{Table}");
        var none = await user.SearchAsync("plover");

        Assert.Equal((0, 0, 0), (first.Code, second.Code, undone.Code));
        Assert.Equal((120, 120, 0), Counts(first));
        Assert.Equal((121, 1, 0), Counts(second));
        Assert.Equal(120, second.Json.GetProperty("already_imported").GetInt32());
        Assert.Empty(foreign.Results());
        Assert.Equal(120, undone.Json.GetProperty("removed").GetInt32());
        Assert.Equal(1, undone.Json.GetProperty("kept").GetInt32());
        Assert.Equal(new[] { own, changed }.Order(), left.Items().Select(KnowledgeApi.Id).Order());
        Assert.Equal(0, again.Code);
        Assert.DoesNotContain(
            none.Results(),
            passage => passage.Text("text").Contains("plover", StringComparison.Ordinal)
        );
        Assert.Equal(121L, await OwnerAsync($"SELECT count(*) FROM {Table}"));
        Assert.Equal(
            0L,
            await OwnerAsync(
                $"SELECT count(*) FROM chunk_vectors AS v WHERE tenant_id = '{user.TenantId}' AND NOT EXISTS (SELECT 1 FROM chunks AS c WHERE c.chunk_id = v.chunk_id)"
            )
        );
    }

    [Fact]
    public async Task Nothing_is_written_without_a_recent_backup_of_this_installation()
    {
        var user = await chancery.SignUpAsync();
        await TableAsync();
        await RowsAsync(3);
        var archive = Path.Combine(_root, "a.tar");
        await File.WriteAllTextAsync(Path.Combine(_root, "b.tar"), "Dear diary", Cancel);

        var without = await ImportAsync(user);
        var damaged = await ImportAsync(user, "--backup", Path.Combine(_root, "b.tar"));
        var untouched = await user.GetAsync("/api/v1/docs");
        var backup = await ProgramAsync("backup", "--to", archive);
        var with = await ImportAsync(user, "--backup", archive);

        Assert.Equal((1, 1, 0, 0), (without.Code, damaged.Code, backup.Code, with.Code));
        Assert.Contains("--backup FILE", without.Errors, StringComparison.Ordinal);
        Assert.Contains("is not a backup of Chancery", damaged.Errors, StringComparison.Ordinal);
        Assert.Empty(untouched.Items());
        Assert.Contains("Migrated 3, failed 0, total 3.", with.Output, StringComparison.Ordinal);
        Assert.Contains("chancery import undo", with.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_of_several_companies_are_not_mixed_and_what_is_not_there_is_named()
    {
        var user = await chancery.SignUpAsync();
        await TableAsync(", company_id uuid");
        var company = Guid.CreateVersion7();
        await RowsAsync(4);
        await OwnerAsync($"UPDATE {Table} SET company_id = '{company}' WHERE id IN ('row-1', 'row-2')");

        var unsaid = await ImportAsync(user, "--without-backup");
        var one = await ImportAsync(user, "--without-backup", "--company", $"{company}", "--json");
        var all = await ImportAsync(user, "--dry-run", "--company-column", "none", "--json");
        var column = await ImportAsync(user, "--dry-run", "--company-column", "none", "--text-column", "body");
        var table = await ImportAsync(user, "--dry-run", "--table", "nowhere");
        var organization = await ProgramAsync(
            "import",
            "jsonb",
            "--organization",
            "Nobody",
            "--dry-run",
            "--model",
            "m"
        );
        var length = await ImportAsync(user, "--dry-run", "--company-column", "none", "--dimensions", "7");

        Assert.Contains("say with --company", unsaid.Errors, StringComparison.Ordinal);
        Assert.Equal((2, 2, 0), Counts(one));
        Assert.Equal((4, 4, 0), Counts(all));
        Assert.Contains("has no column body", column.Errors, StringComparison.Ordinal);
        Assert.Contains("There is no table nowhere", table.Errors, StringComparison.Ordinal);
        Assert.Contains("There is no organisation Nobody", organization.Errors, StringComparison.Ordinal);
        Assert.Contains("not 7: they cannot be searched together", length.Errors, StringComparison.Ordinal);
        Assert.All([unsaid, column, table, organization, length], run => Assert.Equal(1, run.Code));
    }

    [Fact]
    public async Task Cut_off_it_keeps_whole_batches_and_goes_on_behind_them()
    {
        var user = await chancery.SignUpAsync();
        await TableAsync();
        await RowsAsync(3000);
        using var process = ChanceryProgram.Start(Arguments(user, "--without-backup", "--json"), Environment(), _root);
        string? line;
        while ((line = await process.StandardError.ReadLineAsync(Cancel)) is not null)
        {
            if (line.StartsWith("100 of 3000", StringComparison.Ordinal))
            {
                break;
            }
        }

        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(Cancel);
        }

        var cut = await ChanceryProgram.FinishAsync(process);
        var kept = cut.Json.GetProperty("migrated").GetInt32();
        var rest = await ImportAsync(user, "--without-backup", "--json");

        Assert.Equal(130, cut.Code);
        Assert.True(cut.Json.GetProperty("interrupted").GetBoolean());
        Assert.True(kept is >= 100 and < 3000 && kept % 100 == 0, cut.ToString());
        Assert.Equal((0, kept), (rest.Code, rest.Json.GetProperty("already_imported").GetInt32()));
        Assert.Equal((3000, 3000 - kept, 0), Counts(rest));
        Assert.Equal(
            3000L,
            await OwnerAsync($"SELECT count(*) FROM chunk_vectors WHERE tenant_id = '{user.TenantId}'")
        );
    }

    public async ValueTask DisposeAsync()
    {
        await OwnerAsync($"DROP SCHEMA IF EXISTS {_schema} CASCADE");
        Directory.Delete(_root, recursive: true);
    }

    private string Database => new NpgsqlConnectionStringBuilder(chancery.OwnerConnectionString).Database!;

    private int Dimensions => chancery.Model.Dimensions;

    private static (int Total, int Migrated, int Failed) Counts(Run run) =>
        (
            run.Json.GetProperty("total").GetInt32(),
            run.Json.GetProperty("migrated").GetInt32(),
            run.Json.GetProperty("failed").GetInt32()
        );

    private Task<object?> TableAsync(string columns = "") =>
        OwnerAsync(
            $"""
            CREATE SCHEMA {_schema};
            CREATE TABLE {Table} (
              id text PRIMARY KEY, filename text NOT NULL, content text, embeddings jsonb, category text,
              is_active boolean DEFAULT true, created_at timestamptz DEFAULT now(){columns})
            """
        );

    private async Task RowsAsync(int count)
    {
        var texts = Enumerable
            .Range(1, count)
            .Select(i => $"This is the text number {i} of an older system.")
            .ToArray();
        await using var insert = chancery.Owner.CreateCommand(
            $"""
            INSERT INTO {Table} (id, filename, content, embeddings)
            SELECT 'row-' || n, 'file-' || n || '.txt', t, e::jsonb
            FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS r(t, e, n)
            """
        );
        insert.Parameters.Add(new NpgsqlParameter { Value = texts });
        insert.Parameters.Add(new NpgsqlParameter { Value = texts.Select(ArrayOf).ToArray() });
        await insert.ExecuteNonQueryAsync(Cancel);
    }

    private async Task RowAsync(
        string id,
        string text,
        string? embedding = null,
        string? file = null,
        string? category = null,
        bool isActive = true
    )
    {
        await using var insert = chancery.Owner.CreateCommand(
            $"""
            INSERT INTO {Table} (id, filename, content, embeddings, category, is_active)
            VALUES ($1, $2, $3, $4::jsonb, $5, $6)
            """
        );
        insert.Parameters.Add(new NpgsqlParameter { Value = id });
        insert.Parameters.Add(new NpgsqlParameter { Value = file ?? id });
        insert.Parameters.Add(new NpgsqlParameter { Value = text });
        insert.Parameters.Add(new NpgsqlParameter { Value = embedding ?? ArrayOf(text) });
        insert.Parameters.Add(new NpgsqlParameter { Value = (object?)category ?? DBNull.Value });
        insert.Parameters.Add(new NpgsqlParameter { Value = isActive });
        await insert.ExecuteNonQueryAsync(Cancel);
    }

    private float[] Embed(string text) => HashedWords.Embed(text, Dimensions);

    private string ArrayOf(string text) => JsonSerializer.Serialize(Embed(text));

    private string WithFirst(string number) =>
        $"[{number}, {string.Join(", ", Enumerable.Repeat("0.1", Dimensions - 1))}]";

    private async Task<object?> OwnerAsync(string sql)
    {
        await using var command = chancery.Owner.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancel);
    }

    private string[] Arguments(TestUser user, params string[] more) =>
        [
            "import",
            "jsonb",
            "--organization",
            $"{user.TenantId}",
            "--data",
            chancery.Storage.DataDirectory,
            "--model",
            "scripted",
            .. more.Contains("--table") ? Array.Empty<string>() : ["--table", Table],
            .. more.Contains("--dimensions")
                ? Array.Empty<string>()
                : ["--dimensions", Dimensions.ToString(CultureInfo.InvariantCulture)],
            .. more,
        ];

    private Dictionary<string, string?> Environment() =>
        new()
        {
            ["DATABASE_URL"] = chancery.OwnerConnectionString,
            ["IMPORT_DATABASE_URL"] = chancery.OwnerConnectionString,
            ["CHANCERY_MASTER_KEY"] = Key,
        };

    private Task<Run> ImportAsync(TestUser user, params string[] more) =>
        ChanceryProgram.RunAsync(Arguments(user, more), Environment(), folder: _root);

    private Task<Run> UndoAsync(TestUser user, params string[] more) =>
        ProgramAsync(["import", "undo", "--organization", $"{user.TenantId}", .. more]);

    private Task<Run> ProgramAsync(params string[] arguments) =>
        ChanceryProgram.RunAsync(
            [.. arguments, "--data", chancery.Storage.DataDirectory],
            Environment(),
            folder: _root
        );
}
