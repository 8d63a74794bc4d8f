using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;

namespace Chancery.Server.Tests.Contracts;

/// <summary>What people say of a contract: rules of their playbooks, and comments.</summary>
public sealed class ReviewTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_finding_of_a_playbook_goes_when_its_proposed_edit_is_made()
    {
        var olga = await chancery.SignUpAsync();
        var id = (await olga.DraftAsync()).ContractId();
        var playbook = await olga.PostAsync(
            "/api/v1/playbooks",
            new
            {
                name = "House rules",
                rules = new object[]
                {
                    new
                    {
                        kind = "governing_law_one_of",
                        id = "law",
                        laws = new[] { "Austria" },
                        severity = "error",
                        explanation = "Our counsel is there.",
                    },
                },
            },
            HttpStatusCode.Created
        );

        var before = await FindingsAsync(olga, id, playbook.Id());
        var finding = before.Single(one => one.GetProperty("finding").Text("rule") == "law").GetProperty("finding");
        Assert.Equal("error", finding.Text("severity"));
        var edits = finding.GetProperty("proposed_edits").EnumerateArray().ToArray();
        Assert.NotEmpty(edits);
        foreach (var edit in edits)
        {
            await olga.EditAsync(id, 1, edit);
        }

        Assert.DoesNotContain(
            await FindingsAsync(olga, id, playbook.Id()),
            one => one.GetProperty("finding").Text("rule") == "law"
        );
    }

    [Theory]
    [InlineData("""{"kind":"nonsense","id":"x"}""")]
    [InlineData("""{"kind":"text_required","id":"x","text":"(","is_regex":true}""")]
    [InlineData("""{"id":"x"}""")]
    public async Task A_rule_that_cannot_be_is_refused(string rule)
    {
        var olga = await chancery.SignUpAsync();

        await olga.PostAsync(
            "/api/v1/playbooks",
            new { name = "Broken", rules = new[] { JsonSerializer.Deserialize<JsonElement>(rule) } },
            HttpStatusCode.BadRequest
        );

        Assert.Empty((await olga.GetAsync("/api/v1/playbooks")).Items());
    }

    [Fact]
    public async Task A_thread_is_answered_settled_and_changed_by_its_author_alone()
    {
        var olga = await chancery.SignUpAsync();
        var eddie = await chancery.InviteAsync(olga, "editor");
        var draft = await olga.DraftAsync();
        var path = $"/api/v1/contracts/{draft.ContractId()}/comments";
        var clause = draft.Spoken()[0].Id();

        var question = await olga.PostAsync(
            path,
            new
            {
                text = "Is this ours?",
                clause_id = clause,
                mentions = new[] { eddie.UserId },
            },
            HttpStatusCode.Created
        );
        var answer = await eddie.PostAsync(
            path,
            new { text = "It is.", reply_to = question.Id() },
            HttpStatusCode.Created
        );
        await ChangeAsync(eddie, question, new { text = "Never asked." }, HttpStatusCode.NotFound);
        var settled = await ChangeAsync(eddie, question, new { is_resolved = true }, HttpStatusCode.OK);
        var strayed = await olga.PostAsync(
            path,
            new { text = "Nowhere", clause_id = Guid.CreateVersion7() },
            HttpStatusCode.NotFound
        );

        Assert.Equal(question.Id(), answer.GetProperty("reply_to").GetGuid());
        Assert.Equal(JsonValueKind.String, settled.GetProperty("resolved_at").ValueKind);
        Assert.Contains("no such clause", strayed.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(
            ["Is this ours?", "It is."],
            (await olga.GetAsync(path)).Items().Select(comment => comment.Text("text"))
        );

        async Task<JsonElement> ChangeAsync(TestUser user, JsonElement comment, object body, HttpStatusCode expected)
        {
            using var response = await user.Http.PatchAsJsonAsync(
                $"{path}/{comment.Id()}",
                body,
                ChanceryFixture.Json,
                Cancel
            );
            return await KnowledgeApi.BodyAsync(response, expected);
        }
    }

    private static async Task<JsonElement[]> FindingsAsync(TestUser user, Guid id, Guid playbook) =>
        [
            .. (await user.GetAsync($"/api/v1/contracts/{id}/review?playbook={playbook}"))
                .GetProperty("findings")
                .EnumerateArray(),
        ];
}
