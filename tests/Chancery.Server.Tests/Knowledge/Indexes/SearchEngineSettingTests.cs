using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Text.Json;
using Chancery.Server.Commands;
using Chancery.Server.Commands.Doctor;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Knowledge.Search.Indexes;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge.Indexes;

/// <summary>What an operator sets, and sees.</summary>
public sealed class SearchEngineSettingTests(SearchEngineSettingTests.Fixture chancery)
    : IClassFixture<SearchEngineSettingTests.Fixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_operator_can_have_postgres_search()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# Set\n\nThe goosander dives.");
        chancery.Settings["SEARCH_ENGINE"] = "postgres";
        var replica = await chancery.StartReplicaAsync();
        chancery.Settings.Remove("SEARCH_ENGINE");

        var found = await IndexFixture.At(replica, user).SearchAsync("goosander");

        Assert.Equal("postgres", found.Text("engine"));
        Assert.Single(found.Results());
    }

    [Theory]
    [InlineData("SEARCH_ENGINE", "elsewhere")]
    [InlineData("SEARCH_INDEX_MEMORY", "-1")]
    [InlineData("SEARCH_BM25_K1", "-1")]
    [InlineData("SEARCH_BM25_B", "1.5")]
    [InlineData("SEARCH_RECALL_SAMPLE", "2")]
    public async Task A_setting_that_cannot_be_used_stops_the_start_and_is_named(string name, string value)
    {
        chancery.Settings[name] = value;
        try
        {
            var fault = await Assert.ThrowsAnyAsync<Exception>(() => chancery.StartReplicaAsync());
            Assert.Contains(name, fault.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            chancery.Settings.Remove(name);
        }
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("postgres")]
    public async Task The_constants_of_BM25_are_what_an_operator_says(string engine)
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# One\n\nThe smew.");
        await user.ReadyTextAsync("# Many\n\nSmew, smew, smew and smew.");
        await user.SearchAsync("smew");
        var id = (await user.GetAsync("/api/v1/queries")).Items()[0].Id();
        chancery.Settings["SEARCH_BM25_K1"] = "0";
        chancery.Settings["SEARCH_BM25_B"] = "0";
        var replica = await chancery.StartReplicaAsync();
        chancery.Settings.Remove("SEARCH_BM25_K1");
        chancery.Settings.Remove("SEARCH_BM25_B");

        var usual = await ScoresAsync(user);
        var flat = await ScoresAsync(IndexFixture.At(replica, user));

        Assert.True(usual[0] > usual[1] * 1.2, $"{usual[0]} {usual[1]}");
        // Without k1 a word counts once, however often it stands there and however long the passage is.
        Assert.Equal(flat[0], flat[1], 6);

        async Task<double[]> ScoresAsync(TestUser at)
        {
            var after = (
                await at.PostAsync($"/api/v1/queries/{id}/replay", new { mode = "lexical", engine })
            ).GetProperty("after");
            Assert.Equal(engine, after.Text("engine"));
            return [.. after.Results().Select(passage => passage.GetProperty("score").GetDouble())];
        }
    }

    [Fact]
    public async Task Searches_are_counted_and_timed_by_status_and_model()
    {
        var user = await chancery.SignUpAsync();
        var seen = new ConcurrentBag<(string Name, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == MeasuredPassageSearch.MeterName)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((of, _, tags, _) => seen.Add((of.Name, Written(tags))));
        listener.SetMeasurementEventCallback<long>((of, _, tags, _) => seen.Add((of.Name, Written(tags))));
        listener.Start();

        await user.SearchAsync("smew");

        const string labels = "status=success,model=scripted";
        Assert.Contains(("vector_search_duration_seconds", labels), seen);
        Assert.Contains(("vector_search_requests_total", labels), seen);

        static string Written(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
    }

    [Fact]
    public async Task The_operator_sees_what_indexes_take()
    {
        var user = await chancery.SignUpAsync();
        await user.ReadyTextAsync("# Seen\n\nThe pintail upends.");
        await user.SearchAsync("pintail");
        using var client = chancery.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Fixture.Token);

        var told = JsonSerializer
            .Deserialize<JsonElement>(await client.GetStringAsync("/health/advanced", Cancel))
            .GetProperty("search_indexes");

        Assert.True(told.GetProperty("loaded").GetInt32() >= 1, $"{told}");
        Assert.True(told.GetProperty("passages").GetInt64() >= 1, $"{told}");
        Assert.True(told.GetProperty("bytes").GetInt64() > 0, $"{told}");
        Assert.True(told.GetProperty("rebuilds").GetInt64() >= 1, $"{told}");
        Assert.Equal(IndexFixture.Patient.MemoryBytes, told.GetProperty("budget_bytes").GetInt64());
    }

    [Fact]
    public async Task The_doctor_tells_where_index_files_are_and_who_may_read_them()
    {
        var data = Directory.CreateTempSubdirectory("chancery-doctor-").FullName;
        var before = await FindingAsync();
        var directory = Directory.CreateDirectory(IndexSnapshots.DirectoryIn(data)).FullName;
        await File.WriteAllTextAsync(Path.Combine(directory, $"{Guid.CreateVersion7()}.index"), "index", Cancel);
        File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var closed = await FindingAsync();
        File.SetUnixFileMode(directory, File.GetUnixFileMode(directory) | UnixFileMode.OtherRead);
        var open = await FindingAsync();
        Directory.Delete(data, recursive: true);

        Assert.Contains("none in", before.Found, StringComparison.Ordinal);
        Assert.Equal(Verdict.Good, closed.Verdict);
        Assert.StartsWith("1 files", closed.Found, StringComparison.Ordinal);
        Assert.Equal(Verdict.Weak, open.Verdict);

        async Task<Finding> FindingAsync() =>
            (await DoctorCommand.ExamineAsync(data, 0, Cancel)).Single(finding => finding.Subject == "search indexes");
    }

    public sealed class Fixture : IndexFixture
    {
        public const string Token = "a-token-of-the-operators";

        public Fixture() => Settings["OPERATOR_TOKEN"] = Token;
    }
}
