using System.Security.Cryptography;
using System.Text;
using Chancery.Search.Engine;
using Chancery.Search.Engine.Snapshots;
using Chancery.Search.Languages;

namespace Chancery.Search.Tests.Engine;

public sealed class SnapshotTests : IDisposable
{
    private static readonly SearchIndexOptions Options = new()
    {
        Dimensions = 8,
        Owner = Made.Id(5),
        Stamp = "model",
    };

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("chancery-snapshot-");

    private string At => Path.Combine(_directory.FullName, "tenant.index");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void An_index_comes_back_as_it_was_and_goes_on()
    {
        var index = Filled();
        index.Save(At, Made.Cancel);

        var opened = Opened();

        Assert.Equal(index.Revision, opened.Revision);
        Assert.Equal(index.Statistics with { Bytes = 0 }, opened.Statistics with { Bytes = 0 });
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(At));
        foreach (var each in new[] { index, opened })
        {
            each.Change(
                new IndexChanges(Made.Revision(9))
                {
                    RemovedPassages = [Made.Id(4), Made.Id(5)],
                    Passages = [Made.Passage(6, "rent and a new roof")],
                }
            );
            each.Tidy(everything: true);
        }

        var request = new SearchRequest
        {
            Text = "rent roof",
            Vector = Made.Vector(new Random(1), 8),
            Limit = 50,
        };
        Assert.Equal(
            index.Search(request).Hits.Select(hit => (hit.PassageId, hit.Score)),
            opened.Search(request).Hits.Select(hit => (hit.PassageId, hit.Score))
        );
    }

    [Fact]
    public void An_empty_index_comes_back_empty()
    {
        new SearchIndex(Options).Save(At, Made.Cancel);

        Assert.Equal(0, Opened().Statistics.Passages);
        Assert.Empty(Opened().Search(new SearchRequest { Text = "rent", Vector = new float[8] }).Hits);
    }

    [Fact]
    public void A_snapshot_is_replaced_while_the_one_before_is_in_use()
    {
        Filled().Save(At, Made.Cancel);
        var before = Opened();

        new SearchIndex(Options).Save(At, Made.Cancel);

        Assert.NotEmpty(before.Search(new SearchRequest { Text = "rent" }).Hits);
        Assert.Equal(0, Opened().Statistics.Passages);
        Assert.Equal([At], Directory.GetFiles(_directory.FullName));
    }

    [Fact]
    public void Every_end_that_a_write_can_have_is_noticed()
    {
        Filled().Save(At, Made.Cancel);
        var whole = File.ReadAllBytes(At);
        for (var length = 0; length < whole.Length; length += length < 600 ? 7 : 997)
        {
            File.WriteAllBytes(At, whole[..length]);
            Assert.True(
                Refusal() is SnapshotRefusal.Torn or SnapshotRefusal.NotASnapshot or SnapshotRefusal.Damaged,
                $"{length} bytes: {Refusal()}"
            );
        }

        File.WriteAllBytes(At, [.. whole, 0]);
        Assert.Equal(SnapshotRefusal.Torn, Refusal());
    }

    [Fact]
    public void Every_changed_byte_that_means_something_is_noticed()
    {
        Filled().Save(At, Made.Cancel);
        var whole = File.ReadAllBytes(At);
        var unnoticed = 0;
        for (var place = 0; place < whole.Length; place += place < 300 ? 1 : 211)
        {
            whole[place] ^= 0x10;
            File.WriteAllBytes(At, whole);
            // Between columns there is nothing.
            unnoticed += SearchIndex.Open(At, Options, Made.Cancel) is SnapshotOpening.Opened ? 1 : 0;
            if (place < 300)
                Assert.IsType<SnapshotOpening.Refused>(SearchIndex.Open(At, Options, Made.Cancel));
            whole[place] ^= 0x10;
        }

        Assert.InRange(unnoticed, 0, 20);
        File.WriteAllBytes(At, whole);
        Assert.NotNull(Opened());
    }

    [Fact]
    public void What_is_missing_foreign_or_of_other_settings_is_refused_with_the_reason()
    {
        Assert.Equal(SnapshotRefusal.Missing, Refusal());
        Assert.Equal(SnapshotRefusal.Missing, Refusal(at: Path.Combine(At, "none", "there")));
        Assert.Equal(SnapshotRefusal.Unreadable, Refusal(at: _directory.FullName));
        File.WriteAllText(At, "This is a letter, and no index at all.");
        Assert.Equal(SnapshotRefusal.NotASnapshot, Refusal());

        Filled().Save(At, Made.Cancel);
        Assert.Equal(SnapshotRefusal.OtherOwner, Refusal(Options with { Owner = Made.Id(6) }));
        Assert.Equal(SnapshotRefusal.OtherSettings, Refusal(Options with { Stamp = "another model" }));
        Assert.Equal(SnapshotRefusal.OtherSettings, Refusal(Options with { Dimensions = 9 }));
        Assert.Equal(SnapshotRefusal.OtherSettings, Refusal(Options with { Weights = new(1, 1, 1) }));
        Assert.NotNull(Opened(Options with { Bm25 = new(2, 1), ExactScanRows = 3 }));

        var bytes = File.ReadAllBytes(At);
        bytes[8] = 99;
        File.WriteAllBytes(At, bytes);
        Assert.Equal(SnapshotRefusal.OtherVersion, Refusal());
    }

    [Fact]
    public void A_write_that_fails_or_is_cancelled_leaves_what_was_there()
    {
        Filled().Save(At, Made.Cancel);
        var before = File.ReadAllBytes(At);
        using var source = new CancellationTokenSource();
        source.Cancel();

        Assert.Throws<OperationCanceledException>(() => new SearchIndex(Options).Save(At, source.Token));
        Assert.Throws<DirectoryNotFoundException>(() => Filled().Save(Path.Combine(At + "x", "y"), Made.Cancel));

        Assert.Equal(before, File.ReadAllBytes(At));
        Assert.Equal([At], Directory.GetFiles(_directory.FullName));
    }

    [Fact]
    public void A_change_of_analysis_raises_its_version()
    {
        const string text = """
            The tenants' running costs, ISO-27001 § 12.3(b), foo_bar 1,000.5 U.S. naïve Straße 東京の天気 don't "quoted".
            Die Kündigungsfristen; l'accès aux données; los contratos; i contratti; os contratos; de contracten
            """;
        var tokens = string.Join(
            '\n',
            Enum.GetValues<Language>().SelectMany(language => TextAnalyzer.Analyze(text, language))
        );
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(tokens)))[..16];

        // Snapshots hold terms: when this differs, raise SnapshotHead.AnalysisVersion, and write the new pair here.
        Assert.Equal((2, "C012BF1EF2FD56E9"), (SnapshotHead.AnalysisVersion, hash));
    }

    private static SearchIndex Filled()
    {
        var random = new Random(6);
        var index = new SearchIndex(Options);
        for (var part = 0; part < 3; part++)
            index.Change(
                Made.Adding([.. Enumerable.Range(0, 60).Select(_ => Made.Passage(random, random.Next(200), 8))])
            );
        return index;
    }

    private SearchIndex Opened(SearchIndexOptions? options = null) =>
        Assert.IsType<SnapshotOpening.Opened>(SearchIndex.Open(At, options ?? Options, Made.Cancel)).Index;

    private SnapshotRefusal Refusal(SearchIndexOptions? options = null, string? at = null) =>
        Assert.IsType<SnapshotOpening.Refused>(SearchIndex.Open(at ?? At, options ?? Options, Made.Cancel)).Reason;
}
