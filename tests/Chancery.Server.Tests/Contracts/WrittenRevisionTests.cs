using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Chancery.Testing.Models;
using static Chancery.Server.Tests.Contracts.ContractApi;

namespace Chancery.Server.Tests.Contracts;

/// <summary>Changes of contracts by a model: edits of clauses, never a new text, and what becomes of them beside other people's.</summary>
public sealed class WrittenRevisionTests(ContractModelFixture chancery) : IClassFixture<ContractModelFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_not_asked_for_stays_byte_for_byte()
    {
        const string wish = "Make the second clause stricter";
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        chancery.Scripts[wish] = _ =>
            Edits(
                new
                {
                    op = "replace_text",
                    clause = "c2",
                    text = "Stricter.",
                }
            );

        var answer = await ReviseAsync(olga, draft.ContractId(), new { instruction = wish });

        var now = answer.GetProperty("revision");
        Assert.Equal("refined", now.GetProperty("revision").Text("source"));
        Assert.Equal("contract-revision@1", now.GetProperty("revision").Text("prompt_version"));
        var clauses = now.Clauses();
        Assert.Equal("Stricter.", clauses[1].Text("source"));
        Assert.Equal(Sources(draft).Where((_, place) => place != 1), Sources(now).Where((_, place) => place != 1));
        // Where the words are still the old ones, so is what they were built on.
        Assert.Equal(
            draft.Clauses()[0].GetProperty("built_on").GetRawText(),
            clauses[0].GetProperty("built_on").GetRawText()
        );
    }

    [Fact]
    public async Task An_edit_outside_the_selected_clauses_is_sent_back_and_then_refused()
    {
        const string wish = "Change the selected clause alone";
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        chancery.Scripts[wish] = _ => Edits(new { op = "delete", clause = "c3" });

        var problem = await ReviseAsync(
            olga,
            draft.ContractId(),
            new { instruction = wish, clauses = new[] { draft.Clauses()[1].Id() } },
            HttpStatusCode.BadGateway
        );

        Assert.EndsWith("draft-unusable", problem.Text("type"), StringComparison.Ordinal);
        Assert.Equal(2, chancery.RequestsOf(wish).Count);
        var now = await olga.GetAsync($"/api/v1/contracts/{draft.ContractId()}");
        Assert.Equal(1, now.GetProperty("revision").GetProperty("number").GetInt32());
    }

    [Fact]
    public async Task A_change_that_an_edit_overtook_is_merged_with_it()
    {
        const string wish = "Rewrite the first clause while somebody edits";
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var (asked, free) = (new TaskCompletionSource(), new TaskCompletionSource());
        chancery.Scripts[wish] = _ =>
        {
            asked.TrySetResult();
            return Edits(
                new
                {
                    op = "replace_text",
                    clause = "c1",
                    text = "By the model.",
                }
            ) with
            {
                Held = free.Task,
            };
        };

        var revising = ReviseAsync(olga, id, new { instruction = wish });
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await olga.EditAsync(id, 1, Replacing(draft.Spoken()[^1].Id(), "By a person."));
        free.SetResult();
        var answer = await revising;

        Assert.True(answer.GetProperty("merged").GetBoolean());
        var now = answer.GetProperty("revision");
        Assert.Equal(3, now.GetProperty("revision").GetProperty("number").GetInt32());
        Assert.Contains("By the model.", Sources(now));
        Assert.Contains("By a person.", Sources(now));
    }

    [Fact]
    public async Task A_proposal_is_accepted_clause_by_clause_and_what_is_not_named_stays_open()
    {
        const string wish = "Propose two changes and a title";
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var (first, second) = (draft.Clauses()[0].Id(), draft.Clauses()[1].Id());
        chancery.Scripts[wish] = _ =>
            Edits(
                new
                {
                    op = "replace_text",
                    clause = "c1",
                    text = "One is new.",
                },
                new
                {
                    op = "replace_text",
                    clause = "c2",
                    text = "Two is new.",
                },
                new
                {
                    op = "set_field",
                    field = "title",
                    value = "Renamed",
                }
            );

        var proposal = (await ReviseAsync(olga, id, new { instruction = wish, propose = true })).GetProperty(
            "proposal"
        );
        var path = $"/api/v1/contracts/{id}/proposals/{proposal.Id()}";
        var untouched = await olga.GetAsync($"/api/v1/contracts/{id}");
        await olga.PostAsync($"{path}/accept", new { clauses = new[] { first } }, HttpStatusCode.Created);
        await olga.PostAsync($"{path}/reject", new { clauses = new[] { second } });
        var again = await olga.PostAsync(
            $"{path}/accept",
            new { clauses = new[] { second } },
            HttpStatusCode.BadRequest
        );
        var half = await olga.GetAsync($"/api/v1/contracts/{id}");
        await olga.PostAsync($"{path}/accept", new { head = true }, HttpStatusCode.Created);
        var whole = await olga.GetAsync($"/api/v1/contracts/{id}");

        Assert.Equal(Sources(draft), Sources(untouched));
        Assert.Equal("One is new.", half.Clauses()[0].Text("source"));
        Assert.Equal(draft.Clauses()[1].Text("source"), half.Clauses()[1].Text("source"));
        Assert.Contains("nobody has decided on yet", again.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("Renamed", whole.Text("title"));
        Assert.Equal("accepted", whole.GetProperty("revision").Text("source"));
        Assert.Equal(wish, whole.GetProperty("revision").Text("instruction"));
    }

    [Fact]
    public async Task Two_editors_and_a_model_at_once_lose_nothing_and_make_one_linear_history()
    {
        // 334 makes a thousand of them, which takes minutes.
        var each = int.Parse(
            Environment.GetEnvironmentVariable("CHANCERY_TEST_EDITS_EACH") ?? "40",
            CultureInfo.InvariantCulture
        );
        const string wish = "Let the model write turn";
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var clauses = draft.Spoken();
        var place = Array.FindIndex(draft.Clauses(), clause => clause.Id() == clauses[2].Id()) + 1;
        var turn = 0;
        chancery.Scripts[wish] = _ =>
            Edits(
                new
                {
                    op = "replace_text",
                    clause = $"c{place}",
                    text = $"Model {Interlocked.Increment(ref turn)}.",
                }
            );
        var stored = new ConcurrentBag<int>();

        await Task.WhenAll(
            EditingAsync(olga, clauses[0].Id(), "Olga"),
            EditingAsync(eddie, clauses[1].Id(), "Eddie"),
            AskingAsync()
        );

        var numbers = new List<int>();
        var cursor = "";
        do
        {
            var page = await olga.GetAsync($"/api/v1/contracts/{id}/revisions?limit=50{cursor}");
            numbers.AddRange(page.Items().Select(revision => revision.GetProperty("number").GetInt32()));
            cursor =
                page.TryGetProperty("next_cursor", out var next) && next.ValueKind == JsonValueKind.String
                    ? $"&cursor={next.GetString()}"
                    : "";
        } while (cursor.Length > 0);

        Assert.Equal(Enumerable.Range(1, (3 * each) + 1).Reverse(), numbers);
        Assert.Equal(Enumerable.Range(2, 3 * each), stored.Order());
        var now = (await olga.GetAsync($"/api/v1/contracts/{id}")).Clauses().ToDictionary(clause => clause.Id());
        Assert.Equal($"Olga {each}.", now[clauses[0].Id()].Text("source"));
        Assert.Equal($"Eddie {each}.", now[clauses[1].Id()].Text("source"));
        Assert.Equal($"Model {each}.", now[clauses[2].Id()].Text("source"));
        // Each revision differs from the one before it in exactly one clause: nobody's words were taken back on the way.
        for (var number = 2; number <= (3 * each) + 1; number++)
        {
            var diff = await olga.GetAsync($"/api/v1/contracts/{id}/diff?from={number - 1}&to={number}");
            Assert.Equal(1, diff.GetProperty("difference").GetProperty("changed").GetInt32());
        }

        async Task EditingAsync(TestUser user, Guid clause, string name)
        {
            var seen = 1;
            for (var i = 1; i <= each; i++)
            {
                var answer = await user.EditAsync(id, seen, Replacing(clause, $"{name} {i}."));
                seen = NumberOf(answer);
                stored.Add(seen);
            }
        }

        async Task AskingAsync()
        {
            for (var i = 1; i <= each; i++)
            {
                stored.Add(NumberOf(await ReviseAsync(olga, id, new { instruction = wish })));
            }
        }
    }

    private static int NumberOf(JsonElement answer) =>
        answer.GetProperty("revision").GetProperty("revision").GetProperty("number").GetInt32();

    private static string[] Sources(JsonElement view) => [.. view.Clauses().Select(clause => clause.Text("source"))];

    private static ScriptedReply Edits(params object[] edits) =>
        new(
            JsonSerializer.Serialize(
                new
                {
                    edits,
                    note = "As asked.",
                    sources = Array.Empty<int>(),
                }
            )
        );

    private static Task<JsonElement> ReviseAsync(
        TestUser user,
        Guid contract,
        object body,
        HttpStatusCode expected = HttpStatusCode.Created
    ) => user.PostAsync($"/api/v1/contracts/{contract}/revisions", body, expected);
}
