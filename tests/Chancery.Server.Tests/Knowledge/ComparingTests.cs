using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using System.Text.Json;
using Chancery.Server.Knowledge.Comparing;
using Chancery.Testing;

namespace Chancery.Server.Tests.Knowledge;

[SuppressMessage("Security", "CA5394", Justification = "Random inputs of a test, from a fixed seed.")]
public sealed class ComparingTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Edits_lead_from_one_side_to_the_other_and_are_the_fewest_where_nothing_stands_once()
    {
        var random = new Random(7);
        for (var run = 0; run < 300; run++)
        {
            // Few kinds, each more than once or not at all on most sides: no anchors, so Myers alone decides.
            var old = Some(random, run % 40, kinds: 3);
            var now = Some(random, random.Next(40), kinds: 3);
            var edits = Edits.Between(old, now, new Effort(1_000_000), Cancel);

            Assert.Equal(now, Apply(old, now, edits));
            Assert.Equal(old.Length, edits.Sum(edit => edit.Same + edit.Removed));
            if (Anchors.Of(old, now).Count == 0)
            {
                Assert.Equal(LongestCommon(old, now), edits.Sum(edit => edit.Same));
            }
        }
    }

    [Fact]
    public void What_is_too_much_is_replaced_whole_and_said()
    {
        var random = new Random(11);
        var effort = new Effort(1_000);
        var (old, now) = (Some(random, 3_000, kinds: 50), Some(random, 3_000, kinds: 50));

        var edits = Edits.Between(old, now, effort, Cancel);

        Assert.True(effort.WasTooMuch);
        Assert.Equal(now, Apply(old, now, edits));
    }

    [Fact]
    public void A_text_made_to_lay_bare_one_place_after_the_other_ends_neither_the_stack_nor_patience()
    {
        // Each line stands twice until the one before it is found: 60,000 rounds, were they not counted.
        int[] Side(int own) => [.. Enumerable.Range(1, 60_000).SelectMany(k => new[] { k + 1, k, own + k })];
        var (old, now) = (Side(1_000_000), Side(2_000_000));
        var effort = new Effort(1_000_000);

        var edits = Edits.Between(old, now, effort, Cancel);

        Assert.Equal(old.Length, edits.Sum(edit => edit.Same + edit.Removed));
        Assert.Equal(now.Length, edits.Sum(edit => edit.Same + edit.Added));
        Assert.True(effort.WasTooMuch);
    }

    [Fact]
    public void Words_that_changed_are_marked_and_together_the_spans_are_the_line()
    {
        var (old, now) = WordMarks.Of(
            "The notice period is thirty days.",
            "The notice period is now ninety days, in writing.",
            Cancel
        );

        Assert.Equal("The notice period is thirty days.", string.Concat(old.Select(span => span.Text)));
        Assert.Equal("The notice period is now ninety days, in writing.", string.Concat(now.Select(span => span.Text)));
        Assert.Equal(["thirty"], old.Where(span => span.Changed).Select(span => span.Text));
        Assert.Equal(["now ninety", ", in writing"], now.Where(span => span.Changed).Select(span => span.Text));
    }

    [Fact]
    public void A_line_of_a_million_characters_is_cut_and_compared()
    {
        var old = TextUnits.Of(new string('x', 1_000_000), 1).ToList();
        var now = TextUnits.Of(new string('x', 999_999), 1).ToList();

        var part = TextComparison.Compare(old, now, context: 3, part: 1, Cancel);

        Assert.All(old, unit => Assert.InRange(unit.Text.Length, 1, 2_000));
        Assert.Equal((499, 1, 1), (part.Counts.Same, part.Counts.Removed, part.Counts.Added));
    }

    [Fact]
    public async Task Two_versions_are_compared_line_by_line_with_the_words_that_changed()
    {
        var user = await chancery.SignUpAsync();
        var lines = Enumerable.Range(1, 30).Select(i => $"Clause {i} stays what it has always been.").ToArray();
        var id = (await user.ReadyTextAsync("# Terms\n\n" + string.Join("\n\n", lines), "terms.md")).Id();
        lines[14] = "Clause 15 stays what nobody expected.";
        var changed = lines.Append("A last clause that is new.");
        await user.ReplaceAsync(id, Utf8("# Terms\n\n" + string.Join("\n\n", changed)), "terms.md");
        await user.SettledAsync(id);

        var diff = await user.GetAsync($"/api/v1/docs/{id}/versions/1/diff/2?context=2");
        var back = await user.GetAsync($"/api/v1/docs/{id}/versions/2/diff/1");
        var same = await user.GetAsync($"/api/v1/docs/{id}/versions/2/diff/2");

        var rows = diff.GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal(
            ["gap", "same", "same", "changed", "same", "same", "gap", "same", "same", "added"],
            rows.Select(row => row.Text("kind"))
        );
        Assert.Equal(["it has always been"], Marked(rows[3].GetProperty("old")));
        Assert.Equal(["nobody expected"], Marked(rows[3].GetProperty("now")));
        Assert.Equal(1, rows[3].GetProperty("now").GetProperty("page").GetInt32());
        Assert.Equal(1, diff.GetProperty("counts").GetProperty("changed").GetInt32());
        Assert.True(diff.GetProperty("counts").GetProperty("exact").GetBoolean());
        Assert.Equal(1, back.GetProperty("counts").GetProperty("removed").GetInt32());
        Assert.Empty(same.GetProperty("rows").EnumerateArray());
        Assert.Equal(1, same.GetProperty("parts").GetInt32());
    }

    [Fact]
    public async Task A_long_comparison_comes_in_parts()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyTextAsync(Lines("old"), "long.txt")).Id();
        await user.ReplaceAsync(id, Utf8(Lines("new")), "long.txt");
        await user.SettledAsync(id);

        var rows = new List<JsonElement>();
        var parts = 1;
        for (var part = 1; part <= parts; part++)
        {
            var answer = await user.GetAsync($"/api/v1/docs/{id}/versions/1/diff/2?part={part}");
            parts = answer.GetProperty("parts").GetInt32();
            rows.AddRange(answer.GetProperty("rows").EnumerateArray());
        }

        Assert.InRange(parts, 2, 10);
        // A line that two pages share counts as two.
        Assert.InRange(rows.Count(row => row.Text("kind") == "removed"), 700, 710);
        Assert.InRange(rows.Count(row => row.Text("kind") == "added"), 700, 710);
        var beyond = await user.GetAsync($"/api/v1/docs/{id}/versions/1/diff/2?part={parts + 1}");
        Assert.Empty(beyond.GetProperty("rows").EnumerateArray());

        static string Lines(string word) =>
            string.Join('\n', Enumerable.Range(0, 700).Select(i => $"{word}{i} {word}{i * 7} {word}{i * 13}"));
    }

    [Fact]
    public async Task What_has_no_text_yet_cannot_be_compared_and_what_is_not_there_is_not_found()
    {
        var user = await chancery.SignUpAsync();
        var id = (await user.ReadyTextAsync("# One\n\nText.")).Id();
        using var form = KnowledgeApi.Form(Utf8("# Two\n\nText."), "two.md", ("process", "false"));
        await KnowledgeApi.BodyAsync(
            await user.Http.PutAsync($"/api/v1/docs/{id}", form, Cancel),
            HttpStatusCode.Accepted
        );

        var unread = await user.GetAsync($"/api/v1/docs/{id}/versions/1/diff/2", HttpStatusCode.Conflict);
        await user.GetAsync($"/api/v1/docs/{id}/versions/1/diff/3", HttpStatusCode.NotFound);
        await user.GetAsync($"/api/v1/docs/{id}/versions/1/diff/1?part=0", HttpStatusCode.BadRequest);
        var stranger = await chancery.SignUpAsync();
        await stranger.GetAsync($"/api/v1/docs/{id}/versions/1/diff/1", HttpStatusCode.NotFound);

        Assert.Equal("not-read", unread.Text("code"));
        Assert.Contains("version 2", unread.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_of_a_time_the_version_is_told_that_was_the_current_one()
    {
        var user = await chancery.SignUpAsync();
        var before = TimeProvider.System.GetUtcNow();
        var id = (await user.ReadyTextAsync("# One\n\nThe first.")).Id();
        var between = TimeProvider.System.GetUtcNow();
        await user.ReplaceAsync(id, Utf8("# Two\n\nThe second."), "two.md");
        await user.SettledAsync(id);
        var versions = (await user.GetAsync($"/api/v1/docs/{id}/versions")).Items();

        Assert.Equal(2, await VersionAtAsync(""));
        Assert.Equal(1, await VersionAtAsync($"?as_of={Uri.EscapeDataString(between.ToString("O"))}"));
        Assert.Equal(2, await VersionAtAsync("?as_of=2999-01-01T00:00:00%2B02:00"));
        Assert.All(
            versions,
            version => Assert.NotEqual(default, version.GetProperty("current_from").GetDateTimeOffset())
        );
        var address = $"/api/v1/docs/{id}/versions/current";
        await user.GetAsync($"{address}?as_of={Uri.EscapeDataString(before.ToString("O"))}", HttpStatusCode.NotFound);
        await user.GetAsync($"{address}?as_of=yesterday", HttpStatusCode.BadRequest);

        async Task<int> VersionAtAsync(string query) =>
            (await user.GetAsync($"/api/v1/docs/{id}/versions/current{query}")).GetProperty("version").GetInt32();
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string[] Marked(JsonElement line) =>
        [
            .. line.GetProperty("spans")
                .EnumerateArray()
                .Where(span => span.GetProperty("changed").GetBoolean())
                .Select(span => span.Text("text")),
        ];

    private static int[] Some(Random random, int length, int kinds) =>
        [.. Enumerable.Range(0, length).Select(_ => random.Next(kinds))];

    private static int[] Apply(int[] old, int[] now, List<Edit> edits)
    {
        var made = new List<int>();
        var (i, j) = (0, 0);
        foreach (var edit in edits)
        {
            made.AddRange(old[i..(i + edit.Same)]);
            (i, j) = (i + edit.Same + edit.Removed, j + edit.Same);
            made.AddRange(now[j..(j + edit.Added)]);
            j += edit.Added;
        }

        return [.. made];
    }

    private static int LongestCommon(int[] old, int[] now)
    {
        var best = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
            {
                best[i, j] = old[i] == now[j] ? best[i + 1, j + 1] + 1 : Math.Max(best[i + 1, j], best[i, j + 1]);
            }
        }

        return best[0, 0];
    }
}
